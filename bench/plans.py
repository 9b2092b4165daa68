"""How the databases answer what pages and jobs ask, on large tables: `python -m bench.plans`.

Every page is opened as every role, and every job runs once, on the demo among thousands of campaigns. Each different
statement is explained on the way, and one that reads a large table from end to end is a finding, unless ALLOWED says
why it may.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, g
from sqlalchemy import create_engine, event, select

from bench import multiplying
from bench.database import EMPTY, Databases, Server, command, with_app
from bench.growth import fill
from bench.rows import KINDS
from c2b import seed
from c2b.accounts.models import User
from c2b.core import clock
from c2b.core.db import db
from jobs.registry import all_jobs
from tests.e2e.site import seeded

LARGE = 1_200  # rows
ROLES = (None, "alice", "mo", "rita", "otto")
NOT_PAGES = ("static", "stylesheet", "language.choose")
WAYS_OF_ALL = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
READS = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)

# (who asks, table): why reading all of it is right; "*" stands for every table.
ALLOWED: dict[tuple[str, str], str] = {
    ("the job check_promises", "*"): "it looks whether every row keeps its promises, once a night",
    ("the job reconcile", "*"): "it compares every request with the provider's book, once a night",
    (
        "the job refresh_heat",
        "campaign",
    ): "any open campaign may have cooled; an index on when people joined would"
    " have to change with every pledge",
    ("operators.home", "campaign"): "shares and nearness of all campaigns; for a few people a day",
    ("operators.home", "order"): "savings of the last sixty days; every order of the demo is within them",
    ("operators.campaigns", "campaign"): "how many are in each state; for a few people a day",
    ("operators.inbox", "inbox_event"): "how many waited and were done; for a few people a day",
    ("web.sitemap_index", "campaign"): "it counts what every sitemap is made of; for robots",
}


@dataclass(frozen=True)
class Finding:
    """A statement that reads a large table from end to end."""

    kind: str
    asked_by: str
    table: str
    statement: str
    plan: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.asked_by} reads all of {self.table}: {' '.join(self.statement.split())}"


class Explainer:
    """Explains each different statement that an application sends, before it is sent."""

    def __init__(self, app: Flask) -> None:
        self.engine = db.engine
        self.kind = self.engine.dialect.name
        self.large = {name for name, rows in multiplying.sizes(self.engine).items() if rows >= LARGE}
        self.partial = {
            index.name for table in db.metadata.tables.values() for index in table.indexes
            if index.dialect_options["postgresql"]["where"] is not None
        }  # fmt: skip
        self.seen: set[str] = set()
        self.asked_by = ""
        self.findings: list[Finding] = []

    @contextmanager
    def watching(self) -> Iterator["Explainer"]:
        """Look at everything that is sent from here on."""
        event.listen(self.engine, "before_cursor_execute", self._look)
        try:
            yield self
        finally:
            event.remove(self.engine, "before_cursor_execute", self._look)

    def _look(self, _c: Any, cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        plain = re.sub(r"anon_\d+|_\d+\b", "", statement)
        if plain in self.seen or not self.asked_by or not READS.match(statement):
            return
        self.seen.add(plain)
        if many and not isinstance(values, dict) and isinstance(values[0], tuple | list | dict):
            values = values[0]  # rows that become one statement come as one dict already
        explain = self._postgresql if self.kind == "postgresql" else self._sqlite
        for table, plan in explain(cursor, statement, values):
            self.findings.append(Finding(self.kind, self.asked_by, table, statement, plan))

    def _postgresql(self, cursor: Any, statement: str, values: Any) -> Iterator[tuple[str, str]]:
        # As on a disk without a head: a row anywhere costs hardly more than the next one.
        cursor.execute("SET LOCAL random_page_cost = 1.1")
        if not self._read_whole(cursor, statement, values):
            return
        # Tables of some thousand rows are read whole for a join although an index would do, and will once they are
        # larger. What counts is where there is no such index: looked at again without the ways that read all.
        for way in WAYS_OF_ALL:
            cursor.execute(f"SET LOCAL {way} = off")
        yield from self._read_whole(cursor, statement, values)
        for way in WAYS_OF_ALL:
            cursor.execute(f"SET LOCAL {way} = on")

    def _read_whole(self, cursor: Any, statement: str, values: Any) -> list[tuple[str, str]]:
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement, values)
        [(plan,)] = cursor.fetchall()
        return [
            (node["Relation Name"], json.dumps(plan))
            for node, limited in _nodes(plan[0]["Plan"], limited=False)
            if node.get("Relation Name") in self.large and self._is_whole(node, limited)
        ]

    def _is_whole(self, node: dict[str, Any], limited: bool) -> bool:
        """Whether a step goes through its table from end to end, or as far as it must to find something."""
        if node["Node Type"] == "Seq Scan":
            return "Filter" in node or not limited
        whole = node["Node Type"] == "Index Scan" and "Index Cond" not in node and not limited
        return whole and node["Index Name"] not in self.partial

    def _sqlite(self, cursor: Any, statement: str, values: Any) -> Iterator[tuple[str, str]]:
        cursor.execute("EXPLAIN QUERY PLAN " + statement, values)
        lines = [row[3] for row in cursor.fetchall()]
        aliases = dict(re.findall(r"(\w+)\"? AS \"?(\w+)", statement))
        names = {alias: table for table, alias in aliases.items()}
        stops = "LIMIT" in statement and not any("B-TREE FOR ORDER" in line for line in lines)
        for line in lines:
            found = re.match(r"SCAN (\w+)(?: USING INDEX (\w+))?", line)
            if (
                found is None
                or "VIRTUAL TABLE" in line
                or "COVERING INDEX" in line
                or found[2] in self.partial
            ):
                continue
            table = names.get(found[1], found[1])
            if table in self.large and not stops:
                yield table, "\n".join(lines)


def _nodes(plan: dict[str, Any], *, limited: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every step of a plan, with whether it may stop early."""
    yield plan, limited
    stops = plan["Node Type"] == "Limit"
    keeps = plan["Node Type"] in (
        "Nested Loop",
        "Result",
        "Subquery Scan",
        "Incremental Sort",
        "LockRows",
        "Memoize",
    )
    for part in plan.get("Plans", ()):
        yield from _nodes(part, limited=stops or (limited and keeps))


