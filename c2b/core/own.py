"""What is one reader's own on a page that others will see too: each such place is marked while the page is written.

A view says `keep_for_readers(...)` where its page may be kept for others who are signed in. From then on `own` writes a
mark around what it is given, by which the page is cut before anybody gets it (web/pagecache.py); everywhere else it
writes what it is given and nothing more.
"""

import json
import re
import secrets
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from flask import has_request_context, request
from markupsafe import Markup, escape

READER = "c2b.reader"  # in a request that may be kept for others: what its page's key begins with
KEEPING = "c2b.keeping"
_SIGN = f"own-{secrets.token_hex(12)}"  # nobody can type it
_MARK = Markup(f"<{_SIGN} {{}} {{}} {{}}>{{}}</{_SIGN}>")  # noqa: S704  # our own sign
MARKED = re.compile(
    rf"<{_SIGN} (?P<name>\w+) (?P<about>[0-9a-f]*) (?P<shows>[0-9a-f]*)>(?P<html>.*?)</{_SIGN}>".encode(),
    re.DOTALL,
)
ANY = _SIGN.encode()


class Hole(NamedTuple):
    """A place on a kept page: what belongs there, and about what."""

    name: str
    about: tuple[Any, ...] = ()


class Keeping(NamedTuple):
    """What a view said of the page that it writes: whom it is the same for, but for the marked places."""

    campaign_id: int | None  # what must be known of a reader, apart from who they are
    kind: Hashable


def may_be_kept() -> bool:
    """Whether somebody else might see the page of this request."""
    return has_request_context() and READER in request.environ


def keep_for_readers(campaign_id: int | None = None, kind: Hashable = ()) -> None:
    """The page is the same for all who have these roles and are of this kind, but for what is marked as their own."""
    if may_be_kept():
        request.environ[KEEPING] = Keeping(campaign_id, kind)


def keeping() -> Keeping | None:
    """What was said of the page that is being written; None where nobody else will see it."""
    return request.environ.get(KEEPING) if has_request_context() else None


def own(name: str, html: Any, *about: Any, shows: Any = None) -> Markup:
    """`html`, which is the reader's own.

    Others get in its place what belongs there for them: it is found by `name` and `about`. With `shows`, all that
    `html` says are those values, and it is kept for others of whom the same is true.
    """
    if keeping() is None:
        return escape(html)
    return _MARK.format(name, _packed(about), _packed(shows), html)


def own_words(name: str, shows: Any, *about: Any, caller: Callable[[], Any]) -> Markup:
    """In templates: a piece that says nothing but these values, for whoever they are true of."""
    return own(name, caller(), *about, shows=shows)


def own_mark(is_so: bool, about: Any, yes: str, no: str) -> Markup:
    """In templates: one word or the other on the card of a campaign, by whether the reader has joined it."""
    if keeping() is None:
        return escape(yes if is_so else no)
    return own("joined", yes if is_so else no, about.id, str(escape(yes)), str(escape(no)))


def _packed(values: Any) -> str:
    return "" if values is None else json.dumps(values).encode().hex()


def unpacked(found: bytes) -> Any:
    """What a mark says, as tuples."""
    return as_key(json.loads(bytes.fromhex(found.decode()))) if found else None


def as_key(values: Any) -> Any:
    """Lists as tuples, so that they can be a key."""
    return tuple(map(as_key, values)) if isinstance(values, list | tuple) else values
