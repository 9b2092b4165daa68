"""What time it is, for the edges: views, jobs and the command line. Everything below is told `now`.

A demo site has a clock that can be set forward, so that a visitor can walk from a wish to its launch in one
sitting. The offset is a row, so that every process agrees; a real site has none and never reads it.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Mapped

from c2b.core.db import Model, db


class DemoClock(Model):
    """By how many seconds the demo site is ahead of the real time; at most one row."""

    __tablename__ = "demo_clock"

    ahead: Mapped[int]


_ahead = timedelta()


def utcnow() -> datetime:
    """Now, in UTC (on a demo site, the demo's now)."""
    return datetime.now(UTC) + _ahead


def read_demo_clock() -> None:
    """Learn the demo's offset from the database; called at the start of each request and tick of a demo site."""
    global _ahead
    _ahead = timedelta(seconds=db.session.scalar(select(DemoClock.ahead)) or 0)


def set_forward(by: timedelta) -> None:
    """Set the demo clock forward; it never goes back."""
    if by < timedelta():
        raise ValueError("the demo clock never goes back")
    row = db.session.scalar(select(DemoClock).with_for_update())
    if row is None:
        row = DemoClock(ahead=0)
        db.session.add(row)
    row.ahead += int(by.total_seconds())
    db.session.flush()
