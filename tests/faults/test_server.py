"""PostgreSQL dies, loses connections, locks: nobody is charged twice, and people hear "try again" (F-15…F-18)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from c2b import create_app
from c2b.accounts.models import User
from c2b.core import db as core_db
from c2b.core.db import db, lock, transaction
from c2b.orders.models import Order
from c2b.payments.attempts import as_asked, read, requests
from c2b.payments.gateways.webhooks import HEADER, sign
from c2b.payments.models import Attempt, InboxEvent
from c2b.pipeline.models import Launch
from c2b.web import errors
from tests.conftest import Browser, _in_context, config_for
from tests.factories import Make
from tests.orders.conftest import run_jobs, sandbox
from tests.postgres import NoPostgres, Server

Launches = Callable[..., Launch]
CARDS = [(2, "ok"), (1, "ok"), (3, "ok")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may be crashed, with one migrated database to copy."""
    try:
        found = Server("fsync=off", "synchronous_commit=on", "deadlock_timeout=100ms")
    except NoPostgres as reason:
        pytest.skip(f"no PostgreSQL: {reason}")
    admin(found, "CREATE DATABASE sound")
    app = create_app(config_for(address(found, "sound"), tmp_path_factory.mktemp("sound")))
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()
    yield found
    found.stop()


def address(server: Server, name: str) -> str:
    return server.url.replace("/postgres?", f"/{name}?")


def admin(server: Server, statement: str) -> None:
    with psycopg.connect(f"host={server.folder} user=c2b dbname=postgres", autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]  # a plain string


