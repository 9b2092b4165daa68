"""Any sequence of part refunds: never more than the charge, and the fee that goes back adds up to the whole fee."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.core.errors import Refused
from c2b.orders.models import Order
from c2b.orders.refunding import left_to_refund, refund_order
from c2b.orders.states import OrderState
from c2b.payments.fees import fee_back, fee_of
from c2b.payments.states import RefundCause

amounts = st.integers(1, 10**9)


@given(total=amounts, bp=st.integers(0, 10_000), shares=st.lists(st.integers(1, 10**9), max_size=12))
def test_the_fees_of_all_parts_add_up_to_the_whole_fee(total, bp, shares):
    fee, gone, back = fee_of(total, bp), 0, 0
    for share in [*shares, total]:
        part = min(share, total - gone)
        if part:
            more = fee_back(total, fee, gone, part)
            assert 0 <= more <= part
            gone, back = gone + part, back + more
    assert (gone, back) == (total, fee)


@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(parts=st.lists(st.tuples(st.integers(-5, 60_000), st.integers(0, 4)), min_size=1, max_size=8))
def test_no_sequence_of_refunds_pays_back_more_than_was_charged(parts):
    order_id, now = test_no_sequence_of_refunds_pays_back_more_than_was_charged.order
    order = db.session.get_one(Order, order_id)
    promised: dict[int, int] = {}
    for amount, key in parts:
        fits = key in promised or 0 < amount <= order.total - sum(promised.values())
        try:
            refund = refund_order(order_id, amount, RefundCause.GOODWILL, key=f"part-{key}", by=None, now=now)
        except Refused:
            assert not fits
            continue
        assert fits
        promised.setdefault(key, amount)
        assert refund.amount == promised[key]
    assert left_to_refund(order) == order.total - sum(promised.values())
    assert (order.state == OrderState.CANCELLED) is (left_to_refund(order) == 0)
    assert [b for number in ("I-25", "I-7", "I-6") for b in broken_promises(number)] == []
    db.session.rollback()


@pytest.fixture(autouse=True)
def _an_order(request, now):
    """One order that every example begins with; each is rolled back at its end."""
    if "sequence" in request.node.name:
        sold = request.getfixturevalue("sold")
        [order] = sold()
        place = test_no_sequence_of_refunds_pays_back_more_than_was_charged
        place.order = (order.id, now)  # type: ignore[attr-defined]
        db.session.commit()


@pytest.fixture
def database(request):
    """Where no order is needed, no database is; the arithmetic is the same on both."""
    return "sqlite"
