"""What time it is, for the edges: views, jobs and the command line. Everything below is told `now`.

A demo site has a clock that can be set forward, so that a visitor can walk from a wish to its launch in one
sitting. The offset is a row, so that every process agrees; a real site has none and never reads it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped

from c2b.core.db import Model, db, is_sqlite

ONLY = 1  # the number of the one row


class DemoClock(Model):
    """By how many seconds the demo site is ahead of the real time; at most one row."""

    __tablename__ = "demo_clock"

    ahead: Mapped[int]


_ahead = timedelta()


def utcnow() -> datetime:
    """Now, in UTC (on a demo site, the demo's now)."""
    return datetime.now(UTC) + _ahead


def read_demo_clock() -> timedelta:
    """Learn how far the demo is ahead; called at the start of each request and tick of a demo site."""
    global _ahead  # one per process, like the time itself
    _ahead = timedelta(seconds=db.session.scalar(select(DemoClock.ahead).where(DemoClock.id == ONLY)) or 0)
    return _ahead


def forget() -> None:
    """This process knows of no demo clock any more."""
    global _ahead
    _ahead = timedelta()


def set_forward(by: timedelta) -> timedelta:
    """Set the demo clock forward, for every process from its next tick on; it never goes back."""
    if by < timedelta():
        raise ValueError("the demo clock never goes back")
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(DemoClock.__table__)
    seconds = int(by.total_seconds())
    db.session.execute(
        insert.values(id=ONLY, ahead=seconds).on_conflict_do_update(
            index_elements=["id"], set_={"ahead": DemoClock.__table__.c.ahead + seconds}
        )
    )
    return read_demo_clock()
