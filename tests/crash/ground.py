"""The ground that a scenario stands on: a database and the provider's book, looked at and put back in milliseconds.

Everything here goes round the application: what a dead process left behind is read by nobody who could mend it.
"""

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests import keeper
from tests.conftest import Work

Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Table:
    """The rows of one table, as words; `floats` are the columns that hold real time (leases, buckets)."""

    columns: tuple[str, ...]
    rows: Rows
    floats: frozenset[str] = frozenset()

    def without(self, *names: str) -> Rows:
        """The rows without these columns."""
        kept = [n for n, name in enumerate(self.columns) if name not in names]
        return [tuple(row[n] for n in kept) for row in self.rows]


@dataclass(frozen=True)
class Snapshot:
    """All that outlives a process: the database's tables, and those of the provider's and the post's books."""

    tables: dict[str, Table]
    files: dict[str, bytes]  # SQLite alone: the database file; always: the books
    numbers: tuple[tuple[str, int | None], ...] = ()  # PostgreSQL: where its sequences stand

    @property
    def digest(self) -> str:
        """The same for two states that nobody can tell apart (but for the length of leases)."""
        found = hashlib.sha256()
        for name in sorted(self.tables):
            table = self.tables[name]
            found.update(name.encode())
            blank = ("holder", *table.floats)
            for row in sorted(table.without(*blank)):
                found.update("\x1f".join(row).encode() + b"\n")
        return found.hexdigest()


class Ground:
    """The database of one test application, and the books beside it."""

    def __init__(self, work: Work, books: tuple[Path, ...]) -> None:
        self.work, self.books = work, books
        self.kind = work.kind

    def look(self) -> Snapshot:
        """What is there now; leases are taken to have run out."""
        tables: dict[str, Table] = {}
        files: dict[str, bytes] = {}
        for book in self.books:
            if book.exists():
                tables |= {f"book.{name}": table for name, table in _read(book)}
                files[str(book)] = book.read_bytes()
        if self.kind == "sqlite":
            tables |= dict(_read(self.work.file, "UPDATE claim SET until = 0"))
            files[str(self.work.file)] = self.work.file.read_bytes()
            return Snapshot(tables, files)
        with self._connected() as connection:
            _wait_until_alone(connection)
            connection.execute("UPDATE claim SET until = 0")
            return Snapshot(tables | _dump(connection), files, _numbers(connection))

    def put_back(self, saved: Snapshot) -> None:
        """Make everything as it was when it was looked at."""
        for file in (*self.books, *([self.work.file] if self.kind == "sqlite" else [])):
            for ending in ("-wal", "-shm", ""):
                Path(f"{file}{ending}").unlink(missing_ok=True)
            if str(file) in saved.files:
                file.write_bytes(saved.files[str(file)])
        if self.kind == "postgresql":
            # Alone first: inside a transaction, who is connected is a picture that never changes.
            with self._connected() as connection:
                _wait_until_alone(connection)
                with connection.transaction():
                    self._rewrite(connection, saved)

    def _rewrite(self, connection: psycopg.Connection, saved: Snapshot) -> None:
        connection.execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
        for name, table in _dump(connection).items():
            wanted = saved.tables[name]
            if wanted.rows == table.rows:
                continue
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            columns = sql.SQL(", ").join(map(sql.Identifier, wanted.columns))
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), columns)
            with connection.cursor().copy(into) as copy:
                for row in wanted.rows:
                    copy.write("\t".join(row) + "\n")
        _count_from(connection, saved.numbers)

    def forget_lost_numbers(self) -> None:
        """PostgreSQL does not give out a number twice; here it does, so that two runs can be compared."""
        if self.kind == "postgresql":
            with self._connected() as connection:
                _wait_until_alone(connection)
                counted = [name for name, columns, _floats in _shape(connection) if "id" in columns]
                ask = (
                    "SELECT setval(pg_get_serial_sequence({}, 'id'), coalesce(max(id), 1), max(id) IS NOT NULL)"
                    " FROM {}"
                )
                asked = [
                    sql.SQL(ask).format(sql.Literal(f'"{name}"'), sql.Identifier(name)) for name in counted
                ]
                connection.execute(sql.SQL(" UNION ALL ").join(asked))

    def _connected(self) -> psycopg.Connection:
        host = self.work.server.partition("host=")[2]
        return psycopg.connect(f"host={host} user=c2b dbname={self.work.name}", autocommit=True)


