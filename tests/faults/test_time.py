"""The clock goes wrong: forwards, backwards, by law, by a second. What has no way back waits (F-43, F-44, P-9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core import clock, clock_guard
from c2b.core.clock_guard import AGREE, MOST, ClockGuard, Reading
from c2b.core.db import db, transaction
from c2b.core.runs import Run
from jobs import registry
from jobs.clock import Clock, _tick_of, _trigger
from jobs.registry import NO_WAY_BACK, Job, all_jobs
from jobs.running import catch_up, run_job
from tests.factories import Make

HOUR, DAY = 3600.0, 86_400.0
START = Reading(wall=1_747_720_800.0, here=1_747_720_800.0, mono=5000.0, host="boot-1")
Watch = Callable[..., Reading]


def later(seconds: float, *, jump: float = 0.0, since: Reading = START, **more: object) -> Reading:
    """So much later by the steady clock, and by as much more by the one on the wall."""
    wall = since.wall + seconds + jump
    return replace(since, wall=wall, here=wall, mono=since.mono + seconds, **more)  # type: ignore[arg-type]


def beat(reading: Reading) -> bool:
    with transaction():
        return clock_guard.beat(reading)


def frozen(reading: Reading) -> bool:
    with transaction():
        return clock_guard.why_frozen(reading) is not None


@pytest.fixture
def watch(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Let the clocks show this."""

    def show(reading: Reading) -> Reading:
        monkeypatch.setattr(clock_guard, "read", lambda: reading)
        return reading

    return show


@pytest.mark.parametrize("jump", [HOUR, 8 * DAY, -HOUR, -8 * DAY], ids=["+1h", "+8d", "-1h", "-8d"])
def test_f43_a_jump_freezes_deadlines_until_two_heartbeats_agree(app: Flask, jump: float) -> None:
    """F-43: the clock is set by an hour, or by days; it is seen at once, also between two heartbeats."""
    assert beat(START)
    jumped = later(2, jump=jump)
    assert frozen(jumped)
    assert not beat(jumped)
    assert frozen(later(1, since=jumped))
    first = later(3, since=jumped)
    assert not beat(first) and frozen(first)
    second = later(6, since=jumped)
    assert beat(second) and not frozen(second)


@pytest.mark.parametrize(
    "jump", [1.0, -1.0, 60.0, MOST], ids=["leap second", "its end", "a correction", "limit"]
)
def test_f43_a_leap_second_or_a_correction_is_no_jump(app: Flask, jump: float) -> None:
    """F-43: a second is put in or taken out, or a minute by the time service."""
    beat(START)
    assert beat(later(2, jump=jump))
    assert not frozen(later(4, jump=jump))


def test_f43_without_the_steady_clock_a_jump_would_pass_for_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the steady clock is what makes the difference."""
    beat(START)
    monkeypatch.setattr(clock_guard, "_apart", lambda _last, _reading: 0.0)
    assert beat(later(2, jump=8 * DAY))


def test_f43_a_night_without_a_clock_is_a_jump_until_two_heartbeats_agree(app: Flask) -> None:
    """A machine that starts anew has a new steady clock: nobody knows how long it was off, so two must agree."""
    beat(START)
    morning = Reading(START.wall + 9 * HOUR, START.wall + 9 * HOUR, mono=20.0, host="boot-2")
    assert not beat(morning)
    assert not beat(later(3, since=morning))
    assert beat(later(6, since=morning))


def test_f43_a_machine_that_is_not_as_late_as_the_database_does_nothing_for_good(app: Flask) -> None:
    """F-43: this machine's clock alone is wrong; jobs are told its time."""
    beat(START)
    wrong = replace(later(2), here=START.here + HOUR)
    assert frozen(wrong)
    assert not beat(wrong)
    assert not frozen(later(4))


def test_f43_a_demo_clock_set_forward_is_no_jump(app: Flask) -> None:
    """An operator of a demo means it."""
    beat(clock_guard.read())
    with transaction():
        clock.set_forward(timedelta(days=8))
    assert beat(clock_guard.read())
    assert not frozen(clock_guard.read())
    clock.forget()


