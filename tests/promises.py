"""The promises after every test, for the price of those that could be broken.

On an empty database each check reads some tables and finds nothing. Whatever it reads first after that depends on what
it found there; so as long as those tables are still empty it would do the same again and find nothing again.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from c2b.core.checks import CHECKS, Check
from c2b.core.db import db


def what_they_read() -> dict[str, frozenset[str]]:
    """The tables that each check reads in an empty database; nothing for one that reads something else as well."""
    tables = set(db.metadata.tables)
    others = set(db.inspect(db.engine).get_table_names()) - tables
    db.session.connection()  # what it is told when it is opened is no reading
    read: dict[str, frozenset[str]] = {}
    for promise, function in CHECKS.items():
        with _statements() as seen:
            assert list(function()) == [], promise
        words = [set(re.findall(r"\w+", statement)) for statement in seen]
        plain = words and all(said & tables and not said & others for said in words)
        read[promise] = frozenset(tables & set().union(*words)) if plain else frozenset()
    db.session.rollback()
    return read


@contextmanager
def _statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)


def broken(read: dict[str, frozenset[str]], filled: set[str]) -> list[str]:
    """Every broken promise, where only `filled` tables hold anything."""
    to_ask: dict[str, Check] = {
        promise: function
        for promise, function in CHECKS.items()
        if not (tables := read.get(promise, frozenset())) or tables & filled
    }
    return [f"{promise}: {problem}" for promise, function in to_ask.items() for problem in function()]
