"""A long list in pages, with the filters kept in the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request, url_for

from c2b.core.db import db

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
    return _page(db.session.execute(_window(statement, per)).all(), per)


def things_of(statement: Any, per: int = PER_PAGE) -> Page[Any]:
    """The same for a statement that selects one kind of record."""
    return _page(db.session.scalars(_window(statement, per)).all(), per)


def here(**changes: Any) -> str:
    """The address of this page with other filters; None leaves one out."""
    values = {**(request.view_args or {}), **request.args.to_dict(), **changes}
    return url_for(request.endpoint or "operators.home", **{k: v for k, v in values.items() if v is not None})


def asked(name: str, allowed: Sequence[str] | None = None, *, longest: int = 100) -> str:
    """A filter from the address, empty where it is missing or not among those allowed."""
    value = request.args.get(name, "").replace("\x00", "").strip()[:longest]
    return value if allowed is None or value in allowed else ""


def _window(statement: Any, per: int) -> Any:
    return statement.offset((page_number() - 1) * per).limit(per + 1)


def _page(rows: Sequence[T], per: int) -> Page[T]:
    number = page_number()
    return Page(
        rows[:per],
        number,
        here(page=number - 1 if number > 2 else None) if number > 1 else None,
        here(page=number + 1) if len(rows) > per else None,
    )
