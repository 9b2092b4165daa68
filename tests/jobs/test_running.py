"""Runs are written down, once per due time; a pass is repeated until nothing more happens."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from c2b.accounts.models import User
from c2b.core import clock, runs
from c2b.core.claims import Claim
from c2b.core.clock import set_forward, utcnow
from c2b.core.db import db, transaction
from c2b.core.events import record
from c2b.core.runs import Run
from jobs import running
from jobs.registry import Job
from jobs.running import catch_up, run_job, run_waiting


def job(name, act, every=timedelta(minutes=1)) -> Job:
    return Job(name, "A job of a test.", act, every)


def all_runs() -> list[Run]:
    db.session.rollback()
    return list(db.session.scalars(select(Run).order_by(Run.id)))


@pytest.fixture
def only(monkeypatch):
    """The clock knows these jobs alone."""

    def know(*them: Job) -> None:
        monkeypatch.setattr(running, "all_jobs", lambda: {one.name: one for one in them})

    return know


def test_a_run_is_written_down_with_what_it_did(app, now):
    counts = run_job(job("count", lambda _now: {"done": 3, "refused": 1, "other": 2}), due_at=now, now=now)

    (run,) = all_runs()
    assert counts == {"done": 3, "refused": 1, "other": 2}
    assert (run.name, run.due_at, run.done, run.refused, run.failed, run.error) == (
        "count",
        now,
        3,
        1,
        0,
        None,
    )
    assert run.finished_at is not None
    assert run.result == counts


def test_each_due_time_is_run_once(app, now):
    done = []
    one = job("once", lambda when: done.append(when) or {"done": 1})
    assert run_job(one, due_at=now, now=now) == {"done": 1}
    assert run_job(one, due_at=now, now=now) is None
    assert run_job(one, due_at=now + timedelta(minutes=1), now=now) == {"done": 1}
    assert len(done) == len(all_runs()) == 2


def test_a_job_that_crashes_is_written_down_and_leaves_nothing_half_done(make, now):
    person = make.user("Whole")

    def crash(_now: datetime) -> dict[str, int]:
        db.session.execute(update(User).values(name="Half"))
        raise RuntimeError("boom")

    assert run_job(job("crash", crash), due_at=now, now=now) == {}
    (run,) = all_runs()
    assert run.error == "RuntimeError: boom"
    assert db.session.get(User, person.id).name == "Whole"


def test_a_run_that_was_asked_for_is_run_once_and_says_by_whom(make, now, only):
    operator, seen = make.operator(), []
    only(job("wanted", lambda when: seen.append(when) or {"done": 1}))
    with transaction():
        first = runs.ask_for("wanted", by=operator.id, now=now)
        assert runs.ask_for("wanted", by=operator.id, now=now + timedelta(seconds=1)) is first
        runs.ask_for("unheard_of", by=operator.id, now=now)

    assert run_waiting(now=now) == 2
    assert run_waiting(now=now) == 0
    wanted, unknown = all_runs()
    assert (wanted.by, wanted.done, len(seen)) == (operator.id, 1, 1)
    assert unknown.error == "there is no job unheard_of"


def test_catching_up_repeats_the_pass_until_nothing_more_happens(make, now, only):
    """Each pass leaves one thing for the job that stands before it in the order."""
    person = make.user("Subject")
    left = [3]

    def first(when: datetime) -> dict[str, int]:
        if left[0] == 0:
            return {"done": 0}
        left[0] -= 1
        with transaction():
            record(db.session.get(User, person.id), "user.moved", by=None, at=when)
        return {"done": 1}

    looked = []
    only(
        job("first", first),
        job("idle", lambda _now: {"done": 7}),
        job("check_promises", lambda _now: looked.append(1) or {"checked": 1}),
    )
    assert catch_up() == 4
    assert left == [0]
    assert looked == [1]  # the records are looked after once


def test_catching_up_ends_even_if_something_never_rests(make, now, only):
    person = make.user("Restless")

    def never(when: datetime) -> dict[str, int]:
        with transaction():
            record(db.session.get(User, person.id), "user.moved", by=None, at=when)
        return {"done": 1}

    only(job("never", never))
    assert catch_up(most=5) == 5


def test_old_runs_are_forgotten_idle_ones_sooner_and_the_newest_never(app, now):
    with transaction():
        for name, days, done in (
            ("busy", 31, 1), ("busy", 20, 1), ("busy", 1, 1), ("idle", 3, 0), ("idle", 2, 0), ("rare", 90, 1),
        ):  # fmt: skip
            due = now - timedelta(days=days)
            run_id = runs.begin(name, due_at=due, now=due, process="p")
            runs.finish(run_id, {"done": done}, now=due)
        assert runs.prune(now) == 2
    left = [(run.name, (now - run.due_at).days) for run in all_runs()]
    assert left == [("busy", 20), ("busy", 1), ("idle", 2), ("rare", 90)]


@pytest.fixture
def real_clock_again():
    yield
    clock._ahead = timedelta()


def test_the_demo_clock_goes_forward_for_everybody_and_never_back(app, real_clock_again):
    before = utcnow()
    with transaction():
        set_forward(timedelta(hours=2))
        set_forward(timedelta(days=1))
    assert utcnow() - before > timedelta(hours=26) - timedelta(seconds=1)
    clock._ahead = timedelta()  # as in another process, until it looks
    assert clock.read_demo_clock() == timedelta(hours=26)
    with pytest.raises(ValueError, match="never goes back"):
        set_forward(timedelta(hours=-1))
    db.session.rollback()


def test_claims_of_the_dead_are_forgotten_but_not_those_that_failed(app):
    from c2b.core.claims import claim, fail, forget_dead

    with transaction():
        claim("work", [1, 2, 3], seconds=60)
        fail("work", 2, "boom")
        db.session.execute(update(Claim).where(Claim.item < 3).values(until=0.0))
        assert forget_dead(older_than=60) == 1
    assert sorted(db.session.scalars(select(Claim.item))) == [2, 3]