def test_f43_a_campaign_does_not_close_by_a_clock_that_has_jumped(
    make: Make, watch: Watch, now: datetime
) -> None:
    """F-43: +8 d: every campaign would be over at once; what is due waits for the heartbeats, then runs."""
    campaign = make.campaign(CampaignState.OPEN, threshold=10, closes_at=now + timedelta(days=7))
    db.session.rollback()
    job = all_jobs()["close_campaigns"]
    beat(START)
    wrong = now + timedelta(days=8)
    watch(later(2, jump=8 * DAY))
    assert run_job(job, due_at=wrong, now=wrong) is None
    assert state_of(campaign) == CampaignState.OPEN
    assert db.session.scalars(select(Run)).all() == []

    beat(later(2, jump=8 * DAY))
    beat(later(4, jump=8 * DAY))
    beat(watch(later(6, jump=8 * DAY)))  # the time stands: it is eight days later
    assert run_job(job, due_at=wrong, now=wrong) == {"done": 1, "refused": 0, "failed": 0}
    assert state_of(campaign) == CampaignState.EXPIRED


def state_of(campaign: Campaign) -> str:
    db.session.rollback()
    db.session.refresh(campaign)
    return str(campaign.state)


def test_f43_a_step_backwards_reopens_nothing_and_runs_nothing_twice(
    make: Make, watch: Watch, now: datetime
) -> None:
    """F-43: −1 h: what has ended stays ended, and a run that was due is not due again (I-33)."""
    campaign = make.campaign(CampaignState.OPEN, threshold=10, closes_at=now - timedelta(seconds=1))
    db.session.rollback()
    job = all_jobs()["close_campaigns"]
    watch(START)
    assert run_job(job, due_at=now, now=now) == {"done": 1, "refused": 0, "failed": 0}
    before = now - timedelta(hours=1)
    for minute in range(60):
        at = before + timedelta(minutes=minute)
        run_job(job, due_at=at, now=at)
    assert run_job(job, due_at=now, now=before) is None
    assert state_of(campaign) == CampaignState.EXPIRED
    assert db.session.scalar(select(db.func.count(Run.id)).where(Run.due_at == now)) == 1


def test_f43_a_whole_pass_with_a_clock_that_went_back_changes_nothing(make: Make, now: datetime) -> None:
    """F-43: every job runs with an earlier time than before."""
    campaign = make.campaign(CampaignState.OPEN, threshold=10, closes_at=now - timedelta(seconds=1))
    db.session.rollback()
    for job in all_jobs().values():
        run_job(job, due_at=now, now=now)
    for job in all_jobs().values():
        run_job(job, due_at=now - timedelta(hours=1), now=now - timedelta(hours=1))
    assert state_of(campaign) == CampaignState.EXPIRED


@pytest.mark.parametrize(
    "night", ["2026-03-29", "2026-10-25"], ids=["an hour is missing", "an hour comes twice"]
)
def test_f43_a_daily_job_runs_once_in_the_night_when_the_clocks_are_changed(night: str) -> None:
    """F-43: daylight saving: a job at 02:30 site time is due once, though that time comes twice or never."""
    zone = ZoneInfo("Europe/Berlin")
    trigger = _trigger(Job("daily", "", lambda _now: {}, at="02:30"), zone)
    day = datetime.fromisoformat(night).replace(tzinfo=zone)
    due: list[datetime] = []
    last = day
    while (at := trigger.get_next_fire_time(last, last + timedelta(seconds=1))) < day + timedelta(days=1):
        due.append(at)
        last = at
    assert len(due) == 1


def test_f43_deadlines_are_moments_and_know_no_daylight_saving(make: Make, now: datetime) -> None:
    """F-43: seven days are 168 hours, also over the night when clocks are changed."""
    zone = ZoneInfo("Europe/Berlin")
    opened = datetime(2026, 3, 28, 12, 0, tzinfo=zone).astimezone(UTC)
    campaign = make.campaign(CampaignState.OPEN, closes_at=opened + timedelta(days=7))
    db.session.expire(campaign)
    assert campaign.closes_at - opened == timedelta(hours=168)
    assert campaign.closes_at.astimezone(zone).hour == 13


