"""Transactions that can be trusted, on both databases."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from c2b.accounts.models import User
from c2b.core.db import (
    begin_read_only,
    db,
    end_transaction,
    is_sqlite,
    lock,
    must_be_outside_transaction,
    transaction,
)
from c2b.core.errors import NotFound


def test_a_failed_act_leaves_nothing_behind(app, now):
    with pytest.raises(RuntimeError), transaction():
        db.session.add(User(email="a@example.org", name="A", created_at=now))
        db.session.flush()
        raise RuntimeError
    assert db.session.query(User).count() == 0


def test_a_missing_record_is_not_found(app):
    with pytest.raises(NotFound):
        lock(User, 999)


def test_moments_come_back_in_utc(make, now):
    user = make.user()
    db.session.expire_all()
    assert db.session.get(User, user.id).created_at == now


def test_a_moment_without_a_zone_is_refused(app, now):
    db.session.add(User(email="a@example.org", name="A", created_at=now.replace(tzinfo=None)))
    with pytest.raises(Exception, match="time zone"):
        db.session.flush()
    db.session.rollback()


def test_the_provider_cannot_be_called_inside_a_transaction(app):
    db.session.execute(text("select 1"))
    with pytest.raises(RuntimeError):
        must_be_outside_transaction()
    end_transaction()
    must_be_outside_transaction()


def test_a_reader_cannot_write_on_postgresql(app):
    if is_sqlite():  # there a reader that writes is caught as a lock upgrade under load only
        return
    begin_read_only()
    with pytest.raises(DBAPIError, match="read-only"):
        db.session.execute(text("delete from notice"))
    db.session.rollback()


def test_sqlite_keeps_foreign_keys_and_writes_through(app):
    if not is_sqlite():
        return
    pragmas = {
        name: db.session.scalar(text(f"PRAGMA {name}"))
        for name in ("foreign_keys", "synchronous", "journal_mode")
    }
    assert pragmas == {"foreign_keys": 1, "synchronous": 2, "journal_mode": "wal"}
