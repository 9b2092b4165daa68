"""The record of every run of a job, for operators; a run that nobody has begun waits here.

What an operator asked for waits, and where there are workers so does what the clock found due: the row is the queue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Index, UniqueConstraint, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.claims import held_by_the_living
from c2b.core.db import Model, db, is_sqlite

KEPT = timedelta(days=30)
KEPT_IDLE = timedelta(days=1)  # runs that found nothing to do
SILENT = timedelta(minutes=2)  # a run that says nothing for so long is not shown as under way
COUNTS = ("done", "refused", "failed")
WAITING = text("started_at IS NULL")
OPEN = text("finished_at IS NULL")
STALE = timedelta(
    seconds=45
)  # a due run that nobody has begun by then is let go: a later one does what it would have


class Run(Model):
    """One run of one job. (name, due_at) is unique: whichever process is first runs it, the others pass by."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("name", "due_at"),
        Index("ix_run_asked", "id", postgresql_where=WAITING, sqlite_where=WAITING),
        Index("ix_run_open", "name", postgresql_where=OPEN, sqlite_where=OPEN),
    )

    name: Mapped[str]
    due_at: Mapped[datetime]  # the tick it was due at; for a run by hand, when it was asked for
    by: Mapped[int | None]  # the user who asked for it
    process: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]  # None: nobody has come to it yet
    finished_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]  # when the clock means to run the job again
    done: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]

    @property
    def whole(self) -> int | None:
        """How many rows it has to do, `done` of which are done; None where it is over or has not said so."""
        return (self.result or {}).get("whole") if self.finished_at is None else None

    @property
    def heard_at(self) -> datetime | None:
        """When it began, or last said how far it is; of a run that is not over."""
        at = (self.result or {}).get("at") if self.finished_at is None else None
        return self.started_at if at is None else datetime.fromtimestamp(at, UTC)

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs or when it was cut off."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that nobody has begun."""

    id: int
    name: str
    is_due: bool  # left by the clock, not asked for by a person


def begin(
    name: str, *, due_at: datetime, now: datetime, process: str, next_at: datetime | None = None
) -> int | None:
    """Write down that a run begins; its id, or None where a process has begun this very run before."""
    return _write(name, due_at, process=process, started_at=now, next_at=next_at)


def leave(name: str, *, due_at: datetime, most: int, next_at: datetime | None = None) -> int | None:
    """Leave a due run for whoever takes it first; its id.

    None where one of this job waits already, `most` of them are at work, or this very one was begun before.
    """
    ours = (Run.name == name, Run.finished_at.is_(None))
    waits = select(Run.id).where(*ours, Run.started_at.is_(None), Run.by.is_(None)).exists()
    at_work = select(func.count()).where(*ours, Run.process.in_(held_by_the_living("clock", "worker")))
    waiting, working = db.session.execute(select(waits, at_work.scalar_subquery())).one()
    if waiting or working >= most:
        return None
    return _write(name, due_at, process="", next_at=next_at)


def _write(name: str, due_at: datetime, **values: Any) -> int | None:
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(Run.__table__)
    id_: int | None = db.session.scalar(
        insert.values(name=name, due_at=due_at, done=0, refused=0, failed=0, **values)
        .on_conflict_do_nothing(index_elements=["name", "due_at"])
        .returning(Run.__table__.c.id)
    )
    return id_


def ask_for(name: str, *, by: int, now: datetime) -> Run:
    """Ask the clock to run a job soon; a second wish for the same job joins the first."""
    asked = (Run.name == name, Run.started_at.is_(None), Run.by.is_not(None))
    waiting = db.session.scalar(select(Run).where(*asked))
    if waiting is None:
        waiting = Run(name=name, due_at=now, by=by)
        db.session.add(waiting)
        db.session.flush()
    return waiting


def waiting() -> list[Waiting]:
    """The runs that nobody has begun, oldest first."""
    rows = db.session.execute(
        select(Run.id, Run.name, Run.by.is_(None)).where(Run.started_at.is_(None)).order_by(Run.id)
    )
    return [Waiting(id_, name, bool(is_due)) for id_, name, is_due in rows]


def take(run_id: int, *, now: datetime, process: str) -> bool:
    """Begin a run that waits; True for one process only, and for none where it is stale."""
    fresh = or_(Run.by.is_not(None), Run.due_at >= now - STALE)
    taken = db.session.scalar(
        update(Run)
        .where(Run.id == run_id, Run.started_at.is_(None), fresh)
        .values(started_at=now, process=process)
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    return taken is not None


def let_go_of_stale(now: datetime) -> int:
    """Forget due runs that nobody has begun in time (a person's wish stays); how many."""
    gone = db.session.scalars(
        delete(Run)
        .where(Run.started_at.is_(None), Run.by.is_(None), Run.due_at < now - STALE)
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def note_progress(run_id: int, done: int, whole: int, *, now: datetime) -> None:
    """Write down how far a run is; its result takes the place of it."""
    db.session.execute(
        update(Run)
        .where(Run.id == run_id, Run.finished_at.is_(None))
        .values(done=done, result={"whole": whole, "at": now.timestamp()})
        .execution_options(synchronize_session=False)
    )


def under_way(now: datetime) -> Sequence[Run]:
    """The runs that have said lately how far they are, oldest first; any number of processes may have some."""
    open_ = db.session.scalars(select(Run).where(Run.finished_at.is_(None), Run.started_at.is_not(None)))
    lately = (now - SILENT).timestamp()
    return sorted((run for run in open_ if run.whole and run.result["at"] > lately), key=lambda run: run.id)  # type: ignore[index]  # it has a result


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
