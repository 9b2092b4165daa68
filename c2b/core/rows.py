"""Many rows sent as one value: a statement has one text and one plan, however many there are.

The rows travel as JSON and are a table again in the database, in the order in which they were given.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    FromClause,
    String,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from c2b.core.db import Json

SENT = "rows"  # the parameter that carries them


def sent_rows(sqlite: bool, **columns: Any) -> FromClause:
    """The rows of `as_sent` as a table with these columns; give the parameter SENT with the statement."""
    given = bindparam(SENT, type_=String)
    if sqlite:
        each = func.json_each(given).table_valued("value")
        cells = (_cell(each.c.value, name, kind).label(name) for name, kind in columns.items())
        return select(*cells).select_from(each).subquery("sent")
    kinds = (column(name, JSONB if kind is Json else kind) for name, kind in columns.items())
    records = func.json_to_recordset(cast(given, JSON)).table_valued(*kinds)
    return records.render_derived(name="sent", with_types=True)


def _cell(value: Any, name: str, kind: Any) -> Any:
    return type_coerce(func.json_extract(value, literal_column(f"'$.{name}'")), kind)


def as_sent(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The parameters of a statement over `sent_rows`."""
    return {SENT: json.dumps(rows, ensure_ascii=False, separators=(",", ":"))}
