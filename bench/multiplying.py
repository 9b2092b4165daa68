"""The demo's finished stories many times over, so that tables that no generator fills are large too.

A campaign that is over is copied with everything that hangs from it (offers, launches, orders, attempts, parcels …):
what refers to a copied row refers to its copy, and what must be unique gets a mark. Books need not balance here: it is
for plans of queries, where sizes and proportions count.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    insert,
    inspect,
    select,
    text,
)

from c2b.campaigns.states import CampaignState
from c2b.core.db import db

LEFT = ("merchant_staff",)  # who writes for a firm writes for that one alone
OVER = ("completed", "cancelled", "failed", "expired")
STEP = 1_000_000  # between the numbers of one copy and the next
# Tables that no foreign key connects to a campaign, and which of their rows are copied too.
MORE = {
    "merchant": "1 = 1", "ledger_tx": "1 = 1", "inbox_event": "done_at IS NOT NULL",
    "campaign": f"state IN {OVER}", "run": "1 = 1",
}  # fmt: skip
assert all(state in {str(one) for one in CampaignState} for state in OVER)


def copy_rows(source: Engine, target: Engine) -> None:
    """Every row of one database into another one of the same schema that is empty; the numbers stay."""
    with source.connect() as old, target.begin() as new, _unchecked(new):
        for table in db.metadata.sorted_tables:
            rows = [dict(row) for row in old.execute(select(table)).mappings()]
            if rows:
                new.execute(insert(table), rows)
        _number_on(new)


def multiply(engine: Engine, times: int) -> None:
    """Add so many copies of what is over."""
    with engine.begin() as connection, _unchecked(connection):
        kept: dict[str, set[int]] = {}
        for table in db.metadata.sorted_tables:
            rows = list(_copied(connection, table, kept))
            if not rows:
                continue
            if "id" in table.c:
                kept[table.name] = {row["id"] for row in rows}
            marked, shifted = _made_unique(table, kept)
            for copy in range(1, times + 1):
                connection.execute(
                    insert(table), [_copy(table, row, copy, kept, marked, shifted) for row in rows]
                )
        _number_on(connection)


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """References are right by construction, and what watches over the books has nothing to say here."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        return
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    guards = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE(%'"
    triggers = connection.execute(text(guards)).all()
    for name, _sql in triggers:
        connection.execute(text(f'DROP TRIGGER "{name}"'))
    yield
    for _name, sql in triggers:
        connection.exec_driver_sql(sql)


def _number_on(connection: Connection) -> None:
    """New rows get numbers after those that are there; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in db.metadata.sorted_tables:
        if "id" in table.c and table.c.id.autoincrement:
            name = f"pg_get_serial_sequence('\"{table.name}\"', 'id')"
            connection.execute(
                text(f"SELECT setval({name}, (SELECT max(id) FROM \"{table.name}\")) WHERE {name} <> ''")
            )


def _copied(connection: Connection, table: Table, kept: dict[str, set[int]]) -> Iterator[dict[str, Any]]:
    """The rows of a table that hang from what is copied, by every reference that they have."""
    links = [
        (key.parent.name, key.column.table.name)
        for key in table.foreign_keys
        if key.column.table.name in kept
    ]
    if table.name in LEFT or (not links and table.name not in MORE and table.name != "event"):
        return
    rows = select(table).where(text(MORE.get(table.name, "1 = 1")))
    for row in connection.execute(rows).mappings():
        if table.name == "event":
            if row["subject_id"] in kept.get(row["subject"], ()):
                yield dict(row)
            continue
        held = [(row[column], target) for column, target in links if row[column] is not None]
        if table.name in MORE or (held and all(number in kept[target] for number, target in held)):
            yield dict(row)


def _made_unique(table: Table, kept: dict[str, set[int]]) -> tuple[set[str], set[str]]:
    """The columns of words that get a mark and those of numbers that are moved, so that no copy meets another."""
    references = {key.parent.name for key in table.foreign_keys if key.column.table.name in kept}
    sets = [[column.name for column in index.columns] for index in table.indexes if index.unique]
    sets += [
        [column.name for column in constraint.columns]
        for constraint in table.constraints if isinstance(constraint, (UniqueConstraint, PrimaryKeyConstraint))
    ]  # fmt: skip
    marked: set[str] = set()
    shifted = {"id"} & {column.name for column in table.columns}
    for names in sets:
        if references & set(names) or shifted & set(names):
            continue
        if len(names) > 1 and any(table.c[name].nullable for name in names):
            continue  # what is copied has nothing there
        words = [name for name in names if type(table.c[name].type) is String]
        numbers = [name for name in names if isinstance(table.c[name].type, Integer)]
        if words:
            marked.add(words[-1])
        elif numbers:
            shifted.add(numbers[-1])
    return marked, shifted


def _copy(
    table: Table,
    row: dict[str, Any],
    copy: int,
    kept: dict[str, set[int]],
    marked: set[str],
    shifted: set[str],
) -> dict[str, Any]:
    new = dict(row)
    for key in table.foreign_keys:
        name, target = key.parent.name, key.column.table.name
        if target in kept and row[name] in kept[target]:
            new[name] = row[name] + copy * STEP
    if table.name == "event":
        new["subject_id"] += copy * STEP
    for name in shifted:
        new[name] = None if row[name] is None else row[name] + copy * STEP
    for name in marked:
        new[name] = None if row[name] is None else f"{row[name]}~{copy}"
    return new


def sizes(engine: Engine) -> dict[str, int]:
    """How many rows each table has."""
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        return {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names
        }