def addresses(app: Flask) -> list[tuple[str, str]]:
    """(endpoint, address) of every page, with one example where its address has parts."""
    values = seed.examples()
    adapter = app.url_map.bind("localhost")
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in NOT_PAGES:
            continue
        examples = values.get(rule.endpoint, [])[:1] if rule.arguments else [{}]
        found += [(rule.endpoint, adapter.build(rule.endpoint, example)) for example in examples]
    return found


def explain_pages(app: Flask, explainer: Explainer) -> None:
    """Open every page as everybody."""
    pages = addresses(app)
    people = {
        name: db.session.scalars(select(User).where(User.email == f"{name}@muster.example")).one().get_id()
        for name in ROLES if name
    }  # fmt: skip
    db.session.remove()
    for name in ROLES:
        client = app.test_client()
        if name is not None:
            with client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = people[name], True
        for endpoint, address in pages:
            explainer.asked_by = f"{endpoint} ({name or 'visitor'})"
            for known in list(g):  # nothing is known of the request before
                g.pop(known)
            client.get(address)
            db.session.remove()


def explain_jobs(explainer: Explainer) -> None:
    """Run every job once, at the demo's own time, but for those that may read everything."""
    clock.read_demo_clock()
    now = clock.utcnow()
    db.session.remove()
    for name, job in all_jobs().items():
        if (f"the job {name}", "*") in ALLOWED:
            continue
        explainer.asked_by = f"the job {name}"
        job.run(now)
        db.session.remove()


def grow(app: Flask, rows: int) -> None:
    """Make the demo at hand (in the application's context) large."""
    multiplying.multiply(db.engine, max(1, rows // 3000))
    fill(app, people=rows, campaigns=rows, pledges=rows, over=0.7)


def allowed(finding: Finding) -> bool:
    """Whether ALLOWED has a reason for it."""
    who = finding.asked_by.partition(" (")[0]
    return (who, finding.table) in ALLOWED or (who, "*") in ALLOWED


def findings(app: Flask) -> list[Finding]:
    """What pages and jobs read from end to end, on the application's database; the allowed is left out."""
    with Explainer(app).watching() as explainer:
        explain_pages(app, explainer)
        explain_jobs(explainer)
    return [one for one in explainer.findings if not allowed(one)]


def prepared(databases: Databases, demo: Path, rows: int) -> str:
    """The address of a large database made from the demo in this SQLite file."""

    def make(app: Flask) -> None:
        if databases.kind == "postgresql":
            multiplying.copy_rows(create_engine(f"sqlite:///{demo}"), db.engine)
        grow(app, rows)

    if databases.kind == "sqlite":
        databases.filled[EMPTY] = f"sqlite:///{demo}"
    return databases.filled_with("plans", make)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.plans", description=__doc__)
    parser.add_argument(
        "--demo", type=Path, help="the folder of a seeded demo; otherwise one is seeded first"
    )
    parser.add_argument(
        "--rows", type=int, default=6_000, help="campaigns, people and pledges beside the demo"
    )
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this database")
    parser.add_argument("--plans", action="store_true", help="print the plan of each finding too")
    asked = parser.parse_args()
    tempfile.tempdir = "/var/tmp"
    with tempfile.TemporaryDirectory(prefix="c2b-plans") as name:
        return _main(asked, Path(name))


def _main(asked: argparse.Namespace, folder: Path) -> int:
    demo = folder / "demo.sqlite3"
    shutil.copy((asked.demo or seeded(folder)) / "c2b.sqlite3", demo)
    command(f"sqlite:///{demo}", folder, "migrate")
    wrong = []
    for kind in asked.kind or KINDS:
        own = folder / kind
        own.mkdir()
        databases = Databases(kind, own, Server() if kind == "postgresql" else None)
        url = prepared(databases, demo, asked.rows)
        found = with_app(url, own, findings, C2B_DEMO="1")
        for one in found:
            print(one, *([one.plan] if asked.plans else []), sep="\n  ", flush=True)
        wrong += found
    print(f"{len(wrong)} statements read a large table from end to end")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
