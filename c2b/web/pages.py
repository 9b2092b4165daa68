"""A finished page, cut at what is one reader's own: marked places, the token of forms, the key of a request to come."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from c2b.core.own import MARKED, Hole, unpacked
from c2b.web.squeeze import as_it_is, joined, piece

REQUEST_KEY = re.compile(rb'<input[^>]*name="request_key"[^>]*value="([\w-]{22})"')
SECONDS = re.compile(
    rb'(data-now="[^"]{16})[^"]*"'
)  # a page that only counts seconds is the same for a minute
TOKEN, ONCE = Hole("token"), Hole("once")  # what is found without a mark
Fill = Callable[[Hole], bytes | None]
Words = dict[tuple[Any, ...], bytes]  # what stood in a hole, by what it says: (hole, what it shows)


@dataclass(frozen=True)
class Page:
    """The pieces between the holes, plain and compressed, with the headers that all readers get."""

    pieces: tuple[bytes, ...]
    holes: tuple[Hole, ...]  # one less than pieces
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

    def filled(self, fill: Fill) -> list[bytes] | None:
        """What goes into each hole; None where something is not known."""
        own = []
        for hole in self.holes:
            filling = fill(hole)
            if filling is None:
                return None
            own.append(filling)
        return own

    def body(self, own: Sequence[bytes], *, compressed: bool) -> bytes:
        """The page with these in its holes."""
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
) -> tuple[Page, list[bytes], Words]:
    """The page without what is one reader's own, what that was, and those of its words that others may share."""
    own: list[bytes] = []
    holes: list[Hole] = []
    pieces: list[bytes] = []
    words: Words = {}
    begun = 0
    for found in _pattern(body, token).finditer(body):
        hole = _hole(found)
        holes.append(hole)
        own.append(found["html"] if found["name"] else found[0])
        pieces.append(body[begun : found.start()])
        begun = found.end()
        if found["shows"]:
            if token and token.encode() in own[-1]:
                raise RuntimeError("words that others will see hold a reader's token")
            words[hole, unpacked(found["shows"])] = own[-1]
    pieces.append(body[begun:])
    tag = hashlib.sha256(SECONDS.sub(rb"\1", b"\0".join(pieces))).hexdigest()[:20]
    packed = tuple(piece(one, level) for one in pieces)
    return Page(tuple(pieces), tuple(holes), packed, tuple(headers), tag, seen), own, words


def _pattern(body: bytes, token: str) -> re.Pattern[bytes]:
    once = REQUEST_KEY.search(body)
    ways = [MARKED.pattern]
    ways += [b"(?P<token>" + re.escape(token.encode()) + b")"] if token else []
    ways += [b"(?P<once>" + re.escape(once[1]) + b")"] if once else []
    return re.compile(b"|".join(ways), re.DOTALL)


def _hole(found: re.Match[bytes]) -> Hole:
    if found["name"]:
        return Hole(found["name"].decode(), unpacked(found["about"]) or ())
    return TOKEN if found.lastgroup == "token" else ONCE
