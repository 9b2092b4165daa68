"""Putting a notice into words, in the reader's language: subject, text and HTML.

Each kind has two templates: `emails/<kind>.subject.txt` and `emails/<kind>.txt`. The second is written once and
rendered twice, as text and as HTML: its layout and the macros `m` change, its sentences do not. The macros escape.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app, render_template
from flask_babel import force_locale
from flask_babel import gettext as translate

from c2b.accounts import tokens
from c2b.config import ROOT
from c2b.core.languages import CATALOGUES, prefixed
from c2b.core.outbox import Notice
from c2b.mailing.mail import Mail
from c2b.mailing.topics import EVERY_DAY, topic_of
from c2b.orders.telling import pay_path

UNSUBSCRIBE = "unsubscribe"  # what a link that ends mails is signed for
TEMPLATES = ROOT / "templates" / "emails"


@dataclass(frozen=True)
class Reader:
    """Whom a notice is for."""

    id: int
    email: str
    name: str
    locale: str


# Where the one button of a mail leads when the link must be signed. A row never holds such a link.
SIGNED: dict[str, Callable[[Reader, Mapping[str, Any], datetime], str]] = {
    "account_confirm": lambda reader, data, at: (
        "/confirm/" + tokens.sign(tokens.CONFIRM, [reader.id, data["bound"], data["back"]], now=at)
    ),
    "account_reset": lambda reader, data, at: (
        "/reset/" + tokens.sign(tokens.RESET, [reader.id, data["bound"], "/"], now=at)
    ),
    "card_failed": lambda _reader, data, at: pay_path(data["pledge"], at),
    "card_reminder": lambda _reader, data, at: pay_path(data["pledge"], at),
}


@cache
def kinds() -> frozenset[str]:
    """The kinds of notices for which there are words."""
    ending = ".subject.txt"
    return frozenset(Path(path).name.removesuffix(ending) for path in TEMPLATES.glob("*" + ending))


def put_into_words(notice: Notice, reader: Reader) -> Mail:
    """The mail that says what the notice says."""
    with force_locale(CATALOGUES.get(reader.locale, "en")):
        words = _context(notice, reader)
        subject = words["subject"] = subject_of(notice, reader)
        text = _tidy(_render(notice.kind, "_layout.txt", "emails/_parts.txt", words))
        html = _render(notice.kind, "_layout.html", "macros/mail.html", words | {"preview": _preview(text)})
    ends = words["unsubscribe_url"]
    return Mail(reader.email, reader.name, subject, text, html, message_id(notice), reader.locale, ends)


def preview(kind: str, data: dict[str, Any], locale: str) -> Mail:
    """The mail that a notice with these values would become, to be looked at before there is one."""
    return put_into_words(Notice(key=f"preview:{kind}", kind=kind, data=data), Reader(0, "", "", locale))


def subject_of(notice: Notice, reader: Reader) -> str:
    """The notice in one line; the language is the current one."""
    return " ".join(render_template(f"emails/{notice.kind}.subject.txt", **_context(notice, reader)).split())


def message_id(notice: Notice) -> str:
    """The same for every sending of a notice, so that a mail program shows a second one as the same (P-11)."""
    _name, address = parseaddr(current_app.config["C2B"].mail_from)
    return f"<{hashlib.sha256(notice.key.encode()).hexdigest()[:32]}@{address.rpartition('@')[2] or 'localhost'}>"


def _render(kind: str, layout: str, parts: str, words: Mapping[str, Any]) -> str:
    macros = current_app.jinja_env.get_template(parts).module
    return render_template(f"emails/{kind}.txt", **words, m=macros, layout=f"emails/{layout}")


def _context(notice: Notice, reader: Reader) -> dict[str, Any]:
    base = current_app.config["C2B"].base_url

    def url(path: str) -> str:
        """A page of ours in the reader's language."""
        return base + prefixed(path, reader.locale) if path.startswith("/") else path

    about, ends = _ending(notice, reader)
    outside = notice.kind.startswith("account_")  # whoever reads it may be unable to sign in
    words = {
        **notice.data,
        "reader": reader,
        "url": url,
        "topic": about,
        "unsubscribe_url": url(ends) if ends else "",
        "preferences_url": url("/me/notifications") if reader.id and not outside else "",
    }
    if notice.kind in SIGNED:
        words["action_url"] = url(SIGNED[notice.kind](reader, notice.data, notice.created_at))
    if notice.kind == EVERY_DAY:
        words["lines"] = [
            (line(item, reader), url(path_of(item)), item["at"]) for item in notice.data["items"]
        ]
    return words


def _ending(notice: Notice, reader: Reader) -> tuple[str, str]:
    """What this mail is about, and the path that ends mails about it; no path where they cannot be ended."""
    topic = topic_of(notice.kind)
    if not reader.id or (notice.kind != EVERY_DAY and (topic is None or topic.always)):
        return "", ""
    about = EVERY_DAY if topic is None else topic.key
    token = tokens.sign(UNSUBSCRIBE, [reader.id, about], now=notice.created_at)
    return (topic.title if topic else ""), f"/u/{token}"


def line(item: Mapping[str, Any], reader: Reader) -> str:
    """A notice that the daily mail holds, in one line."""
    words = {**item["data"], "reader": reader}
    return " ".join(render_template(f"emails/{item['kind']}.subject.txt", **words).split())


def path_of(item: Mapping[str, Any]) -> str:
    """Where a notice leads."""
    path = item["data"].get("path")
    return path if isinstance(path, str) and path.startswith("/") else "/me/notices"


def _preview(text: str) -> str:
    """What a list of mails shows behind the subject: the first thing that is said after the title."""
    said = [part for part in text.split("\n\n")[1:] if part.strip() and "http" not in part]
    return " · ".join(line.strip() for line in said[0].strip().splitlines())[:140] if said else ""


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def moment(written: str) -> datetime:
    """A filter: the time that a notice holds as text."""
    return datetime.fromisoformat(written)


def translated(sentence: str) -> str:
    """A filter: a sentence that a rule of ours wrote down, in the reader's language; a person's words as they are."""
    return str(translate(sentence)) if sentence else ""
