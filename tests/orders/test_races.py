"""Many processes charge one launch; each race has a twin whose guards are off, and which must go wrong."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from c2b.config import ROOT
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.payments.models import Attempt
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from tests.orders.conftest import campaign_of, run_jobs, sandbox

Launches = Callable[..., Launch]
Start = Callable[..., "subprocess.Popen[str]"]
PLEDGES, PROCESSES = 300, 3
INDEXES = ("uq_attempt_one_in_flight", "uq_attempt_pledge_success")


@pytest.fixture
def book(app: Flask, tmp_path: Path) -> str:
    """A book at the provider that several processes see."""
    path = str(tmp_path / "book.sqlite3")
    app.config["C2B"] = replace(app.config["C2B"], sandbox_book=path)
    return path


@pytest.fixture
def start(database_url: str, book: str, now: datetime) -> Iterator[Start]:
    """Start a process that charges; it is ready, and waits to be told."""
    started: list[subprocess.Popen[str]] = []

    def one(launch_id: int, act: str, *more: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.orders.one_charger", database_url, book, now.isoformat()]
        pipes: dict[str, Any] = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
        }
        process = subprocess.Popen([*command, str(launch_id), act, *more], cwd=ROOT, text=True, **pipes)
        started.append(process)
        return process

    yield one
    for process in started:
        process.kill()
        process.communicate()


def says(process: "subprocess.Popen[str]") -> str:
    """The next line that is no log."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "ready" or line.strip().isdecimal() or line.startswith("crashed"):
            return line.strip()
    raise RuntimeError("the process ended")


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def drained(launch: Launches, start: Start, monkeypatch: pytest.MonkeyPatch, *more: str) -> list[str]:
    with monkeypatch.context() as patch:
        patch.setattr(db.session, "commit", db.session.flush)  # one transaction for all of them
        it = launch([(1, "ok")] * (PLEDGES if not more else 60))
    launch_id = it.id
    db.session.commit()
    processes = [start(launch_id, "drain", *more) for _ in range(PROCESSES)]
    assert [says(process) for process in processes] == ["ready"] * PROCESSES
    for process in processes:
        go(process)
    return [says(process) for process in processes]


def test_three_processes_share_a_launch_and_each_pledge_is_held_and_charged_once(
    launch: Launches, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = drained(launch, start, monkeypatch)
    holds = sandbox().holds()
    assert Counter(hold["state"] for hold in holds) == {"captured": PLEDGES}
    assert set(Counter(hold["pledge"] for hold in holds).values()) == {1}
    assert sum(map(int, asked)) == 2 * PLEDGES
    assert sum(1 for n in asked if int(n)) >= 2  # one alone proves nothing
    assert len(list(sandbox().book_lines())) == PLEDGES


@pytest.fixture
def without_indexes(app: Flask) -> Iterator[None]:
    """The database takes a second request for the same as well; put right at the end."""
    for index in INDEXES:
        db.session.execute(db.text(f"DROP INDEX {index}"))
    db.session.commit()
    yield
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":  # the other one is a file, and replaced by each test
        db.session.execute(db.text("TRUNCATE attempt CASCADE"))
        db.session.commit()
        for index in Attempt.__table__.indexes:  # type: ignore[attr-defined]
            if index.name in INDEXES:
                index.create(db.engine)


@pytest.mark.breaks_promises
def test_without_locks_and_unique_keys_pledges_are_held_twice(
    launch: Launches, start: Start, monkeypatch: pytest.MonkeyPatch, without_indexes: None
) -> None:
    """The twin of the test above."""
    drained(launch, start, monkeypatch, "unguarded")
    pledges = Counter(hold["pledge"] for hold in sandbox().holds())
    assert max(pledges.values()) > 1
    assert broken_promises("I-22")


def stopped(process: "subprocess.Popen[str]") -> None:
    """Wait until it has stopped itself."""
    _pid, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)


def overtaken(launch: Launches, start: Start, now: datetime, *more: str) -> tuple[Counter[str], str]:
    """A process is stopped before it sends, for a day; others find that nothing arrived, and go on without it."""
    it = launch([(2, "ok")])
    zombie = start(it.id, "sleep", *more)
    db.session.commit()
    assert says(zombie) == "ready"
    go(zombie)
    stopped(zombie)
    for hours in (23, 24, 25):
        run_jobs(now + timedelta(hours=hours))
    assert campaign_of(it) and it.state == LaunchState.SELLING
    db.session.rollback()  # or it would wait for us
    time.sleep(1.1)  # its lease
    os.kill(zombie.pid, signal.SIGCONT)
    booked = says(zombie)
    return Counter(hold["state"] for hold in sandbox().holds()), booked


def test_a_process_that_wakes_up_late_sends_nothing_and_books_nothing(
    launch: Launches, start: Start, now: datetime
) -> None:
    assert overtaken(launch, start, now) == (Counter({"captured": 1}), "0")


@pytest.mark.breaks_promises
def test_without_its_lease_it_would_hold_money_that_nobody_knows_of(
    launch: Launches, start: Start, now: datetime
) -> None:
    """The twin of the test above."""
    assert overtaken(launch, start, now, "unguarded") == (Counter({"captured": 1, "held": 1}), "0")
