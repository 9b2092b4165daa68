"""What every test stands on: a fresh database on each engine, people and things to test with, promises kept."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import HealthCheck, settings
from sqlalchemy import select

from c2b import create_app
from c2b.accounts.models import User
from c2b.config import Config, load
from c2b.core import clock
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.core.events import Event
from tests import postgres, promises
from tests.factories import Make
from tests.keeper import Keeper

settings.register_profile("default", deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
settings.load_profile("default")

DATABASES = ("sqlite", "postgresql")
# Nothing of a test outlives the machine; and that no plan changes in the middle of a run is worth more than a good one.
QUICK = (
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
    "jit=off",
)


def config_for(url: str, folder: Path) -> Config:
    """The settings of a test: nothing leaves the process."""
    return load(
        {},
        database_url=url,
        environment="test",
        secret_key="a key that only the tests know, long enough",
        base_url="http://localhost",
        files_dir=str(folder / "files"),
        sandbox_book=":memory:",
    )


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of a throw-away server; where there is none the run says so at its end (or fails, if strict)."""
    try:
        return postgres.start(*QUICK)
    except postgres.NoPostgres as reason:
        if os.environ.get("C2B_TEST_STRICT") == "1":
            pytest.fail(f"PostgreSQL is needed here: {reason}")
        pytest.skip(f"no PostgreSQL: {reason}")


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], str]:
    """A migrated, empty database of each kind, made once and copied for every test."""
    made: dict[str, str] = {}
    folder = tmp_path_factory.mktemp("template")

    def template(kind: str, server: str) -> str:
        if kind not in made:
            made[kind] = _new_template(kind, server, folder)
        return made[kind]

    return template


def _new_template(kind: str, server: str, folder: Path) -> str:
    if kind == "sqlite":
        name = str(folder / "template.sqlite3")
        url = f"sqlite:///{name}"
    else:
        name = "template_c2b"
        _admin(server, f"CREATE DATABASE {name}")
        url = server.replace("/postgres?", f"/{name}?")
    app = create_app(config_for(url, folder))
    with app.app_context():
        build_schema()
        db.session.remove()
        db.engine.dispose()
    if kind == "sqlite":
        with sqlite3.connect(name) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return name


def let_go(app: Flask) -> None:
    """No connection to its database lies ready in a pool."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def build_schema() -> None:
    """Every table, as the migrations make them."""
    upgrade()


def _admin(server: str, statement: str) -> None:
    host = server.partition("host=")[2]
    with psycopg.connect(f"host={host} user=c2b dbname=postgres", autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(autouse=True)
def _real_time() -> None:
    """No test lives in the time to which one before it has set a demo forward."""
    clock.forget()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Which database this test runs on; a test may parametrize it itself."""
    return str(request.param)


class Work:
    """One application and its database, used by one test after another; each finds it empty."""

    def __init__(self, kind: str, template: str, server: str, folder: Path) -> None:
        self.kind, self.template, self.server, self.folder = kind, template, server, folder
        self.file = folder / f"{kind}.sqlite3"
        self.name = f"work_{os.getpid()}"
        if kind == "sqlite":
            self.url = f"sqlite:///{self.file}"
        else:
            _admin(server, f"CREATE DATABASE {self.name} TEMPLATE {template}")
            self.url = server.replace("/postgres?", f"/{self.name}?")
        self.app = create_app(config_for(self.url, folder))
        self.settings = dict(self.app.config)
        self.client_class = self.app.test_client_class
        self.keeper = Keeper(server.partition("host=")[2], self.name) if kind == "postgresql" else None
        self.read: dict[str, frozenset[str]] = {}  # by each promise's check

    def empty(self) -> None:
        """Nothing is left of the test before, however it ended."""
        let_go(self.app)
        if self.kind == "sqlite":
            for ending in (
                "-wal",
                "-shm",
                "",
            ):  # a new file: what somebody may still hold open is the old one
                self.file.with_name(self.file.name + ending).unlink(missing_ok=True)
            shutil.copy(self.template, self.file)
        else:
            assert self.keeper
            self.keeper.empty()
        self.app.config.clear()
        self.app.config.update(self.settings)
        self.app.test_client_class = self.client_class
        for kept in ("sandbox_books", "provider_accounts", "c2b.people", "c2b.quick"):
            self.app.extensions.pop(kept, None)
        if not self.read:
            with self.app.app_context():
                self.read = promises.what_they_read()
            let_go(self.app)

    def filled(self) -> set[str]:
        """The tables that hold anything, as others see them."""
        if self.keeper:
            return self.keeper.filled()
        asked = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in db.metadata.tables]
        with closing(sqlite3.connect(self.file)) as connection:
            return {name for (name,) in connection.execute(" UNION ALL ".join(asked))}

    def broken_promises(self) -> list[str]:
        """What `c2b check` would say of this database."""
        return promises.broken(self.read, self.filled())


