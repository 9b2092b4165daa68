"""One run of one job, written down; and a whole pass of all jobs, until nothing more happens."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from sqlalchemy import func, select

from c2b.core import clock_guard, runs
from c2b.core.claims import me
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.events import Event
from c2b.core.progress import told
from c2b.core.runs import Waiting
from jobs import in_short, stopping
from jobs._progress import into_record
from jobs.registry import HOUSEKEEPING, NO_WAY_BACK, Job, all_jobs

log = structlog.get_logger()

MOST_PASSES = 12  # a campaign's way has fewer jobs that follow one another


def run_job(
    job: Job, *, due_at: datetime, now: datetime, next_at: datetime | None = None
) -> dict[str, int] | None:
    """Run a job and write it down; None where another process has begun this very run, or it waits for the clock."""
    if must_wait(job):
        return None
    with transaction():
        run_id = runs.begin(job.name, due_at=due_at, now=now, process=me(), next_at=next_at)
    return None if run_id is None else carry_out(job, run_id, now=now)


def must_wait(job: Job) -> bool:
    """Whether the job has no way back and the clock cannot be believed now."""
    if job.name not in NO_WAY_BACK:
        return False
    with transaction():
        reason = clock_guard.why_frozen(clock_guard.read())
    if reason is not None:
        log.warning("a job waits until the clock can be believed", job=job.name, reason=reason)
    return reason is not None


def carry_out(job: Job, run_id: int, *, now: datetime) -> dict[str, int]:
    """Do what a begun run is for; a job that crashes is written down as such and stops no other."""
    counts: dict[str, int] = {}
    error: str | None = "interrupted"
    try:
        with told(into_record(run_id)):
            counts = job.run(now)
        error = None
    except Exception as problem:
        log.exception("a job failed", job=job.name)
        error = in_short(problem)
    finally:
        db.session.rollback()
        with transaction():
            runs.finish(run_id, counts, now=utcnow(), error=error)
    if error or any(counts.get(name) for name in runs.COUNTS):
        log.info("job", job=job.name, **counts)
    return counts


def what_waits() -> list[Waiting]:
    """The runs that nobody has begun: what operators asked for, and what the clock has left for workers."""
    with transaction():
        return runs.waiting()


def take_over(run: Waiting, *, now: datetime) -> bool:
    """Carry out a run that waits; False where another process was quicker, or it waits for the clock."""
    job = all_jobs().get(run.name)
    if run.is_due and job is not None and must_wait(job):
        return False
    with transaction():
        ours = runs.take(run.id, now=now, process=me())
    if ours and job is not None:
        carry_out(job, run.id, now=utcnow())
    elif ours:
        with transaction():
            runs.finish(run.id, {}, now=utcnow(), error=f"there is no job {run.name}")
    return ours


def run_waiting(*, now: datetime) -> int:
    """Carry out all that waits; how many runs that were."""
    return sum(take_over(run, now=now) for run in what_waits())


def catch_up(*, most: int = MOST_PASSES) -> int:
    """Run all jobs in their order, again and again until a pass leaves nothing new in the diary; how many passes.

    What is due is found by state, so a day without a clock, or a demo clock set forward, is made up for here.
    """
    way = [job for job in all_jobs().values() if job.name not in HOUSEKEEPING]
    passes, written = 0, -1
    while passes < most and written != _diary_length() and not stopping.is_set():
        written = _diary_length()
        _pass(way)
        passes += 1
    _pass([job for job in all_jobs().values() if job.name in HOUSEKEEPING])
    return passes


def _pass(jobs: Iterable[Job]) -> None:
    for job in jobs:
        if stopping.is_set():
            return
        now = utcnow()
        run_job(job, due_at=now, now=now)


def _diary_length() -> int:
    length = int(db.session.scalar(select(func.max(Event.id))) or 0)
    db.session.rollback()
    return length
