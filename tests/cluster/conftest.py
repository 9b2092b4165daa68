"""A sale and the processes that bring it about: clocks and workers, with a broker or without."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from c2b.config import ROOT
from c2b.core.db import db
from c2b.core.runs import Run
from tests.broker import Broker, NoBroker

PATIENCE = 300.0


@pytest.fixture(params=["postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Several processes are for PostgreSQL."""
    return str(request.param)


@pytest.fixture
def now() -> datetime:
    """The processes live by the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A Redis of this test's own; where there is none the run says so (or fails, if strict)."""
    try:
        found = Broker()
    except NoBroker as reason:
        if os.environ.get("C2B_TEST_STRICT") == "1":
            pytest.fail(f"Redis is needed here: {reason}")
        pytest.skip(f"no Redis: {reason}")
    yield found
    found.stop()


class Cluster:
    """The processes of one test, on its database."""

    def __init__(self, url: str, folder: Path) -> None:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("C2B_")}
        self.env = plain | {
            "C2B_DATABASE_URL": url,
            "C2B_ENVIRONMENT": "test",
            "C2B_DEMO": "1",  # so that its clock can be set forward
            "C2B_SECRET_KEY": "a key that only the tests know, long enough",
            "C2B_SANDBOX_BOOK": str(folder / "book.sqlite3"),
            "C2B_FILES_DIR": str(folder / "files"),
            "C2B_PROVIDER_RATE": "8",  # slow enough to be killed at
        }
        self.log = (folder / "cluster.log").open("wb")
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, role: str) -> subprocess.Popen[bytes]:
        """Start a clock or a worker."""
        command = [sys.executable, "-m", "tests.cluster.one_process", role]
        process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log)
        self.processes.append(process)
        return process

    def who_runs(self, job: str, among: Sequence[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes] | None:
        """The one of these processes that is in the middle of this job."""
        begun = (Run.name == job, Run.started_at.is_not(None), Run.finished_at.is_(None))
        for one in among:
            if ask(select(Run.id).where(*begun, Run.process.contains(f":{one.pid}:")).limit(1)):
                return one
        return None

    def has_said(self, words: str) -> bool:
        """Whether one of the processes has logged this."""
        return words.encode() in Path(self.log.name).read_bytes()

    def end(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.log.close()


@pytest.fixture
def cluster(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Cluster]:
    """Its processes are ended after the test."""
    one = Cluster(database_url, tmp_path)
    yield one
    one.end()


def ask(statement: Any) -> Any:
    """One value, as it is now."""
    try:
        return db.session.scalar(statement)
    finally:
        db.session.rollback()


def wait_until(true: Callable[[], Any], what: str) -> Any:
    """The first thing that is true."""
    end = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return found


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in the last lines if there was no Redis to test with."""
    if any("no Redis" in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line("Redis was NOT tested: it could not be had on this machine.", red=True)
