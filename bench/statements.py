"""The product's own statements of one pledge, as the database sees them: what `place_many` sends for a list of one.

pgbench takes them as a script, the standard library's sqlite3 as texts with values.
"""

import json
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from bench.raw_sqlite import NOW, ROWS
from c2b.campaigns import facts, held, tally
from c2b.campaigns.models import Pledge
from c2b.core.events import Event
from c2b.core.outbox import Notice
from c2b.core.rows import SAME, inserting


def _rows() -> dict[str, dict[str, Any]]:
    """The rows that are sent, with a place for what differs from pledge to pledge."""
    return {
        "ask": {"n": 0, "campaign_id": "@campaign", "shopper_id": "@shopper", "mandate_id": "@shopper",
                "address_id": None, "request_key": "pgbench@s"},
        "pledge": {"campaign_id": "@campaign", "shopper_id": "@shopper", "quantity": 1, "tolerance": 0,
                   "ceiling": 25900, "counts": True, "options": {}, "region": "CN", "address_id": None,
                   "mandate_id": "@shopper", "terms": "@terms", "request_key": "pgbench@s", "brought_by": None},
        "joined": {"id": "@campaign", "joined": 1, "people": 1, "units": 1, "counted_people": 1, "counted_units": 1,
                   "heat": 1, "heat_score": 0},
        "demand": {"campaign_id": "@campaign", "ceiling": 25900, "units": 1, "tolerance": 0, "people": 1},
        "event": {"subject": "pledge", "subject_id": "@id", "kind": "pledge.placed", "by": "@shopper",
                  "data": {"quantity": 1, "ceiling": 25900, "tolerance": 0}},
        "notice": {"key": "pledge_placed@id", "kind": "pledge_placed", "user_id": "@shopper", "address": None,
                   "data": {"title": "A thing that many want", "path": "/c/thing", "currency": "CNY",
                            "closes_at": None, "tipped": False, "quantity": 1, "ceiling": 25900}},
    }  # fmt: skip


# What is inserted: the model, what each row has in it, what is asked back, and whether known ones stay out.
INSERTS: dict[str, tuple[Any, dict[str, Any], tuple[str, ...], bool]] = {
    "pledge": (
        Pledge,
        {"late": False, "placed_at": NOW, "state": "active", "state_since": NOW, "allocated": 0},
        ("campaign_id", "shopper_id", "id"),
        True,
    ),
    "event": (Event, {"at": NOW}, (), False),
    "notice": (Notice, {"created_at": NOW, "due_at": NOW, "delivery": "queued", "tries": 0}, (), True),
}


def _insert(what: str, rows: dict[str, dict[str, Any]], *, on_sqlite: bool) -> tuple[Any, dict[str, Any]]:
    """The statement that inserts such a row, with its values."""
    model, same, returning, only_new = INSERTS[what]
    statement = inserting(model, tuple(rows[what]), tuple(same), only_new, returning, on_sqlite)
    return statement, {ROWS: rows[what]} | {f"{SAME}{name}": value for name, value in same.items()}


def _inserted(what: str, rows: dict[str, dict[str, Any]]) -> str:
    """The same for pgbench."""
    statement, values = _insert(what, rows, on_sqlite=False)
    texts = {name: "now()" if value is NOW else _literal(value) for name, value in values.items()}
    return _sql(statement, **texts | {ROWS: _sent(rows[what])})


def for_pgbench() -> str:
    """One pledge as a script."""
    rows = _rows()
    parts = [
        _sql(held._statement(False), ids="ARRAY[:campaign::bigint]"),
        _sql(facts._about_requests(False), rows=_sent(rows["ask"])),
        _inserted("pledge", rows),
        _sql(tally._add_joined(False), rows=_sent(rows["joined"]), at="now()"),
        _sql(tally._add_demand(False), rows=_sent(rows["demand"])),
        _inserted("event", rows),
        _inserted("notice", rows),
    ]
    pick = (
        "SELECT s, 1 + s % :people AS shopper, t.id AS campaign, t.terms"
        " FROM nextval('bench_s') AS s JOIN bench_terms t ON t.id = 1 + (s / :people) \\gset"
    )
    return "\n".join(
        [
            pick,
            "BEGIN;",
            parts[0] + ";",
            parts[1] + ";",
            parts[2] + " \\gset",
            *(f"{one};" for one in parts[3:]),
            "COMMIT;",
        ]
    )


def _sent(one: dict[str, Any]) -> str:
    """The row as JSON text, with pgbench's variables in it."""
    text = json.dumps([one]).replace("'", "''")
    for name in ("campaign", "shopper", "terms", "id", "s"):
        text = text.replace(f'"@{name}"', f"\"' || :{name} || '\"").replace(
            f'@{name}"', f"' || :{name} || '\""
        )
    return f"('{text}')"


def _sql(statement: Any, **values: str) -> str:
    compiled = statement.compile(dialect=postgresql.dialect(paramstyle="pyformat"))
    text = str(compiled).replace("\n", " ")
    for name, value in compiled.params.items():
        if isinstance(value, list | tuple):
            text = text.replace(f"__[POSTCOMPILE_{name}]", ", ".join(map(_literal, value)))
        else:
            text = text.replace(f"%({name})s", values[name] if name in values else _literal(value))
    return text.replace("%%", "%")


def _literal(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value if value is not None else "NULL")
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def for_sqlite() -> list[tuple[str, dict[str, Any]]]:
    """The statements of one pledge as texts, each with its values; the rows hold places, as in `Raw`."""
    rows, ids = _rows(), json.dumps(["@campaign"])
    parts: list[tuple[Any, dict[str, Any]]] = [
        (held._statement(True), {"ids": ids}),
        (facts._about_requests(True), {ROWS: rows["ask"]}),
        _insert("pledge", rows, on_sqlite=True),
        (tally._add_joined(True), {ROWS: rows["joined"], "at": NOW}),
        (tally._add_demand(True), {ROWS: rows["demand"]}),
        _insert("event", rows, on_sqlite=True),
        _insert("notice", rows, on_sqlite=True),
    ]
    return [_named(statement, values) for statement, values in parts]


def _named(statement: Any, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    text, given = str(compiled), dict[str, Any]()
    for name, value in compiled.params.items():
        if isinstance(value, list | tuple):
            text = text.replace(f"__[POSTCOMPILE_{name}]", ", ".join(map(_literal, value)))
        elif isinstance(values.get(name), dict):
            given[name] = json.dumps([values[name]])
        else:
            given[name] = values.get(name, str(value) if isinstance(value, str) else value)
    return text, given
