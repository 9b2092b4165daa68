"""Answers get lost, processes die: nobody is charged twice, and nothing is asked under a new key."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from c2b.core.db import db
from c2b.orders import charging
from c2b.orders.models import Order
from c2b.payments.gateway import Asked, Outcome, look_up, send
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from jobs import charge_launches, finish_launches, settle_launches
from tests.orders.conftest import campaign_of, pledges_of, run_jobs, sandbox

Launches = Callable[..., Launch]


class Killed(BaseException):
    """The process is gone; nothing that catches errors sees it."""


def book() -> Counter[str]:
    return Counter(hold["state"] for hold in sandbox().holds())


def test_an_answer_that_is_missing_is_looked_up_and_nobody_is_charged_twice(
    launch: Launches, now: datetime
) -> None:
    cards = ["answer_lost", "question_lost", "capture_lost", "provider_error"]
    it = launch([(2, "ok"), *((3, card) for card in cards)])
    run_jobs(now)
    unknown = db.session.scalars(select(Attempt.purpose).where(Attempt.state == AttemptState.UNKNOWN)).all()
    assert unknown == ["authorise"] * 3
    for minute in range(1, 10):
        run_jobs(now + timedelta(minutes=minute))

    assert campaign_of(it)
    assert it.state == LaunchState.SELLING
    assert book() == {"captured": 5}
    for pledge in pledges_of(it):
        keys = select(Attempt.key).where(Attempt.pledge_id == pledge.id).order_by(Attempt.id)
        assert db.session.scalars(keys).all() == [f"authorise-{pledge.id}-1", f"capture-{pledge.id}-1"]


@pytest.mark.parametrize("step", ["authorise", "capture", "void"])
def test_a_process_that_dies_after_the_call_is_resumed_with_the_same_key(
    launch: Launches, now: datetime, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider has acted, our transaction never came."""
    it = launch([(2, "ok"), (2, "ok"), (9, "declined")], minimum=4 if step != "void" else 13)
    real = charging.attempts.book

    def die(answered: Any, at: datetime) -> None:
        if any(request.purpose == step for request, _outcome in answered):
            raise Killed
        real(answered, at)

    with monkeypatch.context() as patch:
        patch.setattr(charging.attempts, "book", die)
        with pytest.raises(Killed):
            run_jobs(now)
            run_jobs(it.mend_until)
    asked = sandbox().keys()
    started = db.session.scalars(select(Attempt).where(Attempt.state == AttemptState.STARTED)).all()
    assert {attempt.purpose for attempt in started} == {step}
    assert {attempt.key for attempt in started} <= asked

    minute = timedelta(minutes=1)
    for moment in (now + minute, it.mend_until, it.mend_until + minute, it.mend_until + minute):
        run_jobs(moment)
    final = LaunchState.FAILED if step == "void" else LaunchState.SELLING
    assert campaign_of(it) and it.state == final
    assert book() == ({"void": 2, "refused": 1} if step == "void" else {"captured": 2, "refused": 1})
    assert len(db.session.scalars(select(Order)).all()) == (0 if step == "void" else 2)
    assert db.session.scalar(select(db.func.count(Attempt.id)).where(Attempt.generation > 1)) == 0


def test_a_process_that_dies_before_the_call_is_resumed(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = launch([(2, "ok")] * 3)

    def die(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(charging.attempts, "hand_in", die)
        with pytest.raises(Killed):
            run_jobs(now)
    assert sandbox().keys() == set()
    run_jobs(now + timedelta(minutes=1))

    assert campaign_of(it) and it.state == LaunchState.SELLING
    assert book() == {"captured": 3}


def test_every_call_to_the_provider_is_outside_a_transaction(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads have no session, so what is asked is whether the one that waits for them has a transaction open."""
    it = launch([(2, "ok"), (1, "declined"), (1, "needs_confirmation")])
    session, calls = db.session(), Counter[str]()
    for name in ("authorise", "capture", "void", "look_up"):
        real = getattr(Sandbox, name)

        def watched(self: Sandbox, *args: Any, _name: str = name, _real: Any = real) -> Any:
            assert not session.in_transaction()
            calls[_name] += 1
            return _real(self, *args)

        monkeypatch.setattr(Sandbox, name, watched)
    for moment in (now, now + timedelta(minutes=1), it.mend_until, it.closes_at):
        run_jobs(moment)

    assert set(calls) == {"authorise", "capture", "void", "look_up"}
    assert campaign_of(it).state == "completed"


def test_the_gateway_refuses_to_be_called_inside_a_transaction(launch: Launches, now: datetime) -> None:
    launch()
    provider, asked = sandbox(), Asked("k", Purpose.AUTHORISE, 1, "CNY", now, token="tok_ok")
    db.session.execute(select(1))
    for call in (send, look_up):
        with pytest.raises(RuntimeError, match="inside a database transaction"):
            call(provider, asked)


def test_without_its_guard_the_gateway_would_be_called_inside_a_transaction(
    launch: Launches, now: datetime
) -> None:
    """The twin of the test above: the guard is what makes the difference."""
    launch()
    unguarded = sandbox()
    db.session.execute(select(1))
    asked = Asked("nothing", Purpose.AUTHORISE, 1, "CNY", now)
    assert isinstance(unguarded.look_up(asked), Outcome | None)


def test_the_jobs_take_a_launch_from_its_hour_to_its_end(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "declined")])
    assert charge_launches.run(now) == {"done": 1, "refused": 0, "failed": 0}
    assert settle_launches.run(now) == {"done": 0, "refused": 0, "failed": 0}
    assert settle_launches.run(it.mend_until) == {"done": 1, "refused": 0, "failed": 0}
    assert finish_launches.run(it.closes_at) == {"done": 1, "refused": 0, "failed": 0}
    assert campaign_of(it) and it.state == LaunchState.FINISHED
    assert [job.run(it.closes_at)["done"] for job in (charge_launches, settle_launches, finish_launches)] == [
        0,
        0,
        0,
    ]


def test_a_hundred_cards_of_every_kind_end_in_equal_books(launch: Launches, now: datetime) -> None:
    kinds = [
        "ok",
        "ok",
        "declined",
        "answer_lost",
        "question_lost",
        "capture_lost",
        "needs_confirmation",
        "capture_fails",
    ]
    it = launch([(1 + n % 3, kinds[n % len(kinds)]) for n in range(100)])
    for moment in (
        now,
        now + timedelta(minutes=1),
        now + timedelta(minutes=2),
        it.mend_until,
        it.mend_until,
        it.closes_at,
    ):
        run_jobs(moment)
    run_jobs(it.closes_at)
    assert campaign_of(it).state == "completed"
    ours = dict(db.session.execute(select(Order.pledge_id, Order.total)).all())  # type: ignore[arg-type]
    theirs = {int(hold["pledge"]): hold["captured"] for hold in sandbox().holds() if hold["captured"]}
    assert ours == theirs
    assert not [hold for hold in sandbox().holds() if hold["state"] in ("held", "waiting")]
