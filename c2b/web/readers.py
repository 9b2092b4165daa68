"""What is known of a signed-in reader, kept for less than a second, and what is written for them on a page for many.

Whoever sent a form a moment ago is never answered from what is kept (pagecache.py), so that they see what they did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from markupsafe import escape
from wtforms.fields.choices import Choice
from wtforms.widgets import Select

from c2b.accounts.who import Person, person_of
from c2b.campaigns.combining import Combiner
from c2b.campaigns.sharing import code_of
from c2b.campaigns.standing import Known, Standing, look
from c2b.core.kept import Kept
from c2b.core.own import Hole

FRESH = 0.9  # seconds
MOST = 20_000  # readers
MOST_WORDS = 4 * 1024 * 1024  # bytes
Wanted = tuple[int, int | None]  # a person, and the campaign of the page


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for a page, with what it shows of them."""

    person: Person
    unread: int
    joined: frozenset[int]  # campaigns
    standing: Standing | None  # to the campaign of the page


class Readers:
    """Where the requests of signed-in readers meet: whoever asks at the same moment is looked up in one statement."""

    def __init__(self, app: Flask, seconds: float) -> None:
        self.kept: Kept[Known] = Kept(MOST, seconds)
        self.together = Combiner[Wanted, Known](lambda wanted, _more: _look(app, wanted))

    def reader_of(self, who: str, campaign_id: int | None) -> Reader | None:
        """Whom a session names, with what a page about this campaign shows of them; None where it has ended."""
        known: list[Known] = []

        def ask(user_id: int) -> Person | None:
            known.append(self.together.ask((user_id, campaign_id)))
            self.kept.put((user_id, campaign_id), known[0])
            return known[0].person

        person = person_of(who, ask)
        if person is None:
            return None
        if not known:
            about = (int(person.id), campaign_id)
            known.append(self.kept.of(about, lambda: self.together.ask(about)))
        return Reader(person, known[0].unread, known[0].joined, known[0].standing)


def _look(app: Flask, wanted: Sequence[Wanted]) -> list[Known]:
    with app.app_context():
        return look(wanted)


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
