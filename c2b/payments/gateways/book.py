"""The sandbox provider's own book: what was asked, what is held, what was charged. A database of its own.

It is apart from the shop's database on purpose: the two books can be compared, and one outlives the other.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EDITION = 2
TABLES = """
create table if not exists setup (
  account text not null, reference text primary key, customer text not null, return_url text not null,
  token text, label text, fingerprint text, kind text not null default 'card'
);
create table if not exists request (
  number integer primary key, account text not null, key text not null, asked text not null,
  state text not null, reference text, code text, fee integer, expires_at text, amount integer, currency text,
  arrived real not null default 0, forgotten integer not null default 0
);
create unique index if not exists request_key on request (account, key) where forgotten = 0;
create table if not exists hold (
  reference text primary key, account text not null, key text not null, token text not null, pledge text,
  amount integer not null, currency text not null, captured integer not null default 0, state text not null,
  refunded integer not null default 0, expires_at text not null default '9'
) without rowid;
create index if not exists hold_by_token on hold (account, token);
create table if not exists payout (
  reference text primary key, account text not null, key text not null, destination text not null,
  amount integer not null, currency text not null, state text not null, reason text, at text not null
) without rowid;
create table if not exists dispute (
  reference text primary key, account text not null, payment text not null, amount integer not null,
  currency text not null, fee integer not null, state text not null, reason text not null,
  opened_at text not null, answer_by text not null, words text, answered_at text
) without rowid;
create table if not exists line (
  number integer primary key, account text not null, kind text not null, key text, reference text not null,
  amount integer not null, fee integer not null, currency text not null, at text not null
);
create table if not exists event (
  number integer primary key, account text not null, id text not null unique, kind text not null, key text,
  reference text, at text not null, delivered integer not null default 0
);
create index if not exists event_waiting on event (account, number) where delivered = 0;
create table if not exists gone (account text, token text, primary key (account, token)) without rowid;
create table if not exists tries (
  account text, key text, n integer not null, primary key (account, key)
) without rowid;
create table if not exists script (
  account text, token text, at integer, answer text, primary key (account, token, at)
);
"""
# A book of the first edition: its rows stay as they are, and get what is new.
GROW = (
    "alter table setup add column kind text not null default 'card'",
    "alter table hold add column refunded integer not null default 0",
    "alter table hold add column expires_at text not null default '9'",
    "alter table request rename to request_1",
    TABLES,
    "insert into request (account, key, asked, state, reference, code)"
    " select account, key, asked, state, reference, code from request_1",
    "drop table request_1",
)


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

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row of one question, if there is one."""
        rows = self.read(sql, *values)
        return rows[0] if rows else None

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
        _make_tables(connection)
        return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    if connection.execute("pragma user_version").fetchone()[0] == EDITION:
        return
    connection.execute("begin immediate")  # two processes may open a new book at once
    found = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
    old = "request" in found and "line" not in found
    for part in GROW if old else (TABLES,):
        for statement in part.split(";"):
            connection.execute(statement)
    connection.execute(f"pragma user_version = {EDITION}")
    connection.execute("commit")
