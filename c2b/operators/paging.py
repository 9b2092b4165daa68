"""A short list in numbered pages, for tables that a person only leafs through."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request

from c2b.core.db import db
from c2b.core.tables import here

T = TypeVar("T")
PER_PAGE = 50
LAST = 10_000  # further pages are nobody's wish


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the addresses of the pages before and after."""

    rows: Sequence[T]
    number: int
    prev_url: str | None
    next_url: str | None


def page_number() -> int:
    """Which page is asked for; nonsense is the first one."""
    asked = request.args.get("page", "1")
    return min(max(int(asked), 1), LAST) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


def rows_of(statement: Any, per: int = PER_PAGE) -> Page[Any]:
    """The rows of the page that is asked for, as the statement selects them."""
    number = page_number()
    rows = db.session.execute(statement.offset((number - 1) * per).limit(per + 1)).all()
    return Page(
        rows[:per],
        number,
        here(page=number - 1 if number > 2 else None) if number > 1 else None,
        here(page=number + 1) if len(rows) > per else None,
    )
