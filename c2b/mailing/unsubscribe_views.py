"""The link that ends mails, without signing in. Opening it changes nothing, as scanners of mail do that too."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from c2b.accounts import tokens
from c2b.accounts.models import User
from c2b.core.access import public
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.mailing.notification_views import chosen_ways
from c2b.mailing.preferences import choose_ways, unsubscribe, ways_of
from c2b.mailing.render import UNSUBSCRIBE
from c2b.mailing.topics import BY_KEY, EVERY_DAY, Way, topics_for

bp = Blueprint("unsubscribe", __name__)
AGE = timedelta(days=3650)  # an old mail must still be able to stop the new ones


@dataclass(frozen=True)
class Link:
    """Whose mails about what it ends."""

    user: User
    about: str

    @property
    def name(self) -> str:
        return BY_KEY[self.about].title if self.about in BY_KEY else _("The daily mail")


@bp.get("/u/<token>")
@public
def ask(token: str) -> ResponseReturnValue:
    """What the button does."""
    link = _read(token)
    return _page(token, link) if link else _unknown()


@bp.post("/u/<token>")
@public
def end(token: str) -> ResponseReturnValue:
    """End them at once, as the button of a mail program asks (RFC 8058); or undo that, or choose anew."""
    link = _read(token)
    if link is None:
        return _unknown()
    does = request.form.get("do", "")
    was: dict[str, Way] = {}
    with transaction():
        if does in ("undo", "choose"):
            topics = [topic for topic in topics_for(link.user.roles) if not topic.always]
            choose_ways(link.user.id, chosen_ways(topics), by=None, now=utcnow())
        else:
            was = unsubscribe(link.user.id, link.about, now=utcnow())
    return _page(token, link, done=does or "end", was=was)


def _page(token: str, link: Link, done: str = "", was: dict[str, Way] | None = None) -> ResponseReturnValue:
    page = render_template(
        "mailing/unsubscribe.html",
        token=token,
        asked=link,
        done=done,
        was=was or {},
        topics=[topic for topic in topics_for(link.user.roles) if not topic.always],
        ways=ways_of(link.user.id),
        choices=Way,
    )
    return page, 200, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def _unknown() -> ResponseReturnValue:
    return render_template("mailing/unsubscribe_unknown.html"), 404


def _read(token: str) -> Link | None:
    data = tokens.read(UNSUBSCRIBE, token, AGE, now=utcnow())
    if not isinstance(data, list) or len(data) != 2 or (data[1] not in BY_KEY and data[1] != EVERY_DAY):
        return None
    user = db.session.get(User, data[0])
    if user is None or user.erased_at is not None:
        return None
    return Link(user, data[1])