def _read(file: Path, *before: str) -> Iterator[tuple[str, Table]]:
    """Its tables; afterwards the file holds all that its write-ahead log held."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in before:
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if name.startswith(("sqlite_", "campaign_search_")):
                continue
            found = connection.execute(f'SELECT * FROM "{name}"')
            columns = tuple(column[0] for column in found.description)
            rows = [tuple(map(str, row)) for row in found]
            yield name, Table(columns, rows, _floats(connection, name) if rows else frozenset())


def _floats(connection: sqlite3.Connection, name: str) -> frozenset[str]:
    kinds = connection.execute(f'SELECT name, type FROM pragma_table_info("{name}")').fetchall()
    return frozenset(column for column, kind in kinds if kind.upper() in ("DOUBLE", "FLOAT", "REAL"))


def _wait_until_alone(connection: psycopg.Connection) -> None:
    """The server notices by itself that a client has died; this waits for it."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        f" AND application_name <> '{keeper.NAME}'"
    )
    since = time.monotonic()
    while connection.execute(others).fetchone() != (0,):
        waited = time.monotonic() - since
        if waited > 60:
            told = others.replace("count(*)", "pid, backend_start, state, wait_event_type, wait_event, query")
            raise TimeoutError(
                f"a dead client's connection is still there: {connection.execute(told).fetchall()}"
            )
        if waited > 10:  # it waits for something itself, and would look only then whether its client lives
            connection.execute(others.replace("count(*)", "pg_terminate_backend(pid)"))
        time.sleep(0.001)


_KINDS: dict[str, list[tuple[str, tuple[str, ...], frozenset[str]]]] = {}


def _shape(connection: psycopg.Connection) -> list[tuple[str, tuple[str, ...], frozenset[str]]]:
    """Every table with its columns; the schema of a test database does not change."""
    name = connection.info.dbname
    if name not in _KINDS:
        found: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in connection.execute(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'"
            " ORDER BY c.table_name, c.ordinal_position"
        ):
            found.setdefault(table, []).append((column, kind))
        _KINDS[name] = [
            (
                table,
                tuple(column for column, _kind in columns),
                frozenset(column for column, kind in columns if kind in ("double precision", "real")),
            )
            for table, columns in found.items()
        ]
    return _KINDS[name]


def _dump(connection: psycopg.Connection) -> dict[str, Table]:
    """Every table; only those with rows are read."""
    shapes = _shape(connection)
    exists = sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})")
    asked = [exists.format(sql.Literal(name), sql.Identifier(name)) for name, *_rest in shapes]
    filled = {name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(asked))}
    return {
        name: Table(columns, _copied(connection, name, columns) if name in filled else [], floats)
        for name, columns, floats in shapes
    }


def _copied(connection: psycopg.Connection, name: str, columns: tuple[str, ...]) -> Rows:
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    out = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(name), listed)
    with connection.cursor().copy(out) as copy:
        text = b"".join(bytes(part) for part in copy).decode()
    return [tuple(line.split("\t")) for line in text.split("\n")[:-1]]


def _numbers(connection: psycopg.Connection) -> tuple[tuple[str, int | None], ...]:
    found = connection.execute(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
    )
    return tuple(sorted(found.fetchall()))


def _count_from(connection: psycopg.Connection, numbers: tuple[tuple[str, int | None], ...]) -> None:
    asked = [
        sql.SQL("SELECT setval({}, {}, {})").format(
            sql.Literal(name), last or 1, sql.Literal(last is not None)
        )
        for name, last in numbers
    ]
    connection.execute(sql.SQL(" UNION ALL ").join(asked))
