"""The ladder of look-ups: its rungs, its end, its fence, and what it never does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from c2b.campaigns.states import PledgeState
from c2b.core.checks import broken_promises
from c2b.core.claims import database_time
from c2b.core.db import db, transaction
from c2b.orders import charging
from c2b.orders.models import Order
from c2b.payments import asking, attempts, ladder
from c2b.payments.gateway import Outcome
from c2b.payments.models import Attempt, ProviderPace
from c2b.payments.states import AttemptState as S
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from tests.orders.conftest import campaign_of, pledges_of, run_jobs, sandbox

Launches = Callable[..., Launch]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def only() -> Attempt:
    db.session.rollback()
    found = db.session.scalars(select(Attempt).order_by(Attempt.id)).first()
    assert found is not None
    db.session.expunge(found)
    db.session.rollback()
    return found


def charge(it: Launch, now: datetime) -> None:
    launch_id = it.id
    db.session.rollback()
    charging.charge_launch(launch_id, now=now)


def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the provider gives no answer to anything, although it acts."""

    def no_answer(_provider: object, asked: Any) -> Outcome:
        return Outcome(S.UNKNOWN, code="NoAnswer")

    monkeypatch.setattr(asking.door, "send", no_answer)
    monkeypatch.setattr(asking.door, "look_up", no_answer)


