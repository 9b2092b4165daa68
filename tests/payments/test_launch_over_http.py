"""A whole launch with a provider in another process: its book and ours are compared, however it behaves."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from c2b.core.db import db, transaction
from c2b.payments.gateway import gateway
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.gateways.server import Server
from c2b.payments.models import Attempt, ProviderPace
from c2b.payments.pace import PATIENCE
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from c2b.settlement.reconciling import reconcile
from tests.orders.conftest import campaign_of, run_jobs
from tests.payments.peers import running_server

Launches = Callable[..., Launch]
MINUTE = timedelta(minutes=1)


@dataclass
class Far:
    """The far side: the server, and this shop's view of its book."""

    server: Server
    shop: Sandbox


@pytest.fixture
def far(app: Flask, tmp_path: Path) -> Iterator[Far]:
    """The application with a server as its provider, which may be asked as often as one likes."""
    with running_server(tmp_path) as (server, url):
        app.config["C2B"] = replace(
            app.config["C2B"], gateway="sandbox_server", sandbox_url=url, provider_rate=0.0
        )
        account = gateway().account  # type: ignore[attr-defined]
        yield Far(server, server.sandbox(account))


def states(purpose: Purpose) -> Counter[str]:
    db.session.rollback()
    found = Counter(db.session.scalars(select(Attempt.state).where(Attempt.purpose == purpose)))
    db.session.rollback()
    return found


def the_door_opens() -> None:
    """The pause is over."""
    with transaction():
        db.session.execute(update(ProviderPace).values(closed_until=0.0))


def assert_books_are_equal(far: Far, now: datetime) -> None:
    """Ours are compared with theirs by `c2b reconcile`, and request by request."""
    with transaction():
        ours = {
            (row.key, row.amount)
            for row in db.session.execute(
                select(Attempt.key, Attempt.amount).where(
                    Attempt.purpose == Purpose.CAPTURE, Attempt.state == S.SUCCEEDED
                )
            )
        }
    theirs = [(line.key, line.amount) for line in far.shop.book_lines() if line.kind == "charge"]
    assert len(theirs) == len(set(theirs))
    assert set(theirs) == ours
    report = reconcile(now)
    assert report.differences == []


def test_a_launch_with_every_kind_of_card_ends_in_equal_books(
    launch: Launches,
    far: Far,
    now: datetime,
) -> None:
    kinds = [
        "ok",
        "declined",
        "answer_lost",
        "question_lost",
        "capture_lost",
        "needs_confirmation",
        "capture_fails",
    ]
    it = launch([(1 + n % 3, kinds[n % len(kinds)]) for n in range(21)])
    for moment in (now, now + MINUTE, now + 2 * MINUTE, now + 10 * MINUTE, it.mend_until, it.closes_at):
        the_door_opens()
        run_jobs(moment)
        run_jobs(moment + MINUTE)
    run_jobs(it.closes_at + timedelta(hours=1))
    assert campaign_of(it) and it.state == LaunchState.FINISHED
    assert_books_are_equal(far, it.closes_at)
    assert states(Purpose.CAPTURE)[S.SUCCEEDED] == 12


def test_a_provider_that_falls_silent_is_left_alone_and_nobody_is_charged_twice(
    launch: Launches,
    far: Far,
    now: datetime,
) -> None:
    """F-30, F-41: what it did meanwhile is found by looking; after five silences nothing is sent for a while."""
    it = launch([(1, "ok")] * 40)
    far.shop.script("capture", ["drop_after"] * 100)
    run_jobs(now)
    assert 0 < states(Purpose.CAPTURE)[S.UNKNOWN] < 40
    arrived = len(far.shop.keys())
    run_jobs(now)  # the door is closed: nothing more goes out
    assert len(far.shop.keys()) == arrived
    far.shop.script("capture", [])
    for minutes in (2, 8, 70, 71):
        for _ in range(2):  # the first is a probe
            the_door_opens()
            run_jobs(now + minutes * MINUTE)
    assert campaign_of(it) and it.state == LaunchState.SELLING
    assert states(Purpose.CAPTURE) == {S.SUCCEEDED: 40}
    assert_books_are_equal(far, now)


def test_a_provider_that_is_too_busy_says_when_to_come_again(
    launch: Launches,
    far: Far,
    now: datetime,
) -> None:
    """F-32: what was refused for the moment is asked later, and each request is in the book once."""
    it = launch([(1, "ok")] * 8)
    far.shop.script("authorise", ["ok", "too_many:3600"])
    run_jobs(now)
    with transaction():
        assert db.session.scalar(select(ProviderPace.next_at)) > 0  # type: ignore[operator]
    with transaction():
        db.session.execute(update(ProviderPace).values(next_at=0.0))
    for minutes in (2, 8, 9):
        run_jobs(now + minutes * MINUTE)
    assert campaign_of(it) and it.state == LaunchState.SELLING
    assert Counter(row["state"] for row in far.shop.holds()) == {"captured": 8}
    assert_books_are_equal(far, now)


def test_five_silences_are_what_it_takes(launch: Launches, far: Far, now: datetime) -> None:
    """So many requests and no more are lost on a provider that is down, but for those under way in other threads."""
    launch([(1, "ok")] * 60)
    far.shop.script("authorise", ["drop_before"] * 100)
    run_jobs(now)
    left = far.shop.book.one("select count(*) as n from script")
    assert left is not None
    assert PATIENCE <= 100 - left["n"] < 60
