"""Long tables: words, filters and order from the address, pages by key, and the same rows as a file.

    found = find(select(Campaign), SORTS, Campaign.id, search=(Campaign.title,))
    if found.as_file:
        return found.file("campaigns", [_("Title")], lambda rows: [[c.title] for c in rows])
    return render_template(…, table=found)

All of it is in the address, so that going back, a bookmark and a saved view show the same rows. A page begins after
the last row of the one before, not at a number, so that the thousandth costs what the first costs. A list with one
order, and nothing to search or to filter, is a `Listing`.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Response, current_app, request, stream_with_context, url_for
from flask_login import current_user
from sqlalchemy import and_, or_

from c2b.core import saved_views
from c2b.core.db import UtcDateTime, db
from c2b.core.forms import query_text
from c2b.core.sheets import written
from c2b.core.text import gettext as _

PER_PAGE = 50
PRINTED = 500  # rows of the view for paper
CHUNK = 500  # rows of a file that are read at once
LARGEST = 2**63 - 1
PLACE = ("after", "before", "page", "format")  # where one is in the table: left out when the filters change


class Sort(NamedTuple):
    """An order of a table: its name, and what it goes by, which is never NULL."""

    label: str
    by: Any
    down: bool = False


class Leaf(NamedTuple):
    """One page of a list, and the addresses of those before and after it."""

    rows: Sequence[Any]
    prev_url: str | None
    next_url: str | None


class Listing(NamedTuple):
    """A list with one order: by something that is never NULL, else by the key alone; the latest first."""

    statement: Any
    key: Any
    by: Any = None
    down: bool = True

    def page(self, per: int = PER_PAGE, at: str = "", **place: Any) -> Leaf:
        """The page that this request's address asks for; `at` is the list's page, where this request is for another."""
        address = partial(url_for, at, **place) if at else here
        return _leaf(self.statement, self._sort, self.key, per, address=address)

    def first(self, count: int) -> Sequence[Any]:
        """So many rows from the beginning."""
        return _read(self.statement, self._sort, self.key, None, count, named=False)[0]

    @property
    def _sort(self) -> Sort:
        return Sort("", self.key if self.by is None else self.by, self.down)


class Cursor(NamedTuple):
    """The row after which, or before which, a page begins."""

    value: Any
    id: int


@dataclass(frozen=True)
class Table:
    """Some rows, and the addresses of everything that can be done with them."""

    statement: Any
    sort: Sort
    key: Any
    rows: Sequence[Any]
    prev_url: str | None
    next_url: str | None
    sorts: list[tuple[str, str, bool]]
    words: str
    as_file: bool
    named: bool = False

    @property
    def csv_url(self) -> str:
        """All rows of these filters as a file."""
        return here(format="csv", print=None, dense=None)

    @property
    def dense(self) -> bool:
        """Whether the rows stand close together."""
        return request.args.get("dense") == "1"

    @property
    def printed(self) -> bool:
        """Whether this is the view for paper."""
        return request.args.get("print") == "1"

    @property
    def cls(self) -> str:
        """The classes of the page's body."""
        return " ".join(name for name, yes in (("t-dense", self.dense), ("t-paper", self.printed)) if yes)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form for other words keeps of the address."""
        return [(name, value) for name, value in _args().items() if name not in (*PLACE, "q")]

    @property
    def me(self) -> int:
        """The reader."""
        return int(current_user.id)

    @property
    def views(self) -> Sequence["saved_views.SavedView"]:
        """The views of this page that the reader keeps, or shares."""
        return saved_views.views_of(self.me, request.endpoint or "")

    def file(
        self, name: str, headings: Sequence[str], cells: Callable[[Sequence[Any]], Iterable[Sequence[Any]]]
    ) -> Response:
        """All rows as CSV, read and sent in parts; `cells` makes lines of the rows of one part."""

        def parts() -> Iterator[bytes]:
            yield written([headings])
            at: Cursor | None = None
            while True:
                rows, last, more = _read(self.statement, self.sort, self.key, at, CHUNK, self.named)
                yield written(cells(rows)).removeprefix(codecs.BOM_UTF8)
                if not more:
                    return
                at = last[1]

        return _csv(stream_with_context(parts()), name)


def find(
    statement: Any,
    sorts: Mapping[str, Sort],
    key: Any,
    *,
    search: Sequence[Any] = (),
    per: int = PER_PAGE,
    named: bool = False,
) -> Table:
    """The rows that are asked for; the first order is the one that holds when none is asked for.

    Rows are what the statement selects: one kind of record, or tuples; `named` ones keep the names of their columns.
    """
    words = query_text(request.args.get("q"))
    if words and search:
        like = f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        statement = statement.where(or_(*(column.ilike(like, escape="!") for column in search)))
    first = next(iter(sorts))
    chosen = asked("sort", list(sorts)) or first
    sort, as_file = sorts[chosen], request.args.get("format") == "csv"
    per = PRINTED if request.args.get("print") == "1" else per
    leaf = Leaf([], None, None) if as_file else _leaf(statement, sort, key, per, named=named, address=here)
    return Table(
        statement,
        sort,
        key,
        *leaf,
        [
            (_(s.label), here(sort=None if name == first else name), name == chosen)
            for name, s in sorts.items()
        ],
        words,
        as_file,
        named,
    )


def here(**changes: Any) -> str:
    """The address of this page with other filters, from its first row on; None leaves one out."""
    kept = {name: value for name, value in _args().items() if name not in PLACE}
    values = {**(request.view_args or {}), **kept, **changes}
    return url_for(str(request.endpoint), **{k: v for k, v in values.items() if v is not None})


def asked(name: str, allowed: Sequence[str] | None = None, *, longest: int = 100) -> str:
    """A filter from the address, empty where it is missing or not among those allowed."""
    value = query_text(request.args.get(name), longest)
    return value if allowed is None or value in allowed else ""


def download(rows: Iterable[Sequence[Any]], name: str) -> Response:
    """A short table as a file."""
    return _csv(written(rows), name)


def moment(at: datetime | None) -> str:
    """A moment in a cell: site time with its offset; empty for none."""
    zone = ZoneInfo(current_app.config["C2B"].time_zone)
    return at.astimezone(zone).isoformat(timespec="seconds") if at else ""


def _csv(content: Any, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


def _args() -> dict[str, str]:
    """The words after the question mark, without those that an address cannot be built with."""
    given = request.args.to_dict()
    return {k: v for k, v in given.items() if v and not k.startswith("_") and k not in ("endpoint", "self")}


def _leaf(
    statement: Any, sort: Sort, key: Any, per: int, *, named: bool = False, address: Callable[..., str]
) -> Leaf:
    """The page after the row, or before it, that the address names."""
    back = "before" in request.args and "after" not in request.args
    at = _cursor(request.args.get("before" if back else "after", ""), sort)
    back = back and at is not None
    rows, (begin, end), more = _read(statement, sort, key, at, per, named, back)
    return Leaf(
        rows,
        address(before=_written(begin)) if begin and (more if back else at is not None) else None,
        address(after=_written(end)) if end and (True if back else more) else None,
    )


def _read(
    statement: Any, sort: Sort, key: Any, at: Cursor | None, per: int, named: bool, back: bool = False
) -> tuple[list[Any], tuple[Cursor | None, Cursor | None], bool]:
    """So many rows from there on, or before; the cursors of the first and the last, and whether there are more."""
    down = sort.down != back
    if at is not None:
        beyond = sort.by < at.value if down else sort.by > at.value
        after = key < at.id if down else key > at.id
        statement = statement.where(or_(beyond, and_(sort.by == at.value, after)))
    order = (sort.by.desc(), key.desc()) if down else (sort.by.asc(), key.asc())
    query = statement.order_by(None).order_by(*order).add_columns(sort.by, key).limit(per + 1)
    found = db.session.execute(query).all()
    rows = list(reversed(found[:per])) if back else list(found[:per])
    ends = (Cursor(*rows[0][-2:]), Cursor(*rows[-1][-2:])) if rows else (None, None)
    whole = rows if named else [row[0] if len(row) == 3 else tuple(row[:-2]) for row in rows]
    return whole, ends, len(found) > per


def _written(at: Cursor) -> str:
    value = at.value.isoformat() if isinstance(at.value, datetime) else at.value
    return f"{at.id}~{value}"


def _cursor(text: str, sort: Sort) -> Cursor | None:
    """The row that an address names; None for nonsense, which is the first page."""
    number, _tilde, value = text.replace("\x00", "").partition("~")
    try:
        known = _value(value, sort.by.type)
        at = Cursor(known, int(number))
    except (ValueError, OverflowError):
        return None
    small = not isinstance(known, int) or abs(known) <= LARGEST
    return at if small and abs(at.id) <= LARGEST else None


def _value(text: str, kind: Any) -> Any:
    if isinstance(kind, UtcDateTime):
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(text) if kind.python_type is int else text
