"""The clock within one process: when it works and when it keeps still. Two processes: tests/races/test_clocks.py."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from c2b.core.claims import Claim, renew
from c2b.core.db import db, transaction
from c2b.core.runs import Run
from jobs import clock as clock_module
from jobs.clock import Clock
from jobs.registry import Job

DONE: list[datetime] = []


def tick(now: datetime) -> dict[str, int]:
    DONE.append(now)
    return {"done": 1}


JOB = Job("tick", "A beat.", tick, every=timedelta(minutes=1))


@pytest.fixture
def clock(app, monkeypatch):
    monkeypatch.setattr(clock_module, "all_jobs", lambda: {"tick": JOB})
    DONE.clear()
    clock = Clock(app)
    clock.scheduler.start(paused=True)
    yield clock
    clock.scheduler.shutdown()


def is_paused(clock) -> bool:
    return clock.scheduler.state == clock_module.STATE_PAUSED


def test_a_clock_that_holds_the_lease_is_active_and_catches_up(clock):
    assert is_paused(clock)
    clock._beat()
    assert not is_paused(clock)
    assert clock._behind.is_set()


def test_a_clock_keeps_still_while_another_holds_the_lease(clock):
    with transaction():
        renew("clock", 0, seconds=60, holder="another")
    clock._beat()
    assert is_paused(clock)
    clock._tick(JOB)
    assert DONE == []


def test_a_clock_that_loses_its_lease_stops_at_the_next_beat_and_ticks_no_more(clock, monkeypatch):
    clock._beat()
    with transaction():
        db.session.query(Claim).update({"holder": "another", "until": 9e12})
    moment = clock_module.monotonic() + clock.ttl + 1
    monkeypatch.setattr(clock_module, "monotonic", lambda: moment)
    clock._tick(JOB)  # fired before the beat noticed
    assert DONE == []
    clock._beat()
    assert is_paused(clock)


def test_a_database_that_does_not_answer_for_a_moment_costs_no_lease(clock, monkeypatch):
    clock._beat()
    monkeypatch.setattr(clock, "_lead", lambda: False)
    clock._beat()
    assert not is_paused(clock)


def test_two_clocks_give_a_tick_the_same_due_time(clock):
    clock._beat()
    clock._tick(JOB)
    clock._tick(JOB)
    runs = list(db.session.scalars(select(Run)))
    assert len(runs) == len({run.due_at for run in runs})
    assert all(run.due_at.second == 0 and run.due_at <= run.started_at for run in runs)
    assert len(DONE) == len(runs)


def test_a_daily_job_has_its_hour_in_site_time():
    trigger = clock_module._trigger(Job("night", "", tick, at="03:30"), ZoneInfo("Asia/Shanghai"))
    fires = trigger.get_next_fire_time(None, datetime(2025, 5, 20, 6, 0, tzinfo=UTC))
    assert fires.astimezone(UTC) == datetime(2025, 5, 20, 19, 30, tzinfo=UTC)
