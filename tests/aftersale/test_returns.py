"""Returns: asked for, answered, sent, received, refunded or replaced; and what time decides."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused, Stale
from c2b.orders.models import Order, Return, Shipment
from c2b.orders.refunding import refund_order
from c2b.orders.returns import (
    ReturnRequest,
    accept_return,
    ask_return,
    decline_return,
    receive_back,
    refund_return,
    replace_return,
    send_back,
    withdraw_return,
)
from c2b.orders.states import ReturnCause, ReturnState
from c2b.payments.states import RefundCause, RefundState
from tests.aftersale.conftest import DAY, deliver, minute, owner_of, refunds, told

R = ReturnState


def ask(order: Order, now, cause=ReturnCause.DEFECTIVE, quantity=1, **more) -> int:
    with transaction():
        request = ReturnRequest(quantity=quantity, cause=cause, note="The lid is loose.", **more)
        return ask_return(order.id, request, by=order.shopper_id, now=now).id


def state_of(return_id: int) -> ReturnState:
    return db.session.scalars(select(Return.state).where(Return.id == return_id)).one()


def firm(order: Order, now) -> dict:
    return {"merchant_id": order.merchant_id, "by": owner_of(order), "now": now}


def act(operation, *args, **more):
    with transaction():
        return operation(*args, **more)


def test_goods_go_back_and_money_follows(delivered, now):
    order = delivered(2)
    came = order.delivered_at
    back = ask(order, came + DAY)
    act(accept_return, back, "12 Kiln Road", **firm(order, came + 2 * DAY))
    act(send_back, back, "SF Express", "SF2", by=order.shopper_id, now=came + 3 * DAY)
    act(receive_back, back, **firm(order, came + 5 * DAY))
    act(refund_return, back, **firm(order, came + 6 * DAY))
    minute(came + 6 * DAY)
    assert state_of(back) == R.REFUNDED
    [refund] = refunds()
    assert (refund.amount, refund.cause, refund.state) == (
        order.unit_price, RefundCause.DEFECTIVE, RefundState.PAID
    )  # fmt: skip
    assert db.session.get_one(Return, back).refund_id == refund.id
    assert told("return_accepted") == [order.shopper_id]
    assert told("return_sent") == [owner_of(order)]


def test_without_answers_time_decides_for_the_shopper(delivered, now):
    order = delivered(1)
    asked_at = order.delivered_at + DAY
    back = ask(order, asked_at, ReturnCause.UNWANTED)
    minute(asked_at + 3 * DAY - timedelta(seconds=1))
    assert state_of(back) == R.ASKED
    accepted_at = asked_at + 3 * DAY
    minute(accepted_at)
    assert state_of(back) == R.ACCEPTED
    act(send_back, back, "SF Express", "SF2", by=order.shopper_id, now=accepted_at)
    minute(accepted_at + 10 * DAY - timedelta(seconds=1))
    assert state_of(back) == R.SENT
    minute(accepted_at + 10 * DAY)
    assert state_of(back) == R.REFUNDED
    assert [(r.cause, r.by) for r in refunds()] == [(RefundCause.RETURNED, None)]


def test_what_is_never_sent_lapses_after_a_reminder(delivered, now):
    order = delivered(1)
    back = ask(order, order.delivered_at)
    act(accept_return, back, "12 Kiln Road", **firm(order, order.delivered_at))
    minute(order.delivered_at + 4 * DAY)
    assert told("return_send_soon") == []
    minute(order.delivered_at + 5 * DAY)
    minute(order.delivered_at + 6 * DAY)
    assert told("return_send_soon") == [order.shopper_id]
    minute(order.delivered_at + 7 * DAY)
    assert state_of(back) == R.LAPSED
    assert refunds() == []


def test_received_goods_are_refunded_after_three_days(delivered, now):
    order = delivered(1)
    back = ask(order, order.delivered_at)
    act(accept_return, back, "12 Kiln Road", **firm(order, order.delivered_at))
    act(send_back, back, "SF Express", "SF2", by=order.shopper_id, now=order.delivered_at)
    act(receive_back, back, **firm(order, order.delivered_at + DAY))
    minute(order.delivered_at + 4 * DAY)
    assert state_of(back) == R.REFUNDED


def test_a_replacement_ends_a_return_without_money(delivered, now):
    order = delivered(1)
    back = ask(order, order.delivered_at, replace=True)
    act(accept_return, back, "12 Kiln Road", **firm(order, order.delivered_at))
    with pytest.raises(Refused):
        act(replace_return, back, "SF Express", "SF3", **firm(order, order.delivered_at))
    act(send_back, back, "SF Express", "SF2", by=order.shopper_id, now=order.delivered_at)
    act(replace_return, back, "SF Express", "SF3", **firm(order, order.delivered_at + DAY))
    assert state_of(back) == R.REPLACED
    parcels = db.session.execute(select(Shipment.tracking, Shipment.replacement).order_by(Shipment.id)).all()
    assert [tuple(row) for row in parcels] == [("SF1", False), ("SF3", True)]
    assert refunds() == []


def test_a_merchant_may_refund_at_once_and_never_twice(delivered, now):
    order = delivered(2)
    back = ask(order, order.delivered_at, quantity=2)
    act(refund_return, back, **firm(order, order.delivered_at))
    with pytest.raises(Refused):
        act(refund_return, back, **firm(order, order.delivered_at))
    assert [r.amount for r in refunds()] == [order.total]


def test_a_merchant_says_no_with_words(delivered, now):
    order = delivered(1)
    back = ask(order, order.delivered_at)
    act(decline_return, back, "It was used.", **firm(order, order.delivered_at))
    assert (state_of(back), db.session.get_one(Return, back).answer) == (R.DECLINED, "It was used.")
    assert told("return_declined") == [order.shopper_id]
    with pytest.raises(Refused):
        act(accept_return, back, "12 Kiln Road", **firm(order, order.delivered_at))


def test_a_shopper_may_keep_it_after_all_and_ask_again(delivered, now):
    order = delivered(1)
    back = ask(order, order.delivered_at)
    with pytest.raises(Refused):
        ask(order, order.delivered_at)
    act(withdraw_return, back, by=order.shopper_id, now=order.delivered_at)
    assert state_of(back) == R.WITHDRAWN
    assert ask(order, order.delivered_at) != back


@pytest.mark.parametrize(
    ("cause", "days"), [(ReturnCause.UNWANTED, 14), (ReturnCause.WRONG, 21), (ReturnCause.DEFECTIVE, 21)]
)
def test_goods_can_be_sent_back_until_their_time_is_over(delivered, cause, days):
    order = delivered(1)
    over = order.delivered_at + days * DAY
    with pytest.raises(Refused):
        ask(order, over, cause)
    assert ask(order, over - timedelta(seconds=1), cause)


def test_only_what_has_come_and_was_not_paid_back_can_be_sent_back(sold, now):
    [order] = sold(((2, "ok"),))
    with pytest.raises(Refused):
        ask(order, now)
    deliver(order, now + DAY)
    for quantity in (3, 10**6):
        with pytest.raises(Refused):
            ask(order, order.delivered_at, quantity=quantity)
    paid = order.unit_price + 1
    with transaction():
        refund_order(order.id, paid, RefundCause.GOODWILL, key="g", by=None, now=order.delivered_at)
    back = ask(order, order.delivered_at, quantity=2)
    act(refund_return, back, **firm(order, order.delivered_at))
    assert sum(r.amount for r in refunds()) == order.total
    with pytest.raises(Refused):
        ask(order, order.delivered_at)


def test_others_cannot_touch_a_return(make, delivered, now):
    order = delivered(1)
    back = ask(order, order.delivered_at)
    stranger, other = make.shopper().id, make.merchant()
    who = {"merchant_id": other.id, "by": other.staff[0].user_id, "now": now}
    for operation, args in (
        (accept_return, ("12 Kiln Road",)),
        (decline_return, ("No.",)),
        (refund_return, ()),
    ):
        with pytest.raises(NotFound):
            act(operation, back, *args, **who)
    with pytest.raises(NotFound):
        act(withdraw_return, back, by=stranger, now=now)
    with pytest.raises(NotFound):
        act(send_back, back, "SF Express", "SF2", by=stranger, now=now)


def test_steps_cannot_be_skipped(delivered, now):
    order = delivered(1)
    back = ask(order, order.delivered_at)
    with pytest.raises((Refused, Stale)):
        act(send_back, back, "SF Express", "SF2", by=order.shopper_id, now=now)
    with pytest.raises((Refused, Stale)):
        act(receive_back, back, **firm(order, now))
