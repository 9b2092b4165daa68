"""Two clocks on one database: one is active, the other takes over when it dies."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from c2b.config import ROOT
from c2b.core.claims import Claim
from c2b.core.db import db, is_sqlite
from c2b.core.runs import Run

Start = Callable[..., subprocess.Popen[bytes]]
PATIENCE = 60.0


@pytest.fixture
def start(database_url: str) -> Iterator[Start]:
    """Start a clock; those that still run are ended after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def one(*more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.races.one_clock", database_url, *more]
        started.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL))
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait()


def wait_until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def ask(statement: Any) -> Any:
    """One value; the transaction ends at once, as it would keep the clocks out on SQLite."""
    try:
        return db.session.scalar(statement)
    finally:
        db.session.rollback()


def runs_of(process: subprocess.Popen[bytes]) -> int:
    return int(ask(select(func.count()).where(Run.process.contains(f":{process.pid}:"))))


def leader_among(*processes: subprocess.Popen[bytes]) -> subprocess.Popen[bytes] | None:
    holder = ask(select(Claim.holder).where(Claim.work == "clock")) or ""
    return next((process for process in processes if f":{process.pid}:" in holder), None)


def writes_are_free() -> bool:
    """Whether nobody else is within a transaction that writes to what the clocks write to."""
    try:
        if is_sqlite():
            db.session.execute(select(Claim.work))  # every transaction of SQLite begins with the lock
        else:
            db.session.execute(text("LOCK TABLE claim, run IN EXCLUSIVE MODE NOWAIT"))
    except OperationalError:
        return False
    finally:
        db.session.rollback()
    return True


def freeze(clock: subprocess.Popen[bytes]) -> None:
    """Stop a clock between two transactions: within one it would hold what the other needs, on SQLite all."""

    def frozen() -> bool:
        clock.send_signal(signal.SIGSTOP)
        if writes_are_free():
            return True
        clock.send_signal(signal.SIGCONT)
        return False

    wait_until(frozen, "the clock never is between two transactions")


def test_one_of_two_clocks_is_active_and_the_other_takes_over_when_it_is_killed(
    app: Flask, start: Start
) -> None:
    first, second = start(), start()
    wait_until(lambda: leader_among(first, second) is not None, "nobody took the lease")
    leader = leader_among(first, second)
    other = second if leader is first else first
    assert leader is not None
    wait_until(lambda: runs_of(leader) >= 4, "the active clock does not tick")
    assert runs_of(other) == 0

    leader.send_signal(signal.SIGKILL)
    leader.wait()
    before = runs_of(leader)
    wait_until(lambda: runs_of(other) >= 3, "the other clock did not take over")

    assert runs_of(leader) == before
    dues = db.session.execute(select(Run.name, Run.due_at)).all()
    assert len(dues) == len(set(dues))


def test_a_clock_that_is_told_to_end_gives_its_lease_back(app: Flask, start: Start) -> None:
    clock = start()
    wait_until(lambda: runs_of(clock) >= 1, "the clock does not tick")

    clock.send_signal(signal.SIGTERM)

    assert clock.wait(PATIENCE) == 0
    assert leader_among(clock) is None
    assert ask(select(func.count()).where(Run.finished_at.is_(None))) == 0


def test_a_frozen_clock_begins_nothing_more_once_another_has_its_lease(app: Flask, start: Start) -> None:
    frozen = start()
    wait_until(lambda: runs_of(frozen) >= 1, "the clock does not tick")
    freeze(frozen)
    other = start()
    wait_until(lambda: runs_of(other) >= 2, "the other clock did not take over")
    before = runs_of(frozen)

    frozen.send_signal(signal.SIGCONT)
    wait_until(lambda: runs_of(other) >= 5, "the other clock stopped")

    assert runs_of(frozen) - before in (0, 1)  # a tick may have asked for the lease just before it froze
    assert leader_among(frozen, other) is other


def test_without_the_lease_both_clocks_are_active(app: Flask, start: Start) -> None:
    """The twin of the first test, its guard switched off."""
    first, second = start("unguarded"), start("unguarded")
    wait_until(lambda: runs_of(first) >= 1 and runs_of(second) >= 1, "the guard does not matter")
