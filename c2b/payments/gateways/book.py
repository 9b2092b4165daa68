"""The sandbox provider's own book: what was asked, what is held, what was charged. A database of its own.

It is apart from the shop's database on purpose: the two books can be compared, and one outlives the other.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TABLES = """
create table if not exists setup (
  account text not null, reference text primary key, customer text not null, return_url text not null,
  token text, label text, fingerprint text
);
create table if not exists request (
  account text not null, key text not null, asked text not null, state text not null,
  reference text, code text,
  primary key (account, key)
) without rowid;
create table if not exists hold (
  reference text primary key, account text not null, key text not null, token text not null, pledge text,
  amount integer not null, currency text not null, captured integer not null default 0, state text not null
) without rowid;
create index if not exists hold_by_token on hold (account, token);
create table if not exists tries (
  account text, key text, n integer not null, primary key (account, key)
) without rowid;
create table if not exists script (
  account text, token text, at integer, answer text, primary key (account, token, at)
);
"""


class Book:
    """One SQLite file, or memory. Safe for several threads and, as a file, for several processes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One change of the book: whole, or not at all."""
        with self._lock:
            connection = self._connected()
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    def read(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """The rows of one question."""
        with self._lock:
            return self._connected().execute(sql, values).fetchall()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None or self._process != os.getpid():  # a fork needs one of its own
            self._connection = self._connect()
            self._process = os.getpid()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        if self.path != ":memory:":
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=15, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=wal", "synchronous=normal"):
            connection.execute("pragma " + pragma)
        connection.executescript(TABLES)
        return connection