@pytest.fixture
def app(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application on that server; every promise must hold at the end."""
    admin(server, "DROP DATABASE IF EXISTS shop WITH (FORCE)")
    admin(server, "CREATE DATABASE shop TEMPLATE sound")
    app = create_app(config_for(address(server, "shop"), tmp_path))
    yield from _in_context(app, request)


@contextmanager
def at_statement(n: int, strike: Callable[[], None]) -> Iterator[None]:
    """Something strikes just before the nth statement of this process."""
    count = 0

    def before(*_args: Any) -> None:
        nonlocal count
        count += 1
        if count == n:
            strike()

    event.listen(db.engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", before)


def crash(server: Server) -> None:
    """A power cut, and the server is started again."""
    server.crash()
    server.start()


def charge_until_done(now: datetime) -> None:
    """The clock goes on by the minute; a pass that is disturbed is one that did not happen."""
    for minute in range(12):
        with suppress(DBAPIError):
            run_jobs(now + timedelta(minutes=minute))
        db.session.rollback()


def nobody_was_charged_twice(pledges: int) -> None:
    """Both books: one charge for each pledge, one order for each charge, one key for each request."""
    captured = [hold for hold in sandbox().holds() if hold["captured"]]
    assert len(captured) == len({hold["pledge"] for hold in captured}) == pledges
    assert db.session.scalar(select(func.count(Order.id))) == pledges
    assert db.session.scalar(select(func.count(Attempt.id)).where(Attempt.generation > 1)) == 0


@pytest.mark.parametrize("n", [4, 30, 75])
def test_f15_the_server_is_stopped_at_once_while_cards_are_charged(
    server: Server,
    launch: Launches,
    now: datetime,
    n: int,
) -> None:
    """F-15: immediate stop before any statement: we connect again, and what is not known is looked up by its key."""
    launch(CARDS)
    db.session.rollback()
    with at_statement(n, lambda: crash(server)):
        charge_until_done(now)
    nobody_was_charged_twice(len(CARDS))


@pytest.mark.parametrize("n", [2, 6, 9])
def test_f15_a_commit_whose_answer_is_lost_is_found_out_and_not_repeated(
    server: Server,
    launch: Launches,
    now: datetime,
    n: int,
) -> None:
    """F-15: the commit has happened, and the server dies before it says so."""
    launch(CARDS)
    db.session.rollback()
    count = 0

    def committed_and_gone(connection: Any) -> None:
        nonlocal count
        count += 1
        if count == n:
            connection.connection.driver_connection.commit()
            crash(server)

    event.listen(db.engine, "commit", committed_and_gone)
    try:
        charge_until_done(now)
    finally:
        event.remove(db.engine, "commit", committed_and_gone)
    assert count > n
    nobody_was_charged_twice(len(CARDS))


@pytest.mark.breaks_promises
def test_f15_with_keys_drawn_at_random_a_lost_commit_would_charge_twice(
    server: Server,
    launch: Launches,
    now: datetime,
) -> None:
    """The twin, at the provider: the same request under another key is another charge."""
    launch([(2, "ok")])
    run_jobs(now)
    bank = sandbox()
    attempt = db.session.scalars(select(Attempt).where(Attempt.purpose == "authorise")).one()
    asked = as_asked(read(requests().where(Attempt.id == attempt.id))[0])
    db.session.rollback()
    before = len(bank.holds())
    bank.authorise(asked)
    assert len(bank.holds()) == before
    bank.authorise(replace(asked, key="drawn-at-random"))
    assert len(bank.holds()) == before + 1


@pytest.mark.parametrize("n", [3, 12, 40, 60])
def test_f16_a_connection_is_cut_while_cards_are_charged(
    server: Server,
    launch: Launches,
    now: datetime,
    n: int,
) -> None:
    """F-16: `pg_terminate_backend` on every connection of ours."""
    launch(CARDS)
    db.session.rollback()
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'"
    with at_statement(n, lambda: admin(server, cut)):
        charge_until_done(now)
    nobody_was_charged_twice(len(CARDS))


@pytest.fixture
def served(app: Flask) -> FlaskClient:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = Browser
    return app.test_client()


def tell(client: FlaskClient, name: str) -> Any:
    body = f'{{"id": "{name}", "kind": "other"}}'.encode()
    shop = sandbox()
    return client.post(
        "/webhooks/sandbox", data=body, headers={HEADER: sign(body, shop.secrets, datetime.now(UTC))}
    )


def test_f17_a_lock_that_is_not_let_go_is_a_clear_503(
    server: Server, served: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-17: the wait for a lock is bounded while a person waits; nothing is half-done, and later it works."""
    monkeypatch.setattr(core_db, "LONGEST_WAIT", "50ms")
    sandbox()
    with psycopg.connect(f"host={server.folder} user=c2b dbname=shop") as other:
        other.execute("LOCK TABLE inbox_event IN ACCESS EXCLUSIVE MODE")
        answer = tell(served, "evt-1")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        other.rollback()
    assert db.session.scalar(select(func.count(InboxEvent.id))) == 0
    assert tell(served, "evt-1").status_code == 200


def test_f17_of_two_who_wait_for_each_other_one_is_told_to_try_again(app: Flask, make: Make) -> None:
    """F-17: a deadlock: the server ends one, whose act is rolled back whole; it is the error that becomes a 503."""
    one, two = make.user("One").id, make.user("Two").id
    db.session.rollback()
    both, ends = Barrier(2), []

    def act(first: int, second: int) -> None:
        with app.app_context():
            try:
                with transaction():
                    lock(User, first).name = "changed"
                    db.session.flush()
                    both.wait(10)
                    lock(User, second).name = "changed"
                ends.append("done")
            except OperationalError as problem:
                ends.append(type(problem.orig).__name__)
            db.session.remove()

    threads = [Thread(target=act, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["DeadlockDetected", "done"]
    assert app.error_handler_spec[None][None][OperationalError] is errors._busy
    assert set(db.session.scalars(select(User.name))) == {"changed"}


def test_f18_where_all_connections_are_taken_people_are_told_to_come_again(
    app: Flask, served: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-18: the pool is exhausted: 503 with Retry-After, after five seconds at most."""
    pool: Any = db.engine.pool
    assert pool._timeout <= 5
    monkeypatch.setattr(pool, "_timeout", 0.05)
    db.session.remove()
    taken = [db.engine.connect() for _ in range(pool.size() + pool._max_overflow)]
    answer = served.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert served.get("/healthz").status_code == 503
    for connection in taken:
        connection.close()
    assert served.get("/healthz").status_code == 200
