"""A quick hash in place of the slow one, and a clock that stands still until a test moves it."""

from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from c2b.accounts import own_views, passwords, views
from c2b.core.db import db
from c2b.core.outbox import Notice

GOOD = "violet harbour sings twice"


@pytest.fixture(autouse=True)
def quick_hash(monkeypatch):
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", quick)
    monkeypatch.setattr(passwords, "NOBODY", quick.hash("nobody"))


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: int) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(monkeypatch, now):
    clock = Clock(now)
    monkeypatch.setattr(views, "utcnow", clock)
    monkeypatch.setattr(own_views, "utcnow", clock)
    return clock


@pytest.fixture
def told(app):
    """The kinds of notices that were left, oldest first."""

    def read(user_id=None):
        rows = db.session.scalars(select(Notice).order_by(Notice.id)).all()
        return [row.kind for row in rows if user_id in (None, row.user_id)]

    return read


@pytest.fixture
def person(make):
    """Somebody who can sign in."""

    def create(password=GOOD, **more):
        return make.user(more.pop("name", "Alice"), password_hash=passwords.make_hash(password), **more)

    return create
