"""A trial says what a job would do, and does none of it."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from c2b.accounts.models import User
from c2b.core.claims import Claim
from c2b.core.db import db, transaction
from c2b.core.events import Event
from c2b.core.runs import Run
from jobs import each, listing
from jobs.registry import Job, all_jobs
from jobs.trial import would_do


def forbidden(_id: int, *, now: datetime) -> None:
    raise AssertionError("a trial calls no operation")


def counts() -> list[int]:
    found = [db.session.scalar(select(func.count()).select_from(t)) for t in (Run, Claim, Event, User)]
    db.session.rollback()
    return found


def trial_of(act) -> tuple[dict[str, list[int]], bool]:
    return would_do(Job("trial", "", act, timedelta(minutes=1)), datetime.now().astimezone())


def test_a_trial_lists_the_rows_of_each_operation_and_calls_none(make):
    make.user("Somebody")
    before = counts()

    def two_operations(now: datetime) -> dict[str, int]:
        each([1, 2], forbidden, now=now, work="first")
        return each([3], forbidden, now=now, work="second")

    assert trial_of(two_operations) == ({"first": [1, 2], "second": [3]}, False)
    assert counts() == before
    assert listing.get() is None


def test_a_job_that_writes_in_one_piece_is_stopped_before_it_is_saved(make):
    make.user("Somebody")
    before = counts()

    def write(now: datetime) -> dict[str, int]:
        with transaction():
            db.session.add(User(email="new@example.org", name="New", created_at=now))
        return {"done": 1}

    assert trial_of(write) == ({}, True)
    assert counts() == before
    make.user("After the trial one can save again")


def test_a_job_that_knows_its_rows_is_asked(app, now):
    job = Job("knows", "", lambda _now: {}, timedelta(minutes=1), due=lambda _now: [4, 5])
    assert would_do(job, now) == ({"knows": [4, 5]}, False)


def test_a_trial_of_each_job_changes_nothing(make, now):
    make.campaign(closes_at=now - timedelta(days=1))
    before = counts()
    for job in all_jobs().values():
        would_do(job, now)
        assert counts() == before, job.name
