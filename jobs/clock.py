"""The clock: any number of processes may run one, and the one that holds the lease makes the jobs run.

Where no worker lives it runs them itself; else it leaves them what is due (see jobs.handing).

APScheduler beats the time. It starts paused and is resumed while the lease is ours; the lease is timed by the
database, so a process that dies or freezes loses it within TTL seconds and another takes over.
"""

import threading
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_PAUSED, STATE_RUNNING
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from c2b.core import clock_guard
from c2b.core.claims import release, renew
from c2b.core.clock import read_demo_clock, utcnow
from c2b.core.db import db, is_sqlite, transaction
from c2b.core.runs import Waiting
from jobs import broker, roaming, stopping
from jobs.daily import Daily
from jobs.handing import Handing, workers
from jobs.registry import Job, all_jobs
from jobs.running import catch_up, must_wait, run_job, run_waiting, take_over

log = structlog.get_logger()

TTL = 10.0  # seconds after which a silent leader has lost its lease
THREADS = 4
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)  # all clocks count their ticks from here, so that they agree on them


class Clock:
    """One process's clock. `run()` returns after `end()`, when the rows in hand are finished."""

    def __init__(self, app: Flask, *, ttl: float = TTL) -> None:
        self.app, self.ttl = app, ttl
        self.demo = bool(app.config["C2B"].demo)
        self.leading = False
        self._sure_until = 0.0  # by this process's own steady clock: after it the lease may be another's
        self._ended = threading.Event()
        self._behind = threading.Event()  # all jobs are to run now
        self._ahead = timedelta()
        self._steady = True
        self._handing = Handing(broker.sender(app.config["C2B"]))
        with app.app_context():
            self.scheduler = _scheduler(1 if is_sqlite() else THREADS)
        zone = ZoneInfo(app.config["C2B"].time_zone)
        for job in all_jobs().values():
            self.scheduler.add_job(self._tick, _trigger(job, zone), [job], id=job.name)

    def end(self, *_signal: Any) -> None:
        """Stop soon; safe to call from a signal handler."""
        stopping.set()
        self._ended.set()

    def run(self) -> None:
        """Beat until `end()`."""
        self.scheduler.start(paused=True)
        helpers = [threading.Thread(target=act, name=act.__name__) for act in (self._help, self._make_up)]
        for helper in helpers:
            helper.start()
        try:
            while True:
                self._beat()
                if self._ended.wait(self.ttl / 4):
                    break
        finally:
            self.end()
            for helper in helpers:
                helper.join()
            self.scheduler.shutdown(wait=True)
            self._let_go()

    def _beat(self) -> None:
        asked_at = monotonic()
        if self._lead():
            self._sure_until = asked_at + self.ttl
        leads = monotonic() < self._sure_until
        if leads and not self.leading:
            log.info("this clock is active")
            self.leading = True
            self._behind.set()
        elif self.leading and not leads:
            log.warning("this clock has lost its lease")
            self.leading = False
        if self.leading:
            self._watch_the_time()
        if self.leading and self.scheduler.state == STATE_PAUSED:
            self.scheduler.resume()
        elif not self.leading and self.scheduler.state == STATE_RUNNING:
            self.scheduler.pause()

    def _watch_the_time(self) -> None:
        """Write this heartbeat down; what has no way back waits while heartbeats disagree (see core.clock_guard)."""
        with self.app.app_context():
            try:
                with transaction():
                    steady = clock_guard.beat(clock_guard.read())
            except SQLAlchemyError:
                log.exception("the heartbeat could not be written down")
                return
        if steady != self._steady:
            log.warning("the clock can be believed again" if steady else "the clock has jumped")
            self._steady = steady
            if steady:
                self._behind.set()  # what waited meanwhile is made up for

    def _lead(self) -> bool:
        with self.app.app_context():
            try:
                with transaction():
                    return renew("clock", 0, seconds=self.ttl)
            except SQLAlchemyError:
                log.exception("the lease could not be renewed")
                return False

    def _let_go(self) -> None:
        with self.app.app_context():
            try:
                with transaction():
                    release("clock", [0])
            except SQLAlchemyError:
                log.exception("the lease could not be given back")

    def _is_sure(self) -> bool:
        """Whether the lease is certainly ours; a process that was frozen finds here that it is too late."""
        return self.leading and monotonic() < self._sure_until and not stopping.is_set()

    def _tick(self, job: Job) -> None:
        if not self._is_sure():
            return
        with self.app.app_context():
            self._read_demo_clock()
            due_at, next_at = _tick_of(job) + self._ahead, self._next(job)
            if not workers():
                run_job(job, due_at=due_at, now=utcnow(), next_at=next_at)
            elif not must_wait(job):
                run = self._handing.leave(job, due_at=due_at, next_at=next_at)
                if run is not None:
                    take_over(run, now=utcnow())

    def _next(self, job: Job) -> datetime | None:
        known = self.scheduler.get_job(job.name)
        return known.next_run_time + self._ahead if known is not None and known.next_run_time else None

    def _help(self) -> None:
        """Twice a second: is there anything that does not wait for its tick?"""
        while not self._ended.wait(0.5):
            if not self._is_sure():
                continue
            with self.app.app_context():
                try:
                    self._read_demo_clock()
                    if not workers():
                        roaming.clear()
                        run_waiting(now=utcnow())
                        continue
                    roaming.set()
                    for run in self._handing.overdue(utcnow()):
                        self.scheduler.add_job(self._take_over, args=[run])
                except SQLAlchemyError:
                    log.exception("the clock's helper was disturbed")
                    self._ended.wait(2)

    def _take_over(self, run: Waiting) -> None:
        if self._is_sure():
            with self.app.app_context():
                take_over(run, now=utcnow())

    def _make_up(self) -> None:
        """Make up for what was missed, as soon as there is anything to make up for."""
        while not self._ended.wait(0.5):
            if not self._behind.is_set() or not self._is_sure():
                continue
            with self.app.app_context():
                try:
                    self._read_demo_clock()
                    self._behind.clear()
                    log.info("caught up", passes=catch_up())
                except SQLAlchemyError:
                    log.exception("catching up was disturbed")
                    self._behind.set()
                    self._ended.wait(2)

    def _read_demo_clock(self) -> None:
        if not self.demo:
            return
        ahead = read_demo_clock()
        db.session.rollback()
        if ahead > self._ahead:
            self._ahead = ahead
            self._behind.set()


def _scheduler(threads: int) -> BackgroundScheduler:
    return BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(threads)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30},
    )


def _trigger(job: Job, zone: ZoneInfo) -> IntervalTrigger | Daily:
    if job.every is not None:
        return IntervalTrigger(seconds=int(job.every.total_seconds()), start_date=EPOCH, timezone="UTC")
    hour, _, minute = (job.at or "").partition(":")
    return Daily(int(hour), int(minute), zone)


def _tick_of(job: Job) -> datetime:
    """The due time that every process gives to the run that begins now."""
    real = datetime.now(UTC)
    every = job.every or timedelta(minutes=1)
    return EPOCH + (real - EPOCH) // every * every