@pytest.fixture(scope="session")
def works(
    templates: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, str], Work]]:
    """The two applications of this test process, each made when it is first needed."""
    made: dict[str, Work] = {}

    def work(kind: str, server: str) -> Work:
        if kind not in made:
            made[kind] = Work(kind, templates(kind, server), server, tmp_path_factory.mktemp("work"))
        return made[kind]

    yield work
    for it in made.values():
        if it.keeper:
            it.keeper.connection.close()


@pytest.fixture
def work(database: str, request: pytest.FixtureRequest, works: Callable[[str, str], Work]) -> Work:
    """The application and database of this test, empty."""
    server = request.getfixturevalue("postgres_server") if database == "postgresql" else ""
    found = works(database, server)
    found.empty()
    return found


@pytest.fixture
def database_url(work: Work) -> str:
    """An empty database, as an address that other processes can use too."""
    return work.url


@pytest.fixture
def app(work: Work, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application with its context; after the test every promise must hold (unless it broke one on purpose)."""
    work.app.config["C2B"] = config_for(work.url, tmp_path)
    yield from _in_context(work.app, request, work.broken_promises)


@pytest.fixture
def fresh_app(
    database: str, request: pytest.FixtureRequest, templates: Callable[[str, str], str], tmp_path: Path
) -> Iterator[Flask]:
    """An application and a database that nothing else uses, for tests that change the schema."""
    if database == "sqlite":
        path = tmp_path / "test.sqlite3"
        shutil.copy(templates("sqlite", ""), path)
        yield from _in_context(create_app(config_for(f"sqlite:///{path}", tmp_path)), request)
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"fresh_{os.getpid()}"
    _admin(server, f"CREATE DATABASE {name} TEMPLATE {templates('postgresql', server)}")
    url = server.replace("/postgres?", f"/{name}?")
    yield from _in_context(create_app(config_for(url, tmp_path)), request)
    _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


def _in_context(
    app: Flask, request: pytest.FixtureRequest, ask: Callable[[], list[str]] = broken_promises
) -> Iterator[Flask]:
    with app.app_context():
        try:
            yield app
            db.session.rollback()
            problems = [] if request.node.get_closest_marker("breaks_promises") else ask()
        finally:
            db.session.remove()
            let_go(app)
        assert problems == []


class Browser(FlaskClient):
    """A client whose requests have a transaction of their own, as they have when served."""

    def open(self, *args: Any, **more: Any) -> Any:
        """What the test has made so far is committed first, and nothing is known of an earlier request."""
        db.session.commit()
        for name in list(g):
            g.pop(name)
        try:
            return super().open(*args, **more)
        finally:
            db.session.rollback()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser. Forms need no CSRF token here; the tests of CSRF switch it on."""
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = Browser
    return app.test_client()


@pytest.fixture
def now() -> datetime:
    """The moment of the demo story: Tuesday 20 May 2025, 14:00 in Shanghai."""
    return datetime(2025, 5, 20, 6, 0, tzinfo=UTC)


@pytest.fixture
def make(app: Flask, now: datetime) -> Make:
    """People and things, complete where the test says nothing."""
    return Make(now)


@pytest.fixture
def diary(app: Flask) -> Callable[[], list[tuple[str, dict[str, Any]]]]:
    """What was written into the diary, oldest first, as (kind, data)."""

    def read() -> list[tuple[str, dict[str, Any]]]:
        return [(line.kind, line.data) for line in db.session.scalars(select(Event).order_by(Event.id))]

    return read


@pytest.fixture
def sign_in() -> Callable[[FlaskClient, User], None]:
    """Sign a person in without the form."""

    def into(client: FlaskClient, user: User) -> None:
        with client.session_transaction() as session:
            session["_user_id"] = user.get_id()
            session["_fresh"] = True

    return into


def pytest_configure(config: pytest.Config) -> None:
    """Name our own marks."""
    config.addinivalue_line("markers", "breaks_promises: the test leaves broken promises behind on purpose")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in the last lines if one of the two databases, or the browser, was missing."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    if any("no PostgreSQL" in reason for reason in skipped):
        terminalreporter.write_line(
            "PostgreSQL was NOT tested: it could not be had on this machine.", red=True
        )
    if any("no Chromium" in reason for reason in skipped):
        terminalreporter.write_line(
            "The pages were NOT tested in a browser: Chromium is missing"
            " (apt-get install chromium-headless-shell fonts-noto-cjk).",
            red=True,
        )
