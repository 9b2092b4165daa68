"""A migration is killed at every statement: run once more it completes, and until then the start is refused."""

import random
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zlib import crc32

import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import inspect

from c2b import create_app
from c2b.core.db import db
from c2b.core.schema import why_not_ready
from tests.conftest import config_for
from tests.crash.children import in_child
from tests.crash.matrix import Choice, Result
from tests.crash.points import Points, watching

COMMAS = re.compile(r",\s*")
HEAD = (Path(__file__).parents[2] / "c2b" / "migrations" / "HEAD").read_text().strip()
STARTS = ["base", *(f"{n:04}" for n in range(1, int(HEAD)))]  # every version that somebody may come from
ROW = (
    'INSERT INTO "user" (id, email, name, locale, session_version, created_at)'
    " VALUES (7, 'ann@example.org', 'Ann', 'en', 1, '2025-05-20 06:00:00+00:00')"
)


def _in_order(sql: str) -> str:
    """The parts of a statement in one order: that of a table's constraints means nothing."""
    return ", ".join(sorted(COMMAS.split(sql.strip())))


class Schema:
    """A database that is made anew from a saved one for every trial."""

    def __init__(self, kind: str, server: str, folder: Path) -> None:
        self.kind, self.server, self.folder = kind, server, folder
        self.file, self.saved = folder / "now.sqlite3", folder / "saved.sqlite3"
        self.name = f"migrating_{crc32(str(folder).encode())}"
        url = f"sqlite:///{self.file}" if kind == "sqlite" else server.replace("/postgres?", f"/{self.name}?")
        if kind == "postgresql":
            self._sql(f"CREATE DATABASE {self.name}")
        self.app: Flask = create_app(config_for(url, folder))

    def save(self) -> None:
        """From here on every trial begins with what is there now."""
        self.let_go()
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.file)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(self.file, self.saved)
        else:
            self._sql(f"CREATE DATABASE {self.name}_saved TEMPLATE {self.name}")

    def put_back(self) -> None:
        """As it was saved."""
        if self.kind == "sqlite":
            for ending in ("-wal", "-shm"):
                Path(f"{self.file}{ending}").unlink(missing_ok=True)
            shutil.copy(self.saved, self.file)
        else:
            self._sql(f"DROP DATABASE {self.name} WITH (FORCE)")
            self._sql(f"CREATE DATABASE {self.name} TEMPLATE {self.name}_saved")

    def drop(self) -> None:
        """Nothing of it is left."""
        self.let_go()
        if self.kind == "postgresql":
            for name in (self.name, f"{self.name}_saved"):
                self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def let_go(self) -> None:
        """No connection is open."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def look(self) -> tuple[str, ...]:
        """Every table, index and trigger in words, the rows of people, and the version."""
        with self.app.app_context():
            if self.kind == "sqlite":
                asked = ["SELECT coalesce(sql, name) FROM sqlite_master"]
            else:
                asked = [
                    "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable"
                    " FROM information_schema.columns WHERE table_schema = 'public'",
                    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
                    "SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint",
                    "SELECT tgname || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
                ]
            found = {_in_order(row[0]) for sql in asked for row in db.session.execute(db.text(sql))}
            for table, column in (("user", "email"), ("alembic_version", "version_num")):
                if inspect(db.session.connection()).has_table(table):
                    rows = db.session.execute(db.text(f'SELECT {column} FROM "{table}"'))
                    found |= {f"{table}: {row[0]}" for row in rows}
        self.let_go()
        return tuple(sorted(found))

    def migrate(self, points: Points) -> None:
        """What `c2b migrate` does."""
        with self.app.app_context(), watching([db.engine], points, {}):
            upgrade()

    def why_not(self) -> str | None:
        """What the start of the application says."""
        with self.app.app_context():
            try:
                return why_not_ready()
            finally:
                self.let_go()

    def _sql(self, statement: str) -> None:
        host = self.server.partition("host=")[2]
        with psycopg.connect(f"host={host} user=c2b dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)


def begin_at(schema: Schema, start: str) -> None:
    """The database of an earlier version, with somebody in it."""
    if start != "base":
        with schema.app.app_context():
            upgrade(revision=start)
            db.session.execute(db.text(ROW))
            db.session.commit()
    schema.look()  # the very first connection says more, and those who die here are not the first
    schema.save()


def test_every_version_that_somebody_may_come_from_is_tried() -> None:
    scripts = ScriptDirectory(str(Path(__file__).parents[2] / "c2b" / "migrations"))
    assert sorted(STARTS) == sorted(str(s.down_revision or "base") for s in scripts.walk_revisions())


def test_a_migration_that_was_killed_is_as_if_it_had_not_begun_or_is_whole(
    database: str,
    request: pytest.FixtureRequest,
    choice: Choice,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    server = request.getfixturevalue("postgres_server") if database == "postgresql" else ""
    rows = []
    for start in STARTS if choice.every == 1 else STARTS[:1]:
        (tmp_path / start).mkdir()
        schema = Schema(database, server, tmp_path / start)
        try:
            rows.append(kill_from(schema, start, choice, tmp_path / "child.log").row())
        finally:
            schema.drop()
    record_property("crash", rows)


def kill_from(schema: Schema, start: str, choice: Choice, log: Path) -> Result:
    """Migrate from this version, dying at each of these points; what it came to."""
    since, found = time.monotonic(), Result(f"migration: from {start}", schema.kind)
    begin_at(schema, start)
    points = Points()
    schema.migrate(points)
    found.labels = points.labels
    whole = schema.look()
    assert schema.why_not() is None
    seen: set[tuple[str, ...]] = set()
    for n in choice.of(points.labels, random.Random(7), every_call=False):
        found.chosen += 1
        schema.put_back()
        ended = in_child(lambda n=n: schema.migrate(Points(n)), log)
        assert ended.killed, f"killed at {n} ({points.labels[n - 1]}): {ended}"
        found.killed += 1
        left = schema.look()
        if left in seen:
            continue
        seen.add(left)
        found.states += 1
        reason = schema.why_not()
        assert reason is None or "run: c2b migrate" in reason
        schema.migrate(Points())
        found.recovered += 1
        assert schema.look() == whole
    assert found.killed == found.chosen
    found.seconds = time.monotonic() - since
    return found
