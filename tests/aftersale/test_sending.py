"""Refunds on their way to the provider: lost, refused, killed half-way, asked for again; paid once in its book."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.orders.models import Order
from c2b.orders.refunding import refund_order
from c2b.payments import attempts
from c2b.payments import refunds as sending
from c2b.payments.models import Attempt, Refund
from c2b.payments.refunds import launches_to_refund, send_again, send_refunds
from c2b.payments.states import AttemptState, Purpose, RefundCause, RefundState
from tests.aftersale.conftest import Sold, minute, refunds, sandbox, told

HOUR = timedelta(hours=1)


def promise(order: Order, amount: int, now, key: str = "k") -> int:
    with transaction():
        return refund_order(order.id, amount, RefundCause.GOODWILL, key=key, by=None, now=now).id


def in_their_book(order: Order) -> int:
    """What the provider says that it has paid back of an order's charge."""
    reference = db.session.get_one(Attempt, order.attempt_id).reference
    [hold] = [hold for hold in sandbox().holds() if hold["reference"] == reference]
    return int(hold["refunded"])


def requests_about(refund: int) -> list[tuple[str, AttemptState]]:
    db.session.rollback()
    rows = db.session.execute(
        select(Attempt.key, Attempt.state).where(Attempt.refund_id == refund).order_by(Attempt.id)
    )
    return [(row.key, row.state) for row in rows]


def test_parts_are_paid_each_by_itself(sold: Sold, now):
    [order] = sold()
    for key, amount in (("a", 1000), ("b", 2000)):
        promise(order, amount, now, key)
    minute(now)
    assert [r.state for r in refunds()] == [RefundState.PAID] * 2
    assert in_their_book(order) == 3000
    assert told("refund_promised") == told("refund_paid") == [order.shopper_id] * 2


def test_an_answer_that_is_lost_is_looked_up_and_paid_once(sold: Sold, now):
    [order] = sold(((1, "refund_lost"),))
    refund = promise(order, 5000, now)
    minute(now)
    assert requests_about(refund) == [(f"refund-{refund}-1", AttemptState.UNKNOWN)]
    assert [r.state for r in refunds()] == [RefundState.OWED]
    minute(now)  # nothing is sent again while the answer is missing
    assert len(requests_about(refund)) == 1
    minute(now + HOUR)
    assert [r.state for r in refunds()] == [RefundState.PAID]
    assert in_their_book(order) == 5000


def test_a_question_that_is_lost_goes_out_again_with_its_own_key(sold: Sold, now):
    [order] = sold()
    refund = promise(order, 5000, now)
    sandbox().script(f"refund-{refund}-1", ["drop_before"])
    minute(now)
    assert in_their_book(order) == 0
    minute(now + HOUR)
    assert requests_about(refund) == [(f"refund-{refund}-1", AttemptState.SUCCEEDED)]
    assert in_their_book(order) == 5000


def test_a_refund_that_is_refused_waits_for_a_person_and_then_has_a_new_key(make, sold: Sold, now):
    [order] = sold(((1, "refund_fails"),))
    refund, operator = promise(order, 5000, now), make.operator()
    minute(now)
    minute(now + HOUR)
    assert [r.state for r in refunds()] == [RefundState.STUCK]
    assert [key for key, _state in requests_about(refund)] == [f"refund-{refund}-1"]
    sandbox().script(f"refund-{refund}-2", ["ok"])
    with transaction():
        send_again(refund, by=operator.id, now=now)
    with pytest.raises(Refused), transaction():
        send_again(refund, by=operator.id, now=now)
    minute(now + HOUR)
    assert [r.state for r in refunds()] == [RefundState.PAID]
    assert requests_about(refund)[-1] == (f"refund-{refund}-2", AttemptState.SUCCEEDED)
    assert in_their_book(order) == 5000


def test_two_processes_send_a_refund_once(sold: Sold, now):
    [order] = sold()
    refund = promise(order, 5000, now)
    send_refunds([refund], now)
    send_refunds([refund], now)
    assert requests_about(refund) == [(f"refund-{refund}-1", AttemptState.SUCCEEDED)]
    assert launches_to_refund(now) == []


def test_a_process_that_dies_before_it_asks_leaves_it_to_the_look_up(sold: Sold, now, monkeypatch):
    [order] = sold()
    refund = promise(order, 5000, now)
    with monkeypatch.context() as dies:
        dies.setattr(attempts, "ask", lambda _requests: [])
        send_refunds([refund], now)
    assert requests_about(refund) == [(f"refund-{refund}-1", AttemptState.STARTED)]
    minute(now + HOUR)
    assert [r.state for r in refunds()] == [RefundState.PAID]
    assert in_their_book(order) == 5000


def test_a_process_that_dies_before_it_books_finds_out_later(sold: Sold, now, monkeypatch):
    [order] = sold()
    refund = promise(order, 5000, now)

    def dies(_answered, _now):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(sending.attempts, "book", dies)
        send_refunds([refund], now)
    assert in_their_book(order) == 5000
    assert [r.state for r in refunds()] == [RefundState.OWED]
    minute(now + HOUR)
    assert [r.state for r in refunds()] == [RefundState.PAID]
    assert in_their_book(order) == 5000


def test_one_refund_that_cannot_be_booked_stops_no_other(sold: Sold, now, monkeypatch):
    one, two = sold(((1, "ok"), (1, "ok")))
    first, second = promise(one, 1000, now, "a"), promise(two, 1000, now, "b")
    book = attempts.book

    def stumbles(answered, at):
        if answered[0][0].subject_id == first:
            raise RuntimeError("no")
        return book(answered, at)

    with monkeypatch.context() as patch:
        patch.setattr(sending.attempts, "book", stumbles)
        send_refunds([first, second], now)
    states = {refund.id: refund.state for refund in refunds()}
    assert states == {first: RefundState.OWED, second: RefundState.PAID}
    minute(now + HOUR)
    assert {refund.state for refund in refunds()} == {RefundState.PAID}


def test_after_a_day_without_the_provider_it_is_asked_for_under_the_next_key(sold: Sold, now):
    [order] = sold()
    refund = promise(order, 5000, now)
    sandbox().script(f"refund-{refund}-1", ["drop_before"])
    minute(now)
    minute(now + 24 * HOUR)
    minute(now + 24 * HOUR)
    assert [r.state for r in refunds()] == [RefundState.PAID]
    assert requests_about(refund) == [
        (f"refund-{refund}-1", AttemptState.FAILED),
        (f"refund-{refund}-2", AttemptState.SUCCEEDED),
    ]
    assert in_their_book(order) == 5000


def test_a_refund_has_one_attempt_of_its_own_purpose(sold: Sold, now):
    [order] = sold()
    refund = promise(order, 5000, now)
    minute(now)
    asked = db.session.scalars(select(Attempt).where(Attempt.refund_id == refund)).one()
    assert (asked.purpose, asked.amount, asked.pledge_id) == (Purpose.REFUND, 5000, None)
    assert db.session.get_one(Refund, refund).paid_at == now
