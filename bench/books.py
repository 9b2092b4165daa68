"""The books after a run: what was acknowledged is there once, the counters are its sums, it tipped once."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench.database import command, dsn
from bench.rows import Failed

# One statement, so that counters and rows are of one snapshot.
LOOK = """
SELECT c.people, c.units, c.counted_people, c.counted_units, c.threshold, c.basis, c.tipped_at IS NOT NULL AS tipped,
       count(p.id) AS rows, coalesce(sum(p.quantity), 0) AS row_units,
       coalesce(sum(CASE WHEN p.counts THEN 1 ELSE 0 END), 0) AS row_counted,
       coalesce(sum(CASE WHEN p.counts THEN p.quantity ELSE 0 END), 0) AS row_counted_units,
       count(DISTINCT p.shopper_id) AS shoppers,
       (SELECT coalesce(sum(d.people), 0) FROM demand_point d WHERE d.campaign_id = c.id) AS curve,
       (SELECT count(*) FROM event e WHERE e.subject = 'campaign' AND e.subject_id = c.id
          AND e.kind = 'campaign.tipped') AS tips
FROM campaign c LEFT JOIN pledge p ON p.campaign_id = c.id AND p.state = 'active'
WHERE c.id = %s GROUP BY c.id
"""


def query(url: str, statement: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a statement (with %s for values), on either database, over a connection of its own."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement.replace("%s", "?"), values)]
    with psycopg.connect(dsn(url), row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]  # our own text


def must_balance(url: str, campaign_id: int, *, least: int, most: int) -> int:
    """Failed unless between `least` (acknowledged) and `most` (sent) pledges are there and all sums agree; how many."""
    [seen] = query(url, LOOK, [campaign_id])
    reached = seen["counted_units" if seen["basis"] == "units" else "counted_people"] >= seen["threshold"]
    problems = [
        (
            least <= seen["rows"] <= most,
            f"{seen['rows']} pledges are there, {least} were acknowledged of {most}",
        ),
        (seen["rows"] == seen["shoppers"], f"{seen['rows']} pledges of {seen['shoppers']} shoppers"),
        (
            seen["rows"] == seen["people"] == seen["curve"],
            f"{seen['people']} counted, {seen['rows']} are there",
        ),
        (seen["units"] == seen["row_units"], f"{seen['units']} units counted, {seen['row_units']} are there"),
        (seen["counted_people"] == seen["row_counted"], "the people who count are miscounted"),
        (seen["counted_units"] == seen["row_counted_units"], "the units that count are miscounted"),
        (seen["tips"] == int(reached) and bool(seen["tipped"]) == reached, f"it tipped {seen['tips']} times"),
    ]
    for sound, problem in problems:
        if not sound:
            raise Failed(f"campaign {campaign_id}: {problem}")
    return int(seen["rows"])


def must_keep_promises(url: str, folder: Path) -> None:
    """Failed unless `c2b check` finds every promise kept."""
    command(url, folder, "check")
