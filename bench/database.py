"""Databases to measure on: a PostgreSQL of our own that makes everything durable, SQLite files, both on disk."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from bench.rows import Failed
from c2b import create_app
from c2b.config import ROOT, Config, load
from c2b.core.db import db
from tests import postgres

SECRET = "a key that only the benchmarks know, long enough"
DURABLE = (
    "fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=512MB", "max_connections=400",
    "max_wal_size=4GB", "checkpoint_timeout=15min",
)  # fmt: skip
EMPTY = "template_empty"
Fill = Callable[[Flask], Any]


class Databases:
    """Everything of one kind: an empty migrated one, those that were filled, and copies of them."""

    def __init__(self, kind: str, folder: Path, server: postgres.Server | None) -> None:
        self.kind, self.folder, self.server = kind, folder, server
        self.filled: dict[str, str] = {}

    def filled_with(self, name: str, fill: Fill | None = None) -> str:
        """The address of the database of this name; made, migrated and filled when it is first asked for."""
        if name not in self.filled:
            self._empty()
            url = self.copy_of(EMPTY, name)
            if fill is not None:
                with_app(url, self.folder, fill)
                analyse(url)
            self.filled[name] = url
        return self.filled[name]

    def _empty(self) -> None:
        """Make the migrated database without rows that all others are copied from."""
        if EMPTY not in self.filled:
            url = self._create(EMPTY)
            command(url, self.folder, "migrate")
            self.filled[EMPTY] = url

    def copy_of(self, name: str, as_name: str) -> str:
        """A copy of a filled database, which nobody may be connected to; what was there under that name is gone."""
        if self.server is not None:
            return self._create(as_name, f' TEMPLATE "{name}"')
        source, url = _file(self.filled[name]), self._create(as_name)
        with sqlite3.connect(source) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(source, _file(url))
        return url

    def _create(self, name: str, more: str = "") -> str:
        if self.server is None:
            path = self.folder / f"{name}.sqlite3"
            for old in self.folder.glob(f"{name}.sqlite3*"):
                old.unlink()
            return f"sqlite:///{path}"
        with psycopg.connect(
            host=self.server.folder, user="c2b", dbname="postgres", autocommit=True
        ) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            admin.execute(f'CREATE DATABASE "{name}"{more}')
        return self.server.url.replace("/postgres?", f"/{name}?")


class Server(postgres.Server):
    """PostgreSQL as one would run it: on disk, with fsync."""

    def __init__(self) -> None:
        super().__init__(*DURABLE)

    @cached_property
    def pgbench(self) -> Path:
        """The load generator that comes with it; it may be missing from a server installed by pip."""
        return self.binaries / "pgbench"


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


def dsn(url: str) -> str:
    """What psycopg and libpq take for a PostgreSQL address of ours."""
    name, _mark, host = url.partition("@/")[2].partition("?host=")
    return f"host={host} user=c2b dbname={name}"


def settings(url: str, folder: Path, **more: str) -> dict[str, str]:
    """The environment of a product's process on this database; nothing leaves the machine."""
    return {
        "C2B_DATABASE_URL": url,
        "C2B_FILES_DIR": str(folder / "files"),
        "C2B_SANDBOX_BOOK": str(folder / "sandbox.sqlite3"),
        "C2B_SECRET_KEY": SECRET,
        "C2B_LOG_LEVEL": "error",
        **more,
    }


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    """This process's environment with the settings of a site in place of its own."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("C2B_")}
    return plain | settings(url, folder, **more)


def command(url: str, folder: Path, *words: str) -> str:
    """Run a command of the product on a database; Failed with what it said where it fails."""
    done = subprocess.run(
        [sys.executable, "-c", "from c2b.cli import main; main()", *words],
        cwd=ROOT, env=environment(url, folder), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"c2b {' '.join(words)} says:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def application(url: str, folder: Path, **more: str) -> Flask:
    """The product's application in this process, for filling and for signing sessions."""
    config: Config = load(settings(url, folder, **more))
    return create_app(config)


def with_app(url: str, folder: Path, act: Fill, **more: str) -> Any:
    """Do something in the context of an application of this database; nobody stays connected."""
    app = application(url, folder, **more)
    with app.app_context():
        try:
            return act(app)
        finally:
            db.session.remove()
            db.engine.dispose()


def analyse(url: str) -> None:
    """Let the planner know what is there, and write it out now rather than while something is measured."""
    if url.startswith("sqlite"):
        with sqlite3.connect(_file(url)) as connection:
            connection.execute("ANALYZE")
        return
    with psycopg.connect(dsn(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
