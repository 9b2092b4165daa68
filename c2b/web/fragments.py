"""Pieces of pages that were written once: their key names everything that they show, so they are never out of date.

A piece never holds the token of a form: where one belongs, a mark stands, and each reader's own is written there.
"""

import secrets
from collections.abc import Callable, Hashable
from typing import Any

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import get_locale
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from c2b.campaigns.cards import CardView
from c2b.core.clock import utcnow
from c2b.core.kept import Kept
from c2b.core.own import keeping

MOST = 8 * 1024 * 1024  # characters in one process
MARK = f"mark-{secrets.token_hex(12)}"  # stands where a token goes; nobody can type it


def fragment(*key: Hashable, caller: Callable[[], Markup]) -> Markup:
    """What `caller` writes for this key in the reader's language, from now on without asking it again."""
    root = request.script_root if has_request_context() else ""
    pieces: Kept[Markup] = current_app.extensions["fragments"]
    return pieces.of((str(get_locale()), root, *key), lambda: _without_secret(caller()))


def _without_secret(html: Markup) -> Markup:
    token = g.get("csrf_token")
    if token and token in html:
        raise RuntimeError("a piece that others will see holds a reader's token")
    return html


def card_fragment(card: Any, first: bool, caller: Callable[[], Markup]) -> Markup:
    """One card; it is written anew when anything that it shows has changed, the words for its closing time too."""
    if not isinstance(card, CardView):
        return with_token(caller())
    marked = keeping() is not None  # what is the reader's own on it
    return with_token(fragment("card", card, first, is_signed_in(), marked, time_left(card), caller=caller))


def time_left(card: CardView) -> tuple[str, int]:
    """What the badge can say of the time that is left: it counts hours, and in the last one minutes."""
    if card.closes_at is None:
        return "", 0
    seconds = max(0, int((card.closes_at - utcnow()).total_seconds()))
    return ("h", seconds // 3600) if seconds >= 3600 else ("m", -1 if not seconds else seconds // 60)


def with_token(html: Markup) -> Markup:
    """The piece with this reader's token where the mark stands."""
    return html.replace(MARK, generate_csrf()) if MARK in html else html


def is_signed_in() -> bool:
    """Whether the reader has an account; for macros, which know of no page."""
    return bool(has_request_context() and current_user and current_user.is_authenticated)


def register(app: Flask) -> None:
    """Keep pieces, and give templates what they need for it."""
    app.extensions["fragments"] = Kept[Markup](MOST, weigh=len)
    app.jinja_env.globals.update(
        fragment=fragment, card_fragment=card_fragment, is_signed_in=is_signed_in, token_mark=MARK
    )
