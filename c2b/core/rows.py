"""Many rows sent as one value: a statement has one text and one plan, however many there are.

The rows travel as JSON and are a table again in the database, in the order in which they were given.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    FromClause,
    String,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

from c2b.core.db import db, is_sqlite

SENT = "rows"  # the parameter that carries them
SAME = "each_"  # before the name of a column: what every row has in it
Names = tuple[str, ...]


def sent_rows(on_sqlite: bool, **columns: Any) -> FromClause:
    """The rows of `as_sent` as a table with these columns; give the parameter SENT with the statement."""
    given = bindparam(SENT, type_=String)
    if on_sqlite:
        each = func.json_each(given).table_valued("value")
        cells = (_cell(each.c.value, name, kind).label(name) for name, kind in columns.items())
        return select(*cells).select_from(each).subquery("sent")
    kinds = (column(name, JSONB if isinstance(kind, JSON) else kind) for name, kind in columns.items())
    records = func.json_to_recordset(cast(given, JSON)).table_valued(*kinds)
    return records.render_derived(name="sent", with_types=True)


def _cell(value: Any, name: str, kind: Any) -> Any:
    return type_coerce(func.json_extract(value, literal_column(f"'$.{name}'")), kind)


def as_sent(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The parameters of a statement over `sent_rows`."""
    return {SENT: json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_moment)}


def _moment(at: datetime) -> str:
    """As the database writes moments itself."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S.%f}" if is_sqlite() else utc.isoformat()


def insert_rows(
    model: Any,
    rows: Sequence[Mapping[str, Any]],
    *,
    only_new: bool = False,
    returning: Names = (),
    **same: Any,
) -> Any:
    """Insert rows in one statement, in their order. All have the same keys; `same` is the same for all of them.

    With `only_new` those stay out that a unique index refuses. The result has the columns named by `returning`.
    """
    statement = inserting(model, tuple(rows[0]), tuple(same), only_new, returning, is_sqlite())
    given = {f"{SAME}{name}": value for name, value in same.items()}
    return db.session.connection().execute(statement, as_sent(rows) | given)


@cache
def inserting(
    model: Any, names: Names, same: Names, only_new: bool, returning: Names, on_sqlite: bool
) -> Any:
    """The statement of `insert_rows`; it is put together once."""
    columns = model.__table__.c
    sent = sent_rows(on_sqlite, **{name: columns[name].type for name in names})
    for_all = [bindparam(f"{SAME}{name}", type_=columns[name].type) for name in same]
    insert: Any = (sqlite if on_sqlite else postgresql).insert(model.__table__)
    insert = insert.from_select([*names, *same], select(*sent.c, *for_all).where(true()))
    if only_new:
        insert = insert.on_conflict_do_nothing()
    return insert.returning(*(columns[name] for name in returning)) if returning else insert


def among(value: Any, wanted: Iterable[int] | Iterable[str]) -> ColumnElement[bool]:
    """Whether `value` is one of many: one parameter and one plan, however many there are."""
    items = sorted(set(wanted))  # type: ignore[type-var]  # all numbers or all words
    if is_sqlite():
        each = func.json_each(json.dumps(items)).table_valued("value")
        return value.in_(select(each.c.value))  # type: ignore[no-any-return]  # the column is untyped here
    kind: Any = String if isinstance(value.type, String) else BigInteger
    return value == func.any(literal(items, ARRAY(kind)))  # type: ignore[no-any-return]  # the column is untyped here
