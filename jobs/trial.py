"""What a job would do now, without doing it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session

from c2b.core.db import db
from jobs import listing
from jobs.registry import Job

Plan = dict[str, list[int]]


class WouldWrite(BaseException):
    """Raised instead of a commit; not an Exception, so that no job takes it for a failed row."""


def would_do(job: Job, now: datetime) -> tuple[Plan, bool]:
    """The ids that each operation would be called with, and whether the job also does something in one piece.

    Nothing is saved and no operation is called: a commit ends the trial.
    """
    if job.due is not None:
        ids = job.due(now)
        db.session.rollback()
        return {job.name: ids}, False
    plan: Plan = {}
    token = listing.set(plan)
    try:
        with _no_commit():
            job.run(now)
    except WouldWrite:
        return plan, True
    finally:
        listing.reset(token)
        db.session.rollback()
    return plan, False


@contextmanager
def _no_commit() -> Iterator[None]:
    def refuse(_session: Session) -> None:
        raise WouldWrite

    event.listen(db.session, "before_commit", refuse)
    try:
        yield
    finally:
        event.remove(db.session, "before_commit", refuse)
