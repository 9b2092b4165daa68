"""What every test stands on: a fresh database on each engine, people and things to test with, promises kept."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import select

from c2b import create_app
from c2b.accounts.models import User
from c2b.config import Config, load
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.core.events import Event
from tests import postgres
from tests.factories import Make

settings.register_profile("default", deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
settings.load_profile("default")

DATABASES = ("sqlite", "postgresql")
NO_POSTGRES: list[str] = []


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
        return postgres.start()
    except postgres.NoPostgres as reason:
        NO_POSTGRES.append(str(reason))
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


def build_schema() -> None:
    """Every table, as the migrations make them."""
    from flask_migrate import upgrade

    from c2b.config import ROOT

    if any((ROOT / "c2b" / "migrations" / "versions").glob("*.py")):
        upgrade()
    else:
        db.create_all()


def _admin(server: str, statement: str) -> None:
    host = server.partition("host=")[2]
    with psycopg.connect(f"host={host} user=c2b dbname=postgres", autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Which database this test runs on; a test may parametrize it itself."""
    return str(request.param)


@pytest.fixture
def database_url(
    database: str, request: pytest.FixtureRequest, templates: Callable[[str, str], str], tmp_path: Path
) -> Iterator[str]:
    """A fresh database, as an address that other processes can use too."""
    if database == "sqlite":
        path = tmp_path / "test.sqlite3"
        shutil.copy(templates("sqlite", ""), path)
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"test_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**9}"
    _admin(server, f"CREATE DATABASE {name} TEMPLATE {templates('postgresql', server)}")
    yield server.replace("/postgres?", f"/{name}?")
    _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def app(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application with its context; after the test every promise must hold (unless it broke one on purpose)."""
    app = create_app(config_for(database_url, tmp_path))
    with app.app_context():
        yield app
        db.session.rollback()
        problems = [] if request.node.get_closest_marker("breaks_promises") else broken_promises()
        db.session.remove()
        db.engine.dispose()
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
    """Say in the last lines if one of the two databases was missing."""
    if any("no PostgreSQL" in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(
            "PostgreSQL was NOT tested: it could not be had on this machine.", red=True
        )