def test_f43_the_year_2038_is_a_year_like_any_other(make: Make, watch: Watch, now: datetime) -> None:
    """F-43: the second in which 32 bits are full."""
    full = datetime.fromtimestamp(2**31, UTC)
    campaign = make.campaign(CampaignState.OPEN, closes_at=full + timedelta(seconds=1))
    db.session.rollback()
    job = all_jobs()["close_campaigns"]
    watch(reading := Reading(2.0**31, 2.0**31, 1.0, "boot-1"))
    beat(reading)
    assert run_job(job, due_at=full, now=full) == {"done": 0, "refused": 0, "failed": 0}
    after = full + timedelta(seconds=2)
    assert run_job(job, due_at=after, now=after) == {"done": 1, "refused": 0, "failed": 0}
    assert state_of(campaign) == CampaignState.EXPIRED
    assert db.session.scalars(select(Campaign.closes_at)).one() == full + timedelta(seconds=1)
    assert db.session.get_one(ClockGuard, 1).agreed == AGREE


def test_f43_every_job_that_waits_for_the_clock_is_there(app: Flask) -> None:
    """A job that is called otherwise would not wait."""
    assert all_jobs().keys() >= NO_WAY_BACK


def test_f44_three_schedulers_at_once_run_each_job_once(app: Flask, now: datetime) -> None:
    """F-44: three clocks, none of which knows of the others; the row of a run lets one of them through (I-33)."""
    ran: list[datetime] = []
    job = Job("close_campaigns", "", lambda at: ran.append(at) or {"done": 0, "refused": 0, "failed": 0})
    ticks = [now + timedelta(minutes=n) for n in range(5)]
    db.session.rollback()

    def scheduler() -> None:
        with app.app_context():
            for tick in ticks:
                run_job(job, due_at=tick, now=tick)
            db.session.remove()

    together(scheduler, 3)
    assert sorted(ran) == ticks


def test_f44_without_the_unique_tick_each_scheduler_would_run_it(app: Flask, now: datetime) -> None:
    """The twin: ticks that are not the same for all are runs of their own."""
    ran: list[datetime] = []
    job = Job("close_campaigns", "", lambda at: ran.append(at) or {"done": 0, "refused": 0, "failed": 0})
    for n in range(3):
        run_job(job, due_at=now + timedelta(microseconds=n), now=now)
    assert len(ran) == 3


def together(work: Callable[[], None], n: int) -> None:
    threads = [Thread(target=work) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_f44_a_clock_that_was_paused_past_its_lease_runs_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-44: stopped and continued: by its own steady clock the lease may be another's, so it does not begin."""
    clock_ = Clock(app, ttl=10)
    ran: list[str] = []
    monkeypatch.setattr("jobs.clock.run_job", lambda job, **_more: ran.append(job.name))
    job = all_jobs()["check_promises"]
    clock_.scheduler.start(paused=True)
    clock_.leading, clock_._sure_until = True, float("inf")
    clock_._tick(job)
    clock_._sure_until = 0.0  # it slept
    clock_._tick(job)
    clock_.scheduler.shutdown()
    assert ran == ["check_promises"]


def test_f44_all_clocks_give_one_name_to_one_tick(app: Flask) -> None:
    """F-44: ticks are counted from one moment, so that every process means the same run by the same name."""
    job = Job("every minute", "", lambda _now: {}, every=timedelta(minutes=1))
    tick = _tick_of(job)
    assert (tick.second, tick.microsecond) == (0, 0)
    assert registry.ORDER.index("close_campaigns") < registry.ORDER.index("check_promises")


def test_f44_what_was_missed_while_nobody_had_the_clock_is_made_up_for(make: Make, app: Flask) -> None:
    """F-44: what is due is found by state, so a day without a scheduler loses nothing."""
    campaign = make.campaign(CampaignState.OPEN, closes_at=datetime.now(UTC) - timedelta(days=1))
    db.session.rollback()
    catch_up()
    assert state_of(campaign) == CampaignState.EXPIRED
