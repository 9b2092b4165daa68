"""A demo site of one's own to click through: seeded once a test run, copied for each server."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TypeVar

from flask import Flask

from c2b import create_app
from c2b.config import ROOT, Config, load
from c2b.core import clock
from c2b.core.db import db, transaction
from jobs.registry import all_jobs

T = TypeVar("T")
COMMAND = [sys.executable, "-c", "from c2b.cli import main; main()"]
SECRET = "a key that only these tests know, long enough"
FILE = "c2b.sqlite3"
PATIENCE = 300.0  # seconds that a server may take to answer


def settings(folder: Path, port: int = 8000, **more: str) -> dict[str, str]:
    """The environment of a demo site whose data is in this folder."""
    return {
        "C2B_DEMO": "1",
        "C2B_DATABASE_URL": f"sqlite:///{folder / FILE}",
        "C2B_FILES_DIR": str(folder / "files"),
        "C2B_SANDBOX_BOOK": str(folder / "sandbox.sqlite3"),
        "C2B_SECRET_KEY": SECRET,
        "C2B_PORT": str(port),
        "C2B_BASE_URL": f"http://127.0.0.1:{port}",
        "C2B_LOG_LEVEL": "warning",
        **more,
    }


def seeded(root: Path) -> Path:
    """The folder of the seeded demo: made by the first process of this run that asks, while the others wait."""
    folder = root / "demo"
    with (root / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            folder.mkdir(exist_ok=True)
            for words in (["migrate"], ["seed", "--if-empty"]):
                _command(words, folder)
            (folder / "complete").touch()
    return folder


def _command(words: list[str], folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=ROOT, env=_plain_environment() | settings(folder), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"c2b {' '.join(words)} failed:\n{done.stdout}{done.stderr}")


def _plain_environment() -> dict[str, str]:
    """What this process was told, less what it was told about sites."""
    return {key: value for key, value in os.environ.items() if not key.startswith("C2B_")}


class Site:
    """A running server on a copy of the demo, and the same database at hand in this process."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = settings(folder, self.port, **more)
        self.config: Config = load(self.environment)
        self.log: IO[bytes] = (folder / "server.log").open("wb")
        self._app: Flask | None = None
        self.process = subprocess.Popen(
            [*COMMAND, "web"], cwd=ROOT, env=_plain_environment() | self.environment,
            stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True
        )  # fmt: skip

    def wait(self) -> "Site":
        """Come back when the server answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=60):
                    return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.end()
        raise RuntimeError(f"The site does not answer:\n{self.said()}")

    def said(self) -> str:
        """What the server wrote, for the message of a failure."""
        return (self.folder / "server.log").read_text(errors="replace")[-4000:]

    def end(self) -> None:
        """Stop the server and let the database go."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)  # its workers with it
            self.process.wait()
        self.log.close()
        if self._app is not None:
            with self._app.app_context():
                for engine in db.engines.values():
                    engine.dispose()

    @property
    def app(self) -> Flask:
        """The application over the same database, for questions that no page answers."""
        if self._app is None:
            self._app = create_app(self.config)
        return self._app

    def ask(self, question: Callable[[], T]) -> T:
        """The answer to a question to the database; plain values, since the session ends with it."""
        with self._at_its_time():
            return question()

    def run_jobs(self, *names: str) -> None:
        """One pass of the clock: every job (or these) once, at the site's now."""
        with self._at_its_time() as now:
            for name, job in all_jobs().items():
                if not names or name in names:
                    job.run(now)

    def forward(self, by: timedelta) -> None:
        """Set the site's clock forward; nothing happens before the jobs run."""
        with self._at_its_time(), transaction():
            clock.set_forward(by)

    @contextmanager
    def _at_its_time(self) -> Iterator[datetime]:
        with self.app.app_context():
            clock.read_demo_clock()
            db.session.rollback()
            try:
                yield clock.utcnow()
            finally:
                db.session.remove()
                clock.forget()


@contextmanager
def running(demo: Path, folder: Path, **more: str) -> Iterator[Site]:
    """A server on a copy of the demo, ended afterwards."""
    shutil.copytree(demo, folder, dirs_exist_ok=True)
    site = Site(folder, **more).wait()
    try:
        yield site
    finally:
        site.end()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
