"""What a scenario is made of, and the circumstances under which it is played."""

import os
import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import time_machine
from flask import Flask
from sqlalchemy import func, select

from c2b.core.db import db
from c2b.core.events import Event
from jobs.registry import all_jobs
from tests import clockwork
from tests.crash.points import Points
from tests.factories import Make

MOST_PASSES = 8
# What the clock does about each kind of work. The rest of the jobs would find nothing, many thousand times.
WAY = (
    "close_campaigns", "tell_tipped", "join_batches", "submit_offers", "run_pipeline", "lapse_offers", "award_batches",
    "send_mail",
)  # fmt: skip
MONEY = (*clockwork.MONEY, "send_mail")
REMEDIES = (
    "work_inbox", "look_up_attempts", "remedies_due", "unwind_campaigns", "send_refunds", "issue_vouchers",
    "expire_vouchers", "tell_late_orders", "send_mail",
)  # fmt: skip
HEARING = ("deliver_sandbox_events", "work_inbox", "look_up_attempts", "answer_banks", "send_mail")
PAYING = ("look_up_attempts", "plan_payouts", "send_payouts", "send_mail")
AT_ONCE = (timedelta(),)


@dataclass(frozen=True)
class World:
    """The application, the moment, and what the scenario was built from (ids alone: no record outlives a fork)."""

    app: Flask
    now: datetime
    ids: Mapping[str, Any]
    post: Path  # the book of a mail provider that takes everything


@dataclass(frozen=True)
class Scenario:
    """A state, one act through its real edge, and what the clock does after a restart."""

    name: str
    build: Callable[[Make], dict[str, Any]]
    act: Callable[[World], None]
    moments: tuple[timedelta, ...] = AT_ONCE  # when the jobs run afterwards, counted from the act
    settings: Mapping[str, Any] = field(default_factory=dict)
    jobs: tuple[str, ...] = WAY
    repeat: bool = False  # doing it once more afterwards must change nothing that was done
    every_call: bool = False  # a sample has the points beside each foreign call
    check: Callable[[World], Iterator[str]] | None = None  # what must hold beyond the promises
    within: "Callable[[World], AbstractContextManager[Any]] | None" = (
        None  # circumstances of act and recovery
    )
    unlike: tuple[str, ...] = ()  # what may differ after a death: "table" or "table.column"


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str, build: Callable[[Make], dict[str, Any]], **more: Any
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Register an act under its name."""

    def register(act: Callable[[World], None]) -> Callable[[World], None]:
        if name in SCENARIOS:
            raise ValueError(f"there is a scenario {name!r} already")
        SCENARIOS[name] = Scenario(name, build, act, **more)
        return act

    return register


@contextmanager
def at_moment(now: datetime, chance: int) -> Iterator[None]:
    """Time stands still, and what is drawn by lot is the same in every run with the same chance."""
    lots = random.Random(chance)
    with ExitStack() as stack:
        stack.enter_context(time_machine.travel(now, tick=False))
        stack.enter_context(patch.object(secrets, "_sysrand", lots))
        stack.enter_context(patch.object(secrets, "choice", lots.choice))
        stack.enter_context(patch.object(os, "urandom", lots.randbytes))
        yield


def drain(
    world: World, moments: tuple[timedelta, ...], jobs: tuple[str, ...], chance: int, points: Points
) -> list[str]:
    """Run the jobs at these moments until nothing changes; every row that crashed."""
    problems: list[str] = []
    way = [all_jobs()[name] for name in jobs]
    for number, after in enumerate(moments):
        now = world.now + after
        points.turn(after)
        with at_moment(now, chance + number):
            written = -1
            for _pass in range(MOST_PASSES):
                if written == (written := _diary_length()):
                    break
                for job in way:
                    if job.run(now).get("failed"):
                        problems.append(f"a row of {job.name} failed at {after}")
            else:
                problems.append(f"the jobs did not come to rest at {after}")
    return problems


def _diary_length() -> int:
    length = int(db.session.scalar(select(func.max(Event.id))) or 0)
    db.session.rollback()
    return length
