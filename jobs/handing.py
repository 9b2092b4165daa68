"""Runs handed out: where workers live, the active clock leaves what is due as rows for them to take.

It wakes them through the broker, if there is one; without one they look by themselves. What nobody has taken for a
while the clock does itself, so that neither a lost message nor a dead worker holds anything up.
"""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

import structlog
from sqlalchemy import func, select

from c2b.core import runs
from c2b.core.claims import held_by_the_living
from c2b.core.db import db, transaction
from c2b.core.runs import Waiting
from jobs.registry import SHARED, Job
from jobs.running import what_waits

log = structlog.get_logger()

PATIENCE = 15.0  # seconds that a run may wait for a worker

Send = Callable[[Waiting], object]


def workers() -> int:
    """How many workers live."""
    with transaction():
        living = select(func.count()).select_from(held_by_the_living("worker").subquery())
        return db.session.scalar(living) or 0


class Handing:
    """What one clock knows of the runs that it has left for workers."""

    def __init__(self, send: Send | None) -> None:
        self._send = send
        self._told: dict[int, float] = {}  # since when somebody could have taken it
        self._away_until = 0.0  # the broker, by this process's steady clock

    def leave(self, job: Job, *, due_at: datetime, next_at: datetime | None) -> Waiting | None:
        """Leave a due run to the workers; the run, if the clock is to do it itself because they cannot be told."""
        most = workers() if job.name in SHARED else 1
        with transaction():
            run_id = runs.leave(job.name, due_at=due_at, most=most, next_at=next_at)
        if run_id is None:
            return None
        run = Waiting(run_id, job.name, is_due=True)
        return None if self._tell(run) else run

    def overdue(self, now: datetime) -> list[Waiting]:
        """Tell the workers of what they have not been told; what they have left lying, for the clock to do itself."""
        with transaction():
            runs.let_go_of_stale(now)
        waiting = what_waits()
        for gone in set(self._told) - {run.id for run in waiting}:
            self._told.pop(gone, None)
        return [run for run in waiting if self._is_left_lying(run)]

    def _is_left_lying(self, run: Waiting) -> bool:
        since = self._told.get(run.id)
        if since is None:
            return not self._tell(run)
        if monotonic() - since < PATIENCE:
            return False
        self._told[run.id] = monotonic()  # the clock has its turn now, and may be busy itself
        return True

    def _tell(self, run: Waiting) -> bool:
        self._told[run.id] = monotonic()
        if self._send is None:
            return True  # they look twice a second
        if monotonic() < self._away_until:
            return False
        try:
            self._send(run)
        except Exception as problem:  # whatever a broker's client may raise
            self._away_until = monotonic() + PATIENCE
            log.warning("the broker does not take a message", job=run.name, problem=type(problem).__name__)
            return False
        return True
