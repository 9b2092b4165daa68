"""A finished page, cut at what is one visitor's own: the token of its forms, and the key of a request to come."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from c2b.web.squeeze import as_it_is, joined, piece

REQUEST_KEY = re.compile(rb'<input[^>]*name="request_key"[^>]*value="([\w-]{22})"')
SECONDS = re.compile(
    rb'(data-now="[^"]{16})[^"]*"'
)  # a page that only counts seconds is the same for a minute
TOKEN, ONCE = 0, 1  # what a hole is filled with


@dataclass(frozen=True)
class Page:
    """The pieces between the holes, plain and compressed, with the headers that all visitors get."""

    pieces: tuple[bytes, ...]
    holes: tuple[int, ...]  # one less than pieces
    packed: tuple[bytes, ...]
    headers: tuple[tuple[str, str], ...]
    tag: str  # says what the pieces are
    seen: str  # the campaign that it shows, for the browser to remember

    @property
    def has_form(self) -> bool:
        """Whether a visitor needs a token."""
        return TOKEN in self.holes

    @property
    def weight(self) -> int:
        """How much room it takes, in bytes."""
        return sum(map(len, self.pieces)) + sum(map(len, self.packed))

    def tag_for(self, secret: str) -> str:
        """The mark by which a visitor with this secret may ask for the page again."""
        own = hashlib.sha256(secret.encode()).hexdigest()[:10] if self.has_form else ""
        return self.tag + own

    def fillings(self, token: str) -> list[bytes]:
        """What goes into the holes for one visitor: their token, and a key that was never used."""
        return [
            token.encode() if hole == TOKEN else secrets.token_urlsafe(16).encode() for hole in self.holes
        ]

    def body(self, own: Sequence[bytes], *, compressed: bool) -> bytes:
        """The page for one visitor."""
        if not own:
            return joined(self.packed, self.pieces[0]) if compressed else self.pieces[0]
        whole = b"".join(_between(self.pieces, own))
        return joined(_between(self.packed, [as_it_is(one) for one in own]), whole) if compressed else whole


def _between(pieces: Sequence[bytes], own: Sequence[bytes]) -> list[bytes]:
    every = [pieces[0]]
    for filling, after in zip(own, pieces[1:], strict=True):
        every += (filling, after)
    return every


def cut(
    body: bytes, token: str, *, level: int, headers: Iterable[tuple[str, str]] = (), seen: str = ""
) -> tuple[Page, list[bytes]]:
    """The page without what is one visitor's own, and what that was."""
    marks = {token.encode(): TOKEN} if token else {}
    if once := REQUEST_KEY.search(body):
        marks[once[1]] = ONCE
    found = re.split(b"(" + b"|".join(map(re.escape, marks)) + b")", body) if marks else [body]
    pieces, own = tuple(found[::2]), found[1::2]
    tag = hashlib.sha256(SECONDS.sub(rb"\1", b"\0".join(pieces))).hexdigest()[:20]
    holes = tuple(marks[one] for one in own)
    return Page(pieces, holes, tuple(piece(one, level) for one in pieces), tuple(headers), tag, seen), own
