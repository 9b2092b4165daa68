"""Refunds: promised out of the charge, sent until they are paid, never more than was charged."""

import pytest

from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.orders.refunding import refund_order
from c2b.orders.states import OrderState
from c2b.payments.refunds import promise_refund
from c2b.payments.states import RefundCause, RefundState
from tests.aftersale.conftest import Sold, capture_of, minute, refunds


@pytest.mark.breaks_promises  # a promise alone is not in the books
def test_a_promise_takes_its_amount_from_the_charge(sold: Sold, now):
    [order] = sold()
    with transaction():
        refund = promise_refund(order.attempt_id, 5000, RefundCause.GOODWILL, key="a", by=None, now=now)
    assert (refund.state, refund.amount, refund.shopper_id) == (RefundState.OWED, 5000, order.shopper_id)
    assert capture_of(order).refunded == 5000


def test_the_same_cause_refunds_once(sold: Sold, now):
    [order] = sold()
    with transaction():
        first = refund_order(order.id, 5000, RefundCause.GOODWILL, key="a", by=None, now=now)
        again = refund_order(order.id, 9999, RefundCause.LATE, key="a", by=None, now=now)
    assert first.id == again.id
    assert capture_of(order).refunded == 5000


@pytest.mark.parametrize("amount", [0, -1, 51801])
def test_more_than_was_charged_or_nothing_is_refused(sold: Sold, now, amount):
    [order] = sold()
    with pytest.raises(Refused), transaction():
        promise_refund(order.attempt_id, amount, RefundCause.GOODWILL, key="a", by=None, now=now)
    assert capture_of(order).refunded == 0


def test_the_whole_refund_of_an_order_that_was_not_sent_cancels_it(sold: Sold, now, diary):
    [order] = sold()
    with transaction():
        refund_order(order.id, order.total, RefundCause.OUT_OF_STOCK, key="a", by=None, now=now)
    assert db.session.get_one(type(order), order.id).state == OrderState.CANCELLED
    assert "order.cancelled" in [kind for kind, _data in diary()]
    minute(now)
    assert [r.state for r in refunds()] == [RefundState.PAID]
