"""Putting a notice into words, in the reader's language: subject, text and HTML.

Each kind has two templates: `emails/<kind>.subject.txt` and `emails/<kind>.txt`. The second is written once and
rendered twice, as text and as HTML: its layout and the macros `m` change, its sentences do not. The macros escape.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from secrets import token_hex
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
PLACE = f"place-{token_hex(16)}"  # where the signature of a reader's link goes


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


Words = tuple[str, str, str]  # subject, text, HTML


class Said:
    """What was said in one run of the job: ten thousand who are told the same in one language have it rendered once.

    What differs between them is the link that ends such mails: its place is filled for each.
    """

    MOST = 200  # mails of some 10 kB

    def __init__(self) -> None:
        self.known: dict[tuple[str, ...], Words] = {}

    def words(self, notice: Notice, reader: Reader) -> Mail:
        """The mail that says what the notice says."""
        if _is_personal(notice.kind):
            return put_into_words(notice, reader)
        _about, token = _ending(notice, reader)
        name = (notice.kind, reader.locale, f"{bool(token)} {bool(reader.id)}", _canonical(notice.data))
        if name not in self.known:
            if len(self.known) >= self.MOST:
                self.known.clear()
            self.known[name] = _words(notice, replace(reader, name="", email=""), PLACE if token else "")
        subject, text, html = self.known[name]
        if token:
            text, html = text.replace(PLACE, token), html.replace(PLACE, token)
        return _mail(notice, reader, (subject, text, html), token)


def put_into_words(notice: Notice, reader: Reader) -> Mail:
    """The mail that says what the notice says."""
    _about, token = _ending(notice, reader)
    return _mail(notice, reader, _words(notice, reader, token), token)


def _mail(notice: Notice, reader: Reader, words: Words, token: str) -> Mail:
    ends = _url(f"/u/{token}", reader) if token else ""
    return Mail(reader.email, reader.name, *words, message_id(notice), reader.locale, ends)


def _words(notice: Notice, reader: Reader, token: str) -> Words:
    with force_locale(CATALOGUES.get(reader.locale, "en")):
        words = _context(notice, reader, token)
        subject = words["subject"] = _subject(notice, words)
        text = _tidy(_render(notice.kind, "_layout.txt", "emails/_parts.txt", words))
        html = _render(notice.kind, "_layout.html", "macros/mail.html", words | {"preview": _preview(text)})
    return subject, text, html


def _canonical(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


@cache
def _is_personal(kind: str) -> bool:
    """Whether what is said differs from reader to reader beyond its values: a name, or a link that is signed."""
    template = TEMPLATES / f"{kind}.txt"
    return kind in SIGNED or kind == EVERY_DAY or not template.exists() or "reader" in template.read_text()


def preview(kind: str, data: dict[str, Any], locale: str) -> Mail:
    """The mail that a notice with these values would become, to be looked at before there is one."""
    return put_into_words(Notice(key=f"preview:{kind}", kind=kind, data=data), Reader(0, "", "", locale))


def subject_of(notice: Notice, reader: Reader) -> str:
    """The notice in one line; the language is the current one."""
    return _subject(notice, _context(notice, reader, _ending(notice, reader)[1]))


def _subject(notice: Notice, words: Mapping[str, Any]) -> str:
    return " ".join(render_template(f"emails/{notice.kind}.subject.txt", **words).split())


def message_id(notice: Notice) -> str:
    """The same for every sending of a notice, so that a mail program shows a second one as the same (P-11)."""
    _name, address = parseaddr(current_app.config["C2B"].mail_from)
    return f"<{hashlib.sha256(notice.key.encode()).hexdigest()[:32]}@{address.rpartition('@')[2] or 'localhost'}>"


def _render(kind: str, layout: str, parts: str, words: Mapping[str, Any]) -> str:
    macros = current_app.jinja_env.get_template(parts).module
    return render_template(f"emails/{kind}.txt", **words, m=macros, layout=f"emails/{layout}")


def _url(path: str, reader: Reader) -> str:
    """A page of ours in the reader's language."""
    base: str = current_app.config["C2B"].base_url
    return base + prefixed(path, reader.locale) if path.startswith("/") else path


def _context(notice: Notice, reader: Reader, token: str) -> dict[str, Any]:
    def url(path: str) -> str:
        return _url(path, reader)

    about, _token = _ending(notice, reader)
    outside = notice.kind.startswith("account_")  # whoever reads it may be unable to sign in
    words = {
        **notice.data,
        "reader": reader,
        "url": url,
        "topic": about,
        "unsubscribe_url": url(f"/u/{token}") if token else "",
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
    """What this mail is about, and what the link that ends such mails is signed with; nothing where none can."""
    topic = topic_of(notice.kind)
    if not reader.id or (notice.kind != EVERY_DAY and (topic is None or topic.always)):
        return "", ""
    about = EVERY_DAY if topic is None else topic.key
    token = tokens.sign(UNSUBSCRIBE, [reader.id, about], now=notice.created_at)
    return (topic.title if topic else ""), token


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
