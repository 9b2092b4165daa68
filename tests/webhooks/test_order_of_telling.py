"""I-38: whatever is told, in whatever order and however often, the end is the same; the provider is always asked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from c2b.core.db import db, transaction
from c2b.core.outbox import Notice
from c2b.ledger.models import Transaction
from c2b.orders.models import Dispute, Order
from c2b.orders.refunding import refund_order
from c2b.payments import attempts
from c2b.payments.attempts import Wish
from c2b.payments.models import Attempt, InboxEvent, Refund
from c2b.payments.states import AttemptState, Purpose, RefundCause
from c2b.pipeline.models import Launch
from jobs import send_refunds, work_inbox
from tests.conftest import Work
from tests.orders.conftest import pledges_of, run_jobs, sandbox
from tests.webhooks.conversation import balances, deliver, hear, open_events, patiently

Launches = Callable[..., Launch]
CARDS = [(2, "ok"), (1, "capture_lost"), (3, "ok")]


def everything_happens(launch: Launches, now: datetime) -> None:
    """A launch with answers that got lost, refunds and disputes; nothing of it was told yet."""
    launch(CARDS)
    run_jobs(now)
    orders = list(db.session.scalars(select(Order).order_by(Order.id)))
    with transaction():
        refund_order(orders[0].id, 500, RefundCause.GOODWILL, key="one", by=None, now=now)
    bank = sandbox()
    bank.script("refund", ["drop_after"])
    send_refunds.run(now)
    charged = sorted((hold["key"], hold["reference"]) for hold in bank.holds() if hold["captured"])
    for (_key, payment), won in zip(charged, (True, False), strict=False):
        dispute = bank.open_dispute(payment, now=now, amount=700)
        bank.decide_dispute(dispute, won=won, now=now)


def the_end() -> dict[str, object]:
    """All that webhooks can change, without the times."""
    db.session.rollback()
    count = select(func.count())
    return {
        "attempts": sorted(db.session.execute(select(Attempt.key, Attempt.state)).all()),
        "orders": sorted(db.session.execute(select(Order.pledge_id, Order.total)).all()),
        "refunds": sorted(db.session.execute(select(Refund.key, Refund.state)).all()),
        "disputes": sorted(db.session.execute(select(Dispute.amount, Dispute.state)).all()),
        "posted": sorted(db.session.execute(select(Transaction.cause, Transaction.kind)).all()),
        "balances": balances(),
        "notices": db.session.scalar(count.select_from(Notice)),
    }


def told_at_random(random: Random, now: datetime) -> datetime:
    """Webhooks come three times each in any order, before and between what we find out by ourselves."""
    deliver(now, copies=3, shuffle=random)
    ids = [event.id for event in open_events()]
    random.shuffle(ids)
    for number in ids[: random.randrange(len(ids) + 1)]:
        work_inbox.work_off(number, now=now)
    return patiently(now, 8)


@pytest.fixture
def afresh(work: Work) -> Callable[[], None]:
    """The same story from its beginning, in an empty database."""

    def begin() -> None:
        db.session.remove()
        db.engine.dispose()
        work.empty()

    return begin


@given(seed=st.integers(0, 2**32))
@settings(max_examples=4)
@pytest.mark.parametrize("database", ["sqlite"])
def test_i38_any_order_and_any_number_of_times_end_the_same(
    seed: int, afresh: Callable[[], None], launch: Launches, now: datetime, ends: list[object]
) -> None:
    """The permutation property: a launch with lost answers, a refund, a dispute won and one lost."""
    afresh()
    everything_happens(launch, now)
    told_at_random(Random(seed), now)
    assert open_events() == []
    ends.append(the_end())
    assert ends[0] == ends[-1]


@pytest.fixture(scope="module")
def ends() -> list[object]:
    """How each example ended."""
    return []


def test_i38_told_in_the_order_in_which_it_happened(launch: Launches, now: datetime) -> None:
    """The plain case, on both databases; an event three days late changes nothing (F-35)."""
    everything_happens(launch, now)
    hear(now)
    patiently(now, 8)
    assert open_events() == []
    end = the_end()
    for event in db.session.scalars(select(InboxEvent)):
        event.done_at, event.due_at = None, now
    db.session.commit()
    patiently(now + timedelta(days=3), 8)
    assert the_end() == end
    assert [state for _key, state in end["attempts"] if state == AttemptState.UNKNOWN] == []  # type: ignore[attr-defined]


def test_f35_the_webhook_comes_before_the_answer(launch: Launches, now: datetime) -> None:
    """F-35: the provider's hint is faster than its answer; the answer then finds everything done."""
    it = launch([(2, "ok")])
    wishes = [Wish(pledge.id, 43800, "CNY", it.id, pledge.mandate_id) for pledge in pledges_of(it)]
    db.session.rollback()
    with transaction():
        requests = attempts.begin(Purpose.AUTHORISE, wishes, now)
    answered = attempts.ask(requests)
    hear(now)
    with transaction():
        assert attempts.book(answered, now) == []
    assert db.session.scalars(select(Attempt.state)).all() == [AttemptState.SUCCEEDED]


def test_f35_an_event_of_a_request_that_we_do_not_know_is_tried_and_then_given_up(
    launch: Launches, now: datetime
) -> None:
    """F-35, and the case of a database that was restored from an older copy: it waits for an operator."""
    it = launch([(2, "ok")])
    run_jobs(now)
    db.session.rollback()
    deliver(now)
    with transaction():
        for event in db.session.scalars(select(InboxEvent)):
            event.key = f"{event.key}9999"
    patiently(now, 40)
    assert {event.error for event in open_events()} == {"it is about a request that we do not know"}
    assert all(event.dead_at for event in open_events()) and it is not None


def test_f35_a_provider_that_gives_no_answer_is_asked_again(launch: Launches, now: datetime) -> None:
    """The hint is here, the truth cannot be had: it is tried again, and nothing is booked meanwhile."""
    launch([(1, "answer_lost")])
    run_jobs(now)
    deliver(now)
    bank = sandbox()
    bank.script("look_up", ["drop_after"])
    work_inbox.run(now)
    (event,) = open_events()
    assert event.error == "the provider gave no answer (NoAnswer)"
    patiently(now, 1)
    assert open_events() == []
    assert db.session.scalars(select(Attempt.state)).all() == [AttemptState.SUCCEEDED]
