"""The record of every run of a job, for operators; a run that somebody asked for waits here for the clock."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, UniqueConstraint, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model, db, is_sqlite

KEPT = timedelta(days=30)
KEPT_IDLE = timedelta(days=1)  # runs that found nothing to do
COUNTS = ("done", "refused", "failed")
WAITING = text("started_at IS NULL")


class Run(Model):
    """One run of one job. (name, due_at) is unique: whichever process is first runs it, the others pass by."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("name", "due_at"),
        Index("ix_run_asked", "id", postgresql_where=WAITING, sqlite_where=WAITING),
    )

    name: Mapped[str]
    due_at: Mapped[datetime]  # the tick it was due at; for a run by hand, when it was asked for
    by: Mapped[int | None]  # the user who asked for it
    process: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]  # None: asked for, and the clock has not come to it yet
    finished_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]  # when the clock means to run the job again
    done: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs or when it was cut off."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


def begin(
    name: str, *, due_at: datetime, now: datetime, process: str, next_at: datetime | None = None
) -> int | None:
    """Write down that a run begins; its id, or None where a process has begun this very run before."""
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(Run.__table__)
    begun: int | None = db.session.scalar(
        insert.values(
            name=name,
            due_at=due_at,
            process=process,
            started_at=now,
            next_at=next_at,
            done=0,
            refused=0,
            failed=0,
        )
        .on_conflict_do_nothing(index_elements=["name", "due_at"])
        .returning(Run.__table__.c.id)
    )
    return begun


def ask_for(name: str, *, by: int, now: datetime) -> Run:
    """Ask the clock to run a job soon; a second wish for the same job joins the first."""
    waiting = db.session.scalar(select(Run).where(Run.name == name, Run.started_at.is_(None)))
    if waiting is None:
        waiting = Run(name=name, due_at=now, by=by)
        db.session.add(waiting)
        db.session.flush()
    return waiting


def take_asked(*, now: datetime, process: str) -> list[tuple[int, str]]:
    """Begin the runs that were asked for, as (id, name); each is given to one process only."""
    taken = db.session.execute(
        update(Run)
        .where(Run.started_at.is_(None))
        .values(started_at=now, process=process)
        .returning(Run.id, Run.name)
        .execution_options(synchronize_session=False)
    )
    return sorted((id_, name) for id_, name in taken)


def finish(run_id: int, counts: Mapping[str, int], *, now: datetime, error: str | None = None) -> None:
    """Write down how a run ended."""
    values = {name: counts.get(name, 0) for name in COUNTS}
    db.session.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(finished_at=now, error=error, result=dict(counts), **values)
        .execution_options(synchronize_session=False)
    )


def last_runs() -> Sequence[Run]:
    """The newest begun run of every job, by name."""
    newest = select(func.max(Run.id)).where(Run.started_at.is_not(None)).group_by(Run.name)
    return db.session.scalars(select(Run).where(Run.id.in_(newest)).order_by(Run.name)).all()


def prune(now: datetime) -> int:
    """Forget runs older than 30 days, and after a day those that did nothing; the newest of each job stays."""
    newest = select(func.max(Run.id)).where(Run.started_at.is_not(None)).group_by(Run.name)
    idle = (Run.done == 0) & (Run.refused == 0) & (Run.failed == 0) & Run.error.is_(None) & Run.by.is_(None)
    old = or_(Run.due_at < now - KEPT, idle & Run.finished_at.is_not(None) & (Run.due_at < now - KEPT_IDLE))
    gone = db.session.scalars(
        delete(Run)
        .where(old, Run.id.not_in(newest))
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
