"""What is known of a signed-in reader, kept for less than a second, and what is written for them on a page for many.

Whoever sent a form a moment ago is never answered from what is kept (pagecache.py), so that they see what they did.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import current_app
from markupsafe import escape
from sqlalchemy import BigInteger, bindparam, literal, select
from wtforms.fields.choices import Choice
from wtforms.widgets import Select

from c2b.accounts.queries import unread_of
from c2b.accounts.who import Person
from c2b.campaigns.models import Pledge
from c2b.campaigns.sharing import code_of
from c2b.campaigns.standing import Standing, standing_of
from c2b.campaigns.states import STANDING
from c2b.core.db import glance
from c2b.core.kept import Kept
from c2b.core.own import Hole

FRESH = 0.9  # seconds
MOST = 20_000  # readers
MOST_WORDS = 4 * 1024 * 1024  # bytes
Words = Kept[bytes]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for a page, with what it shows of them."""

    person: Person
    unread: int
    joined: frozenset[int]  # campaigns
    standing: Standing | None  # to the campaign of the page


def reader_of(person: Person, campaign_id: int | None) -> Reader:
    """What is known of this person, for a page about this campaign."""
    known: Kept[Any] = current_app.extensions["readers"]
    unread, joined = known.of(person.id, lambda: _frame_of(person.id))
    standing = None
    if campaign_id is not None:
        about = campaign_id
        standing = known.of((person.id, about), lambda: standing_of(about, person.id))
    return Reader(person, unread, joined, standing)


def _frame_of(user_id: int) -> tuple[int, frozenset[int]]:
    rows = glance(_about_one(), user_id=user_id)
    return next(row.n for row in rows if row.of), frozenset(row.n for row in rows if not row.of)


@cache
def _about_one() -> Any:
    user = bindparam("user_id", type_=BigInteger)
    joined = select(literal(0).label("of"), Pledge.campaign_id.label("n"))
    return joined.where(Pledge.shopper_id == user, Pledge.state.in_(STANDING)).union_all(
        select(literal(1), unread_of(user).scalar_subquery())
    )


def kind_of(reader: Reader) -> Any:
    """Whose page this reader sees; None where nobody else sees it."""
    if reader.standing is None:
        return ()
    return None if reader.standing.apart else reader.standing.kind


def written(reader: Reader, hole: Hole, words: Callable[[Hole, Any], bytes | None]) -> bytes | None:
    """What belongs into this hole for this reader; None where it is not known, and the page is written for them."""
    make = TEXTS.get(hole.name)
    if make is not None:
        return make(reader, *hole.about)
    shows = SHOWN.get(hole.name)
    return words(hole, shows(reader)) if shows is not None else None


def initial(person: Any) -> str:
    """The letter that stands for a person."""
    return str(person.name or person.email)[:1].upper()


def _text(said: Any) -> bytes:
    return str(escape(said)).encode()


def _choices(things: Any) -> bytes:
    return "".join(
        Select.render_option(Choice(str(id_), words, False, None)) for id_, words in things
    ).encode()


TEXTS: dict[str, Callable[..., bytes]] = {
    "name": lambda reader: _text(reader.person.name or reader.person.email),
    "email": lambda reader: _text(reader.person.email),
    "initial": lambda reader: _text(initial(reader.person)),
    "hue": lambda reader: b"%d" % (reader.person.id % 5),
    "joined": lambda reader, id_, yes, no: (yes if id_ in reader.joined else no).encode(),
    "card": lambda reader: _choices(reader.standing.cards),
    "address": lambda reader: _choices(reader.standing.addresses),
    "code": lambda reader, id_: code_of(str(current_app.secret_key), id_, reader.person.id).encode(),
}
# What is said by words in the reader's language, by what it says: whoever is the first has them written.
SHOWN: dict[str, Callable[[Any], Any]] = {
    "bell": lambda reader: reader.unread,
    "brought": lambda reader: reader.standing.brought,
    "pledged": lambda reader: (reader.standing.quantity, reader.standing.ceiling),
}
