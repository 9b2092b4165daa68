"""Runs that the clock leaves for workers: one waits at a time, one process takes it, and nobody's absence loses it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.core import clock_guard, runs
from c2b.core.claims import renew
from c2b.core.db import db, transaction
from c2b.core.runs import Run
from jobs import handing, running
from jobs.handing import Handing
from jobs.registry import Job
from jobs.running import run_waiting, take_over, what_waits

MINUTE = timedelta(minutes=1)


@pytest.fixture
def done(monkeypatch):
    """What the one job of these tests has done."""
    times = []
    job = Job("tick", "A beat.", lambda when: times.append(when) or {"done": 1}, every=MINUTE)
    monkeypatch.setattr(running, "all_jobs", lambda: {"tick": job})
    return times


def leave(due_at, most=1):
    with transaction():
        return runs.leave("tick", due_at=due_at, most=most)


def test_one_run_of_a_job_waits_and_whoever_takes_it_first_runs_it(app, now, done):
    assert leave(now) is not None
    assert leave(now + MINUTE) is None  # one waits
    (run,) = what_waits()
    assert take_over(run, now=now)
    assert not take_over(run, now=now)  # told twice
    assert leave(now) is None  # this very one was begun
    assert len(done) == 1
    assert db.session.scalars(select(Run.done)).one() == 1


def test_as_many_are_at_a_job_as_may_and_those_who_died_do_not_count(app, now, done):
    with transaction():
        renew("worker", 1, seconds=60, holder="living")
    for minute, process in enumerate(("living", "dead")):
        with transaction():
            runs.begin("tick", due_at=now - minute * MINUTE, now=now, process=process)
    assert leave(now + MINUTE, most=1) is None
    assert leave(now + MINUTE, most=2) is not None


def test_what_waited_for_too_long_is_let_go_but_not_a_persons_wish(make, now, done):
    later = now + runs.STALE + timedelta(seconds=1)
    operator = make.operator()
    leave(now)
    with transaction():
        runs.ask_for("tick", by=operator.id, now=now + timedelta(seconds=1))
    assert run_waiting(now=later) == 1
    with transaction():
        assert runs.let_go_of_stale(later) == 1
    assert what_waits() == []
    assert len(done) == 1


def test_what_has_no_way_back_waits_on_while_the_clock_is_doubted(app, now, done, monkeypatch):
    monkeypatch.setattr(running, "NO_WAY_BACK", {"tick"})
    monkeypatch.setattr(clock_guard, "why_frozen", lambda reading: "it has jumped")
    leave(now)
    assert run_waiting(now=now) == 0
    monkeypatch.undo()
    assert [run.name for run in what_waits()] == ["tick"]


def test_the_clock_tells_of_each_run_once_and_does_itself_what_nobody_takes(app, now, monkeypatch):
    moment = [100.0]
    monkeypatch.setattr(handing, "monotonic", lambda: moment[0])
    told = []
    hands = Handing(lambda run: told.append(run.name))
    job = Job("tick", "", lambda _now: {}, every=MINUTE)
    assert hands.leave(job, due_at=now, next_at=None) is None
    assert hands.overdue(now) == []
    assert told == ["tick"]
    moment[0] += handing.PATIENCE
    assert [run.name for run in hands.overdue(now)] == ["tick"]
    assert hands.overdue(now) == []  # it has its turn
    assert told == ["tick"]


def test_a_clock_that_took_over_tells_of_what_its_forerunner_left(app, now):
    leave(now)
    told = []
    assert Handing(lambda run: told.append(run.name)).overdue(now) == []
    assert told == ["tick"]


def test_without_its_broker_the_clock_does_everything_itself(app, now):
    def away(_run):
        raise ConnectionError

    hands = Handing(away)
    job = Job("tick", "", lambda _now: {}, every=MINUTE)
    run = hands.leave(job, due_at=now, next_at=None)
    assert run is not None
    assert [run.id for run in hands.overdue(now)] == []  # its turn is now


def test_workers_count_while_they_give_signs_of_life(app):
    assert handing.workers() == 0
    with transaction():
        renew("worker", 1, seconds=60, holder="one")
        renew("worker", 2, seconds=-1, holder="the late one")
    assert handing.workers() == 1
