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
from c2b.core.languages import CATALOGUES
from c2b.core.outbox import Notice
from c2b.mailing.mail import Mail
from c2b.orders.telling import pay_path

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
    return Mail(reader.email, reader.name, subject, text, html, message_id(notice), reader.locale)


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
        return base + path if path.startswith("/") else path

    words = {**notice.data, "reader": reader, "url": url}
    if notice.kind in SIGNED:
        words["action_url"] = url(SIGNED[notice.kind](reader, notice.data, notice.created_at))
    return words


def _preview(text: str) -> str:
    """What a list of mails shows behind the subject: the first paragraph after the title."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return " ".join(paragraphs[1].split())[:140] if len(paragraphs) > 1 else ""


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def moment(written: str) -> datetime:
    """A filter: the time that a notice holds as text."""
    return datetime.fromisoformat(written)


def translated(sentence: str) -> str:
    """A filter: a sentence that a rule of ours wrote down, in the reader's language; a person's words as they are."""
    return str(translate(sentence)) if sentence else ""
