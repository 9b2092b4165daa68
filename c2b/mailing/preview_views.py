"""Every mail in every language, for operators: how it looks, what it says as text, and a test to oneself."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from flask_login import current_user
from jinja2 import TemplateError

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.core.languages import CATALOGUES, LANGUAGES
from c2b.core.outbox import Notice, notify_many
from c2b.mailing.frame import framed
from c2b.mailing.mail import Mail
from c2b.mailing.render import Reader, kinds, put_into_words, subject_of
from c2b.mailing.samples import SAMPLES
from c2b.mailing.topics import TOPICS

bp = Blueprint("emails", __name__, url_prefix="/ops/emails")


@dataclass(frozen=True)
class Asked:
    """Which mail is looked at: its kind, in which language, with which of its samples."""

    kind: str
    language: str
    sample: int

    @property
    def data(self) -> dict[str, Any]:
        return SAMPLES[self.kind][self.sample]

    def address(self, **other: Any) -> str:
        """The page of this mail, with something changed."""
        return url_for(
            ".show", **{"kind": self.kind, "language": self.language, "sample": self.sample, **other}
        )


@bp.get("")
@requires(Role.OPERATOR)
def index() -> ResponseReturnValue:
    """All kinds of mail, by what they are about."""
    groups = [
        (topic.title, topic.always, [(kind, *_subject(kind)) for kind in sorted(topic.kinds & kinds())])
        for topic in TOPICS
    ]
    others = sorted(kinds() - {kind for topic in TOPICS for kind in topic.kinds})
    groups.append((_("Everything else"), False, [(kind, *_subject(kind)) for kind in others]))
    return render_template("mailing/emails.html", groups=groups, count=len(kinds()))


@bp.get("/<kind>")
@requires(Role.OPERATOR)
def show(kind: str) -> ResponseReturnValue:
    """One mail: the HTML in a frame of its own, the text, and what is missing if it cannot be written."""
    asked = _asked(kind)
    mail, missing = _written(asked)
    return render_template(
        "mailing/email.html",
        asked=asked,
        mail=mail,
        headers=_headers(mail) if mail else [],
        missing=missing,
        languages=[
            (name, asked.address(language=code), code == asked.language) for code, name in LANGUAGES.items()
        ],
        samples=[
            (
                _("Case %(number)s", number=number + 1),
                asked.address(sample=number),
                None,
                number == asked.sample,
            )
            for number in range(len(SAMPLES[kind]))
        ],
    )


@bp.get("/<kind>/html")
@requires(Role.OPERATOR)
def html(kind: str) -> ResponseReturnValue:
    """The HTML of a mail alone."""
    mail, _missing = _written(_asked(kind))
    if mail is None:
        raise NotFound
    return framed(mail.html)


@bp.post("/<kind>/test")
@requires(Role.OPERATOR)
def send_test(kind: str) -> ResponseReturnValue:
    """Send this mail, with its sample, to the operator who looks at it."""
    asked, now = _asked(kind), utcnow()
    key, data = f"test:{current_user.id}:{now.timestamp():.6f}", {**asked.data, "locale": asked.language}
    with transaction():
        notify_many(kind, [(None, key, data)], now=now, address=current_user.email)
    flash(_("A test is on its way to %(email)s.", email=current_user.email), "ok")
    return redirect(asked.address())


def _asked(kind: str) -> Asked:
    """What the address asks for; nonsense is the first language and the first sample."""
    if kind not in kinds() or not SAMPLES.get(kind):
        raise NotFound
    said = request.values.get("sample", "0")
    sample = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0
    mine = str(get_locale() or "en").replace("_", "-")
    language = request.values.get("language", mine)
    return Asked(kind, language if language in LANGUAGES else "en", min(sample, len(SAMPLES[kind]) - 1))


def _notice(kind: str, data: dict[str, Any]) -> Notice:
    now = utcnow()
    return Notice(id=0, key=f"{kind}:preview", kind=kind, user_id=None, data=data, created_at=now, due_at=now)


def _written(asked: Asked) -> tuple[Mail | None, str]:
    """The mail, or what a template needs and the sample lacks."""
    reader = Reader(current_user.id, current_user.email, current_user.name, asked.language)
    try:
        return put_into_words(_notice(asked.kind, asked.data), reader), ""
    except (TemplateError, KeyError) as problem:
        return None, str(problem)


def _headers(mail: Mail) -> list[tuple[str, str]]:
    """What stands above the mail, by the names that mail itself has for it."""
    to = f"{mail.name} <{mail.to}>" if mail.name else mail.to
    sender = current_app.config["C2B"].mail_from
    return [("From", sender), ("To", to), ("Subject", mail.subject), *mail.unsubscribing.items()]


def _subject(kind: str) -> tuple[str, bool]:
    """The subject with the first sample, and whether it could be written."""
    mine = str(get_locale() or "en").replace("_", "-")
    reader = Reader(current_user.id, current_user.email, current_user.name, mine)
    if not SAMPLES.get(kind):
        return _("There is no sample for this mail."), False
    try:
        with force_locale(CATALOGUES.get(mine, "en")):
            return subject_of(_notice(kind, SAMPLES[kind][0]), reader), True
    except (TemplateError, KeyError) as problem:
        return str(problem), False
