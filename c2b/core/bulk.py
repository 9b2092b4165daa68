"""The same act on many chosen rows: each in a transaction of its own, each with its own result."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from flask import request

from c2b.core.db import transaction
from c2b.core.errors import NotFound, Refused
from c2b.core.text import gettext as _

MOST = 200  # rows at once
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Outcome:
    """What became of one row."""

    name: str
    done: bool
    words: str


def chosen() -> list[int]:
    """The rows that were ticked in the form, each once; what is no number of a row is passed over."""
    typed = dict.fromkeys(request.form.getlist("row"))
    numbers = [int(n) for n in typed if n.isascii() and n.isdigit() and len(n) < 20]
    return [n for n in numbers if n <= LARGEST][:MOST]


def one_by_one(
    rows: Iterable[int], act: Callable[[int], object], names: Mapping[int, str], done: str
) -> list[Outcome]:
    """Do `act` to each row; a refusal is that row's result and stops no other."""
    found = []
    for id_ in rows:
        name = names.get(id_, str(id_))
        try:
            with transaction():
                act(id_)
        except Refused as no:
            found.append(Outcome(name, False, str(no)))
        except NotFound:
            found.append(Outcome(name, False, _("This is not there any more.")))
        else:
            found.append(Outcome(name, True, done))
    return found
