"""Promised days: merchants are reminded, shoppers told once, and the public record is kept."""

from datetime import datetime, timedelta

from c2b.core.db import db, transaction
from c2b.merchants.models import Merchant
from c2b.orders.models import Order
from c2b.orders.shipping import Parcel, send_parcels
from c2b.orders.vouchers import ready_orders
from c2b.payments import windows
from c2b.pipeline.models import Launch
from jobs import finish_launches, tell_late_orders
from tests.delivery.conftest import Sold, again, owner, told

DAY = timedelta(days=1)
BEFORE = timedelta(seconds=1)


def send(orders: list[Order], now: datetime) -> None:
    first = orders[0]
    with transaction():
        send_parcels(
            [Parcel(order.id, "SF Express", f"T-{order.id}") for order in orders],
            merchant_id=first.merchant_id, by=owner(first).id, now=now,
        )  # fmt: skip


def record(order: Order) -> tuple[int, int]:
    db.session.rollback()
    firm = db.session.get_one(Merchant, order.merchant_id, populate_existing=True)
    return firm.kept, firm.broken


def end_of_sale(order: Order) -> datetime:
    closes = db.session.get_one(Launch, order.launch_id).closes_at
    db.session.rollback()
    finish_launches.run(closes)
    return closes


def test_the_merchant_is_reminded_two_days_before_and_on_the_day(sold: Sold) -> None:
    one, _two = sold(1, 1)
    day, firm = one.ship_by, owner(one).id
    tell_late_orders.run(day - windows.DUE_SOON - BEFORE)
    assert told("order_due_soon") == []
    for moment in (day - windows.DUE_SOON, day - DAY, day - BEFORE):
        tell_late_orders.run(moment)
    assert [(n.user_id, n.data["count"]) for n in told("order_due_soon")] == [(firm, 2)]
    assert told("order_overdue") == []
    for moment in (day, day + DAY):
        tell_late_orders.run(moment)
    assert [(n.user_id, n.data["count"]) for n in told("order_overdue")] == [(firm, 2)]


def test_nobody_is_reminded_of_what_was_sent(sold: Sold, now: datetime) -> None:
    orders = sold(1, 1)
    send(orders, now)
    for moment in (orders[0].ship_by - DAY, orders[0].ship_by + DAY):
        tell_late_orders.run(moment)
    assert told("order_due_soon") + told("order_overdue") + told("order_late") == []


def test_the_shopper_is_told_once_that_it_is_late_and_until_when_to_wait(sold: Sold, now: datetime) -> None:
    one, two = sold(1, 1)
    send([two], now)
    for moment in (one.ship_by - BEFORE, one.ship_by, one.ship_by + DAY):
        tell_late_orders.run(moment)
    [notice] = told("order_late")
    assert notice.user_id == one.shopper_id
    assert notice.data["until"] == (one.ship_by + windows.UNDELIVERED).isoformat()
    assert again(one).late_told_at == one.ship_by
    assert again(two).late_told_at is None


def test_a_launch_that_was_sent_in_time_is_a_promise_kept(sold: Sold, now: datetime) -> None:
    orders = sold(1, 1)
    send(orders[:1], now)
    closes = end_of_sale(orders[0])
    tell_late_orders.run(closes)
    assert record(orders[0]) == (0, 0)
    send(orders[1:], orders[0].ship_by)
    for _time in range(2):
        tell_late_orders.run(orders[0].ship_by)
    assert record(orders[0]) == (1, 0)
    tell_late_orders.run(orders[0].ship_by + 5 * DAY)
    assert record(orders[0]) == (1, 0)


def test_one_order_too_late_is_a_promise_broken(sold: Sold, now: datetime) -> None:
    orders = sold(1, 1)
    send(orders[:1], now)
    for _time in range(2):
        tell_late_orders.run(orders[0].ship_by)
    assert record(orders[0]) == (0, 1)
    send(orders[1:], orders[0].ship_by + DAY)
    end_of_sale(orders[0])
    tell_late_orders.run(orders[0].ship_by + DAY)
    assert record(orders[0]) == (0, 1)


def test_what_was_sent_late_before_anybody_looked_is_a_promise_broken_too(sold: Sold, now: datetime) -> None:
    orders = sold(1, 1)
    end_of_sale(orders[0])
    send(orders, orders[0].ship_by + DAY)
    tell_late_orders.run(orders[0].ship_by + DAY)
    assert record(orders[0]) == (0, 1)


def test_goods_that_lie_ready_in_time_keep_the_promise(sold: Sold, now: datetime) -> None:
    [order] = sold(1, fulfilment="collected")
    with transaction():
        ready_orders([order.id], "here", merchant_id=order.merchant_id, by=owner(order).id, now=now)
    tell_late_orders.run(end_of_sale(order))
    assert record(order) == (1, 0)
