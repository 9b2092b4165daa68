"""The database: model base, transactions and locks, the same on SQLite and PostgreSQL.

SQLite writers begin with BEGIN IMMEDIATE, so that a transaction that looks and then writes cannot lose another
one's update; readers (the GET requests) begin plainly and never wait.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from flask import has_request_context
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Integer,
    MetaData,
    Row,
    String,
    TypeDecorator,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from c2b.core.errors import NotFound

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so naive values are refused on the way in and made UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


LONGEST_WAIT = "3s"  # for a lock, while a person waits for the page

Big = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER
Json = JSON().with_variant(JSONB, "postgresql")


class Base(DeclarativeBase):
    registry = registry(
        type_annotation_map={
            datetime: UtcDateTime(),
            int: Big,
            str: String(),
            dict[str, Any]: Json,
            list[Any]: Json,
            list[str]: Json,
        },
        metadata=MetaData(naming_convention=NAMES),
    )


READING = "reading"  # what a session's notes call the transaction that only reads
OWN = "own"  # and the engine whose connections it uses, where that is not the usual one
PLEDGES = "pledges"  # connections that only pledging uses, so that readers never keep it waiting


class ReadingSession(Session):
    """A session whose transaction may be a reader; a connection is asked for with the first statement, not before."""

    def get_bind(self, *args: Any, **more: Any) -> Any:
        engine = self.info.get(OWN) or super().get_bind(*args, **more)
        reading = self.info.get(READING)
        return _reader(engine) if reading is not None and reading is self.get_transaction() else engine


@lru_cache(maxsize=8)
def _reader(engine: Engine) -> Engine:
    """The same engine, whose transactions only read: its connections come from the same pool."""
    options = {"read_only": True}
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    return engine.execution_options(**options)


db = SQLAlchemy(model_class=Base, session_options={"class_": ReadingSession})

if TYPE_CHECKING:

    class Model(Base):
        """A record."""

        __abstract__ = True
        id: Mapped[int]

        def __init__(self, **values: Any) -> None: ...
else:

    class Model(db.Model):
        """A record with a number of its own."""

        __abstract__ = True

        id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)


M = TypeVar("M", bound=Model)


def tune(engine: Engine, patience: int = 15_000) -> None:
    """Give an SQLite engine WAL, full durability, foreign keys and honest transactions, and people short waits.

    `patience` is for how many milliseconds a writer waits for another one on SQLite.
    """
    if engine.dialect.name != "sqlite":
        _answer_soon(engine)
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we send BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={patience}"):
            connection.execute("PRAGMA " + pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        read_only = connection.get_execution_options().get("read_only")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _answer_soon(engine: Engine) -> None:
    """Whoever waits for a page hears "try again" after three seconds; a job may wait for a lock as long as it takes."""

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if has_request_context() and not connection.get_execution_options().get("read_only"):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'")


def begin_read_only() -> None:
    """Make this request's transaction a reader: it takes no write lock, and PostgreSQL refuses writes in it.

    A page that asks nothing costs no connection.
    """
    session = db.session()
    if not session.in_transaction():
        session.begin()
    session.info[READING] = session.get_transaction()


def use_connections_of(name: str) -> None:
    """This session, from its first statement on, uses the connections kept for this; else the usual ones."""
    db.session().info[OWN] = db.engines.get(name)


def glance(statement: Executable, **values: Any) -> Sequence[Row[Any]]:
    """A few rows, read without a lock and without a transaction that stays open behind it."""
    if db.session().in_transaction():  # which has a connection already, or has none to give back
        return db.session.execute(statement, values).all()
    options: dict[str, Any] = {"read_only": True}
    if not is_sqlite():
        options["isolation_level"] = "AUTOCOMMIT"
    with db.engine.connect().execution_options(**options) as connection:
        return connection.execute(statement, values).all()


@contextmanager
def transaction() -> Iterator[None]:
    """One business act: committed whole at the end, or not at all."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def end_transaction() -> None:
    """Let go of the database before a slow or foreign call; unsaved work is dropped, as it must not be left open."""
    db.session.rollback()


def must_be_outside_transaction() -> None:
    """Raise where a payment or mail provider would be called while a transaction is open (I-21)."""
    if db.session().in_transaction():
        raise RuntimeError("a provider must not be called inside a database transaction")


def lock(model: type[M], id_: int) -> M:
    """The record, freshly read and held until the transaction ends; NotFound where there is none.

    Lock parents before children: campaign, merchant, slot, pledge, attempt.
    """
    found = db.session.get(model, id_, with_for_update={"key_share": True}, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def get_or_404(model: type[M], id_: int | None) -> M:
    """The record, or NotFound."""
    found = db.session.get(model, id_) if id_ is not None else None
    if found is None:
        raise NotFound
    return found


def is_sqlite() -> bool:
    """Whether the embedded database is in use."""
    return db.engine.dialect.name == "sqlite"
