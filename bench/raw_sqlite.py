"""The standard library's sqlite3 alone: processes that write pledges one by one, as durably as the product does."""

import multiprocessing
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.load import Load

ROWS, NOW, ID = "rows", "@now", "@id"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000")
Statements = Sequence[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Raw:
    """Who pledges where: `people` to each campaign in turn, under the terms of each."""

    path: str
    statements: Statements
    people: int
    terms: dict[int, str]  # by campaign, 1…n


def write(raw: Raw, *, first: int, processes: int, seconds: float) -> tuple[Load, int]:
    """Pledges from the `first` on, by so many processes at once; and the number of the next that is free."""
    fork = multiprocessing.get_context("fork")  # nothing is imported again
    together, told = fork.Barrier(processes), fork.Queue()
    workers = [
        fork.Process(target=_work, args=(raw, range(first + n, 1 << 60, processes), seconds, together, told))
        for n in range(processes)
    ]
    for worker in workers:
        worker.start()
    found = [told.get(timeout=seconds + 120) for _ in workers]
    for worker in workers:
        worker.join()
    times = sorted(1000 * one for ones, _spent in found for one in ones)
    at = [times[min(len(times) - 1, len(times) * percent // 100)] for percent in (50, 95, 99, 100)]
    most = max(len(ones) for ones, _spent in found)
    return Load(len(times), max(spent for _ones, spent in found), *at), first + most * processes


def _work(raw: Raw, numbers: Sequence[int], seconds: float, together: Any, told: Any) -> None:
    """One pledge after another, each in a transaction of its own."""
    took: list[float] = []
    with closing(sqlite3.connect(raw.path, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        together.wait()
        began = time.monotonic()
        while (start := time.monotonic()) < began + seconds:
            _pledge(connection, raw, numbers[len(took)])
            took.append(time.monotonic() - start)
    told.put((took, time.monotonic() - began))


def _pledge(connection: sqlite3.Connection, raw: Raw, number: int) -> None:
    campaign, shopper = 1 + number // raw.people, 1 + number % raw.people
    places = {"@campaign": campaign, "@shopper": shopper, "@terms": raw.terms[campaign], "@s": number}
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    connection.execute("BEGIN IMMEDIATE")
    for text, values in raw.statements:
        given = {name: _filled(value, places | {NOW: now}) for name, value in values.items()}
        rows = connection.execute(text, given).fetchall()
        if text.startswith("INSERT INTO pledge"):
            places[ID] = rows[0][-1]
    connection.execute("COMMIT")


def _filled(value: Any, places: dict[str, Any]) -> Any:
    """The value with every place filled; a number in quotes loses them."""
    if not isinstance(value, str) or "@" not in value:
        return value
    if value in places:
        return places[value]
    for name, one in places.items():
        value = value.replace(f'"{name}"', f'"{one}"').replace(f'{name}"', f'{one}"')
    return value