def test_a_missing_answer_is_looked_up_ever_more_rarely_and_then_by_a_person(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = launch([(2, "ok")])
    silent(monkeypatch)
    charge(it, now)
    rungs, moment = [], now
    while (next_at := only().look_up_at) is not None and len(rungs) < 20:
        rungs.append(next_at - moment)
        moment = next_at
        assert ladder.look_up_due(moment - timedelta(seconds=1)) == 0
        assert ladder.look_up_due(moment) == 1
        assert ladder.look_up_due(moment) == 0
        assert broken_promises("I-24") == []
        db.session.rollback()
    assert rungs == list(ladder.RUNGS)
    assert only().state == S.UNKNOWN
    assert list(db.session.scalars(select(Attempt.id).where(Attempt.case_at.is_not(None)))) == [only().id]


def test_a_look_up_that_was_not_made_uses_up_no_rung(app: Flask, launch: Launches, now: datetime) -> None:
    """While the provider is known to be down nothing is asked, however often the time for it comes (F-41)."""
    it = launch([(2, "answer_lost")])
    charge(it, now)
    app.config["C2B"] = replace(app.config["C2B"], provider_rate=1000.0)
    the_door_is(closed_for=3600)
    moment = only().look_up_at
    assert moment is not None
    for _minute in range(len(ladder.RUNGS) + 1):
        assert ladder.look_up_due(moment) == 0
        moment += timedelta(minutes=1)
        waiting = only()
        assert (waiting.look_ups, waiting.case_at, waiting.look_up_at) == (0, None, moment)
    the_door_is(closed_for=0)
    assert ladder.look_up_due(moment) == 1
    assert (only().state, only().look_ups) == (S.SUCCEEDED, 1)


def the_door_is(*, closed_for: float) -> None:
    with transaction():
        until = database_time() + closed_for
        db.session.merge(ProviderPace(gateway="sandbox", next_at=0.0, failures=0, closed_until=until))


def test_a_case_is_opened_after_three_days_and_closed_by_an_answer(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = launch([(2, "answer_lost")])
    with monkeypatch.context() as patch:
        silent(patch)
        charge(it, now)
        ladder.look_up_due(now + 3 * DAY)
        assert only().case_at == now + 3 * DAY
    ladder.look_up_due(now + 4 * DAY)
    assert (only().code, only().case_at, only().decided_at) == ("never_arrived", None, now + 4 * DAY)


@pytest.mark.parametrize(("age", "sent"), [(timedelta(hours=22), True), (timedelta(hours=23), False)])
def test_a_request_that_never_arrived_is_sent_again_only_while_its_key_is_known(
    launch: Launches, now: datetime, age: timedelta, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After that it has failed for good, and a new key is used (F-41)."""
    it = launch([(2, "ok")])
    with monkeypatch.context() as patch:
        silent(patch)
        charge(it, now)
    ladder.look_up_due(now + age)
    assert (only().state, only().code) == ((S.SUCCEEDED, None) if sent else (S.FAILED, "never_arrived"))
    assert len(sandbox().keys()) == (1 if sent else 0)
    db.session.rollback()
    run_jobs(now + age)
    run_jobs(now + age)
    assert campaign_of(it) and it.state == LaunchState.SELLING
    if not sent:
        assert only().retry_at == now + age
    generations = db.session.scalars(select(Attempt.generation).where(Attempt.purpose == "authorise")).all()
    assert sorted(generations) == ([1] if sent else [1, 2])


def test_an_answer_of_a_process_that_was_overtaken_is_not_booked(launch: Launches, now: datetime) -> None:
    it = launch([(2, "declined")])
    claimed = now + timedelta(minutes=1)
    slow = _begun(it, now)
    answered = attempts.ask(slow)  # and then it sleeps
    with transaction():
        [taken] = ladder.claim_due(claimed)
    with transaction():
        assert attempts.book(answered, claimed) == []
    assert only().state == S.STARTED
    again = attempts.find_out([taken], claimed)
    with transaction():
        assert attempts.book(again, claimed) == again
    with transaction():
        assert attempts.book(answered, claimed) == []
    assert (only().state, only().epoch) == (S.FAILED, 2)


@pytest.mark.breaks_promises
def test_without_the_epoch_the_late_answer_would_be_booked(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above."""
    it = launch([(2, "declined")])
    answered = attempts.ask(_begun(it, now))
    with transaction():
        ladder.claim_due(now + timedelta(minutes=1))
    monkeypatch.setattr(attempts, "_still_mine", lambda asked: {request.attempt_id for request in asked})
    with transaction():
        assert attempts.book(answered, now)


def _begun(it: Launch, now: datetime) -> list[attempts.Request]:
    launch_id = it.id
    db.session.rollback()
    with transaction():
        requests, _after = charging._begin(launch_id, charging.AUTHORISE, None, now)
    return requests


def test_a_process_that_slept_through_its_lease_sends_nothing(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it wrote down is found by the ladder."""
    it = launch([(2, "ok")])
    requests = _begun(it, now)
    real = asking.monotonic
    with monkeypatch.context() as patch:
        patch.setattr(asking, "monotonic", lambda: real() + asking.LEASE + 1)
        assert attempts.ask(requests) == []
    assert sandbox().keys() == set()
    run_jobs(now + timedelta(minutes=1))
    run_jobs(now + timedelta(minutes=1))
    assert campaign_of(it) and it.state == LaunchState.SELLING


def test_an_answer_about_something_else_is_never_booked_and_is_a_case_at_once(
    launch: Launches, now: datetime
) -> None:
    it = launch([(2, "ok")])
    sandbox().script("authorise", ["wrong_amount"])
    run_jobs(now)
    assert (only().state, only().code, only().reference) == (S.UNKNOWN, "wrong_answer", None)
    assert (only().case_at, only().look_up_at) == (now, None)
    run_jobs(now + DAY)
    assert only().state == S.UNKNOWN

    with transaction():
        ladder.look_again_now(only().id, by=campaign_of(it).starter_id, now=now + DAY)
    run_jobs(now + DAY)
    run_jobs(now + DAY)
    assert campaign_of(it) and it.state == LaunchState.SELLING


def test_an_answer_that_stays_away_keeps_nobody_else_waiting(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window ends without it; the hold that turns up later is let go, and nobody is charged for nothing (F-38)."""
    it = launch([(2, "ok"), (1, "answer_lost")])
    look_up = asking.door.look_up
    with monkeypatch.context() as patch:
        patch.setattr(asking.door, "look_up", lambda *_all: Outcome(S.UNKNOWN, code="NoAnswer"))
        run_jobs(now)
        run_jobs(it.mend_until)
        assert campaign_of(it) and it.state == LaunchState.SELLING
        assert [p.state for p in pledges_of(it)] == [PledgeState.ORDERED, PledgeState.DROPPED]
    assert asking.door.look_up is look_up
    held = [hold for hold in sandbox().holds() if hold["state"] == "held"]
    assert len(held) == 1
    for n in range(3):
        run_jobs(it.mend_until + timedelta(days=2, minutes=n))
    assert sorted(hold["state"] for hold in sandbox().holds()) == ["captured", "void"]
    assert len(db.session.scalars(select(Order)).all()) == 1
