"""Disputes: opened by shoppers, heard on both sides, ruled by operators, or by time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused
from c2b.orders.disputes import Claim, hand_in, open_dispute, rule_dispute, withdraw_dispute
from c2b.orders.evidence import pack_of, words_of
from c2b.orders.freezing import WHEN_FROZEN
from c2b.orders.models import Dispute, Order
from c2b.orders.refunding import refund_order
from c2b.orders.remedy_queries import conspicuous_shoppers, record_of
from c2b.orders.returns import ReturnRequest, ask_return, decline_return
from c2b.orders.states import DisputeCause, DisputeState, OrderState, Party, ReturnCause
from c2b.payments.states import RefundCause
from tests.aftersale.conftest import DAY, minute, owner_of, refunds, send, told

D = DisputeState


def dispute(order: Order, now, cause=DisputeCause.DEFECTIVE) -> int:
    with transaction():
        return open_dispute(order.id, Claim(cause, "It is broken."), by=order.shopper_id, now=now).id


def state_of(dispute_id: int) -> DisputeState:
    return db.session.scalars(select(Dispute.state).where(Dispute.id == dispute_id)).one()


def answer(dispute_id: int, order: Order, now) -> None:
    with transaction():
        hand_in(dispute_id, Party.MERCHANT, "It left here whole.", [], by=owner_of(order), now=now)


def rule(make, dispute_id: int, amount: int, now) -> None:
    operator = make.operator().id
    with transaction():
        rule_dispute(dispute_id, amount, "The pictures are clear.", by=operator, now=now)


def test_a_dispute_is_heard_and_ruled(make, delivered):
    order = delivered(2)
    opened = dispute(order, order.delivered_at)
    assert told("dispute_opened") == [owner_of(order)]
    with pytest.raises(Refused):
        rule(make, opened, order.total, order.delivered_at + DAY)
    answer(opened, order, order.delivered_at + DAY)
    assert state_of(opened) == D.ANSWERED
    rule(make, opened, 5000, order.delivered_at + 2 * DAY)
    minute(order.delivered_at + 2 * DAY)
    assert state_of(opened) == D.UPHELD
    assert [(r.amount, r.cause, r.note) for r in refunds()] == [
        (5000, RefundCause.DISPUTE, "The pictures are clear.")
    ]
    assert sorted(told("dispute_ruled")) == sorted([order.shopper_id, owner_of(order)])
    with pytest.raises(Refused):
        rule(make, opened, 5000, order.delivered_at + 2 * DAY)


def test_a_ruling_for_the_merchant_moves_no_money(make, delivered):
    order = delivered(1)
    opened = dispute(order, order.delivered_at)
    answer(opened, order, order.delivered_at)
    rule(make, opened, 0, order.delivered_at)
    assert (state_of(opened), refunds()) == (D.DISMISSED, [])


def test_a_merchant_who_says_nothing_has_lost(delivered):
    order = delivered(1)
    opened = dispute(order, order.delivered_at)
    minute(order.delivered_at + 3 * DAY - timedelta(seconds=1))
    assert state_of(opened) == D.OPENED
    minute(order.delivered_at + 3 * DAY)
    assert state_of(opened) == D.UPHELD
    assert [(r.amount, r.by) for r in refunds()] == [(order.total, None)]


def test_operators_are_told_once_that_a_ruling_is_overdue(make, delivered):
    order, operator = delivered(1), make.operator()
    opened = dispute(order, order.delivered_at)
    answer(opened, order, order.delivered_at)
    minute(order.delivered_at + 7 * DAY - timedelta(seconds=1))
    assert told("dispute_overdue") == []
    for hour in range(3):
        minute(order.delivered_at + 7 * DAY + timedelta(hours=hour))
    assert told("dispute_overdue").count(operator.id) == 1
    assert state_of(opened) == D.ANSWERED


def test_both_sides_are_heard_until_the_time_is_over(delivered):
    order = delivered(1)
    opened = dispute(order, order.delivered_at)
    answer(opened, order, order.delivered_at)
    for party, by in ((Party.SHOPPER, order.shopper_id), (Party.MERCHANT, owner_of(order))):
        with transaction():
            hand_in(opened, party, "More.", [], by=by, now=order.delivered_at + 2 * DAY)
        with pytest.raises(Refused), transaction():
            hand_in(opened, party, "Too late.", [], by=by, now=order.delivered_at + 3 * DAY)


def test_a_shopper_may_withdraw(make, delivered):
    order = delivered(1)
    opened = dispute(order, order.delivered_at)
    with pytest.raises(NotFound), transaction():
        withdraw_dispute(opened, by=make.shopper().id, now=order.delivered_at)
    with transaction():
        withdraw_dispute(opened, by=order.shopper_id, now=order.delivered_at)
    assert state_of(opened) == D.WITHDRAWN
    minute(order.delivered_at + 8 * DAY)
    assert refunds() == []


def test_an_open_dispute_freezes_the_order_in_the_same_transaction(delivered, monkeypatch):
    order, frozen = delivered(1), []
    monkeypatch.setattr(
        "c2b.orders.freezing.WHEN_FROZEN", [*WHEN_FROZEN, lambda id_, _now: frozen.append(id_)]
    )
    dispute(order, order.delivered_at)
    assert frozen == [order.id]


def test_what_never_came_is_disputed_from_the_promised_day_on(sold):
    [order] = sold(((1, "ok"),))
    with pytest.raises(Refused):
        dispute(order, order.ship_by - timedelta(seconds=1), DisputeCause.NOT_RECEIVED)
    with pytest.raises(Refused):
        dispute(order, order.ship_by, DisputeCause.DEFECTIVE)
    send(order, order.ship_by)
    dispute(order, order.ship_by, DisputeCause.NOT_RECEIVED)
    minute(order.ship_by + 3 * DAY)
    assert db.session.get_one(Order, order.id).state == OrderState.CANCELLED
    assert [r.amount for r in refunds()] == [order.total]


def test_a_refused_return_can_be_disputed_for_a_week(delivered):
    order = delivered(1)
    with transaction():
        back = ask_return(
            order.id,
            ReturnRequest(1, ReturnCause.UNWANTED, "No."),
            by=order.shopper_id,
            now=order.delivered_at,
        )
    at = order.delivered_at + 20 * DAY
    with transaction():
        decline_return(back.id, "Used.", merchant_id=order.merchant_id, by=owner_of(order), now=at)
    with pytest.raises(Refused):
        dispute(order, at + 7 * DAY, DisputeCause.RETURN_REFUSED)
    dispute(order, at + 7 * DAY - timedelta(seconds=1), DisputeCause.RETURN_REFUSED)


def test_three_weeks_after_the_delivery_it_is_too_late(delivered):
    order = delivered(1)
    with pytest.raises(Refused):
        dispute(order, order.delivered_at + 21 * DAY)
    dispute(order, order.delivered_at + 21 * DAY - timedelta(seconds=1))


def test_one_dispute_at_a_time_and_only_about_what_is_left(make, delivered):
    order = delivered(2)
    dispute(order, order.delivered_at)
    with pytest.raises(Refused):
        dispute(order, order.delivered_at)
    with transaction():
        refund_order(order.id, order.total, RefundCause.GOODWILL, key="g", by=None, now=order.delivered_at)
    assert set(db.session.scalars(select(Dispute.state))) == {D.WITHDRAWN}
    with pytest.raises(Refused):
        dispute(order, order.delivered_at)


def test_nobody_else_opens_a_dispute(make, delivered):
    order = delivered(1)
    with pytest.raises(NotFound), transaction():
        open_dispute(
            order.id, Claim(DisputeCause.DEFECTIVE, "Mine."), by=make.shopper().id, now=order.delivered_at
        )


def test_a_ruling_cannot_give_back_more_than_is_left(make, delivered):
    order = delivered(1)
    opened = dispute(order, order.delivered_at)
    answer(opened, order, order.delivered_at)
    with transaction():
        refund_order(order.id, 900, RefundCause.GOODWILL, key="g", by=None, now=order.delivered_at)
    with pytest.raises(Refused):
        rule(make, opened, order.total, order.delivered_at)
    rule(make, opened, order.total - 900, order.delivered_at)
    assert sum(r.amount for r in refunds()) == order.total


def test_the_pack_says_all_that_our_records_say(delivered):
    order = delivered(1)
    dispute(order, order.delivered_at)
    words = words_of(pack_of(order))
    assert "Hold of the money: Succeeded" in words and "Charge: Succeeded" in words
    for kind in ("pledge.placed", "attempt.succeeded", "order.placed", "order.shipped", "order.delivered",
                 "dispute.opened", "dispute.evidence"):  # fmt: skip
        assert kind in words
    assert order.number in words


def test_people_with_many_refunds_are_pointed_out_and_not_blocked(make, sold, now):
    from tests.aftersale.conftest import deliver

    orders = sold(((1, "ok"), (1, "ok"), (1, "ok"), (1, "ok")))
    for order in orders[1:]:  # one person, under several accounts no more
        order.shopper_id = orders[0].shopper_id
    db.session.commit()
    for order in orders[:3]:
        deliver(order, now + DAY)
        opened = dispute(order, now + DAY)
        answer(opened, order, now + DAY)
        rule(make, opened, 100, now + DAY)
    assert record_of(shopper_id=orders[0].shopper_id).is_conspicuous
    assert [(row.shopper_id, row.refunded) for row in conspicuous_shoppers()] == [(orders[0].shopper_id, 3)]
    deliver(orders[3], now + DAY)
    assert dispute(orders[3], now + DAY)
