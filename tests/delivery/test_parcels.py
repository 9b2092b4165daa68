"""Parcels: sent, followed, delivered, lost; several to one order, and instead of one another."""

from datetime import datetime, timedelta

import pytest

from c2b.core.db import db, must_be_outside_transaction, transaction
from c2b.core.errors import NotFound, Refused
from c2b.orders import carriers, delivery_rules
from c2b.orders.carriers import DemoCarrier, page_of
from c2b.orders.models import Dispute, Order, Shipment
from c2b.orders.shipping import (
    Parcel,
    mark_parcel,
    receive_order,
    receive_parcel,
    send_parcels,
    send_replacement,
    ship_order,
)
from c2b.orders.states import DisputeCause, DisputeOrigin, OrderState, ShipmentState
from c2b.orders.tracking import track_parcels
from c2b.payments import windows
from jobs import deliver_orders
from jobs import track_parcels as track_job
from tests.delivery.conftest import Sold, again, orders, owner, parcels, told

DAY = timedelta(days=1)


def ship(order: Order, number: str, now: datetime, carrier: str = "Demo Express") -> None:
    by = owner(order).id
    with transaction():
        ship_order(order.id, carrier, number, merchant_id=order.merchant_id, by=by, now=now)


def say(parcel: Shipment, state: ShipmentState, order: Order, now: datetime) -> None:
    with transaction():
        mark_parcel(parcel.id, state, merchant_id=order.merchant_id, by=owner(order).id, now=now)


def test_an_order_is_sent_with_its_first_parcel_and_delivered_with_its_last(
    sold: Sold, now: datetime
) -> None:
    [order] = sold(2)
    ship(order, "A-1", now)
    assert again(order).state == OrderState.SHIPPED
    ship(order, "A-2", now + DAY)
    first, second = parcels(order)
    with transaction():
        receive_parcel(first.id, by=order.shopper_id, now=now + 3 * DAY)
    assert again(order).state == OrderState.SHIPPED
    with transaction():
        receive_parcel(second.id, by=order.shopper_id, now=now + 4 * DAY)
    assert (again(order).state, again(order).delivered_at) == (OrderState.DELIVERED, now + 4 * DAY)
    assert [notice.data["tracking"] for notice in told("order_shipped")] == ["A-1", "A-2"]


def test_many_orders_are_sent_at_once_or_none(sold: Sold, now: datetime) -> None:
    one, two, three = sold(1, 1, 1)
    by, firm = owner(one).id, one.merchant_id
    ship(three, "T-3", now)
    with pytest.raises(Refused, match="sent already"), transaction():
        send_parcels(
            [Parcel(o.id, "SF Express", f"T-{o.id}") for o in (one, two, three)],
            merchant_id=firm, by=by, now=now,
        )  # fmt: skip
    assert [again(o).state for o in (one, two)] == [OrderState.PLACED] * 2
    with transaction():
        done = send_parcels(
            [Parcel(o.id, "SF Express", f"T-{o.id}") for o in (one, two)], merchant_id=firm, by=by, now=now
        )
    assert done == 2
    assert {again(o).state for o in (one, two)} == {OrderState.SHIPPED}
    assert len(told("order_shipped")) == 3


def test_another_firms_orders_and_parcels_are_not_found(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    with pytest.raises(NotFound):
        send_parcels([Parcel(order.id, "X", "1")], merchant_id=order.merchant_id + 1, by=1, now=now)
    db.session.rollback()
    ship(order, "A-1", now)
    [parcel] = parcels(order)
    with pytest.raises(NotFound):
        mark_parcel(parcel.id, ShipmentState.LOST, merchant_id=order.merchant_id + 1, by=1, now=now)
    with pytest.raises(NotFound):
        receive_parcel(parcel.id, by=order.shopper_id + 1, now=now)


def test_the_carrier_says_where_parcels_are(sold: Sold, now: datetime) -> None:
    moving, there, lost, silent = sold(1, 1, 1, 1)
    for order, word in ((moving, "MOVING"), (there, "DELIVERED"), (lost, "LOST"), (silent, "X")):
        ship(order, f"DEMO-1-{word}", now)
    assert track_job.run(now + DAY) == {"done": 3, "refused": 0, "failed": 0}
    states = [parcels(order)[0].state for order in (moving, there, lost, silent)]
    assert states == ["moving", "delivered", "lost", "sent"]
    assert [again(o).state for o in (moving, there, lost)] == ["shipped", "delivered", "shipped"]
    assert track_job.run(now + DAY)["done"] == 0
    assert [notice.user_id for notice in told("parcel_lost")] == [owner(lost).id]
    assert [notice.user_id for notice in told("order_lost")] == [lost.shopper_id]


def test_a_parcel_never_goes_backwards_whatever_the_carrier_says(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    ship(order, "DEMO-1-MOVING", now)
    say(parcels(order)[0], ShipmentState.ARRIVED, order, now)
    assert track_job.run(now)["done"] == 0
    assert parcels(order)[0].state == ShipmentState.ARRIVED


def test_a_carrier_that_fails_stops_no_other_and_is_asked_outside_transactions(
    sold: Sold, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = sold(1, 1)
    ship(one, "BROKEN", now)
    ship(two, "DEMO-DELIVERED", now)

    class Moody(DemoCarrier):
        def track(self, tracking: str) -> ShipmentState | None:
            must_be_outside_transaction()
            if tracking == "BROKEN":
                raise TimeoutError("no answer")
            return super().track(tracking)

    monkeypatch.setattr(carriers, "DemoCarrier", Moody)
    assert track_parcels(now) == {"done": 1, "refused": 0, "failed": 1}
    assert again(two).state == OrderState.DELIVERED


def test_who_really_sells_asks_no_demo_carrier(
    sold: Sold, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    [order] = sold(1)
    ship(order, "DEMO-DELIVERED", now)
    monkeypatch.setattr("c2b.orders.tracking.carriers", dict)
    assert track_parcels(now)["done"] == 0
    assert again(order).state == OrderState.SHIPPED


def test_a_merchant_cannot_say_that_it_has_come(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    ship(order, "A-1", now)
    with pytest.raises(Refused, match="carrier or the shopper"):
        say(parcels(order)[0], ShipmentState.DELIVERED, order, now)
    assert again(order).state == OrderState.SHIPPED


def test_two_weeks_after_sending_a_parcel_counts_as_delivered(sold: Sold, now: datetime) -> None:
    early, late = sold(1, 1)
    ship(early, "A-1", now)
    ship(late, "A-2", now + DAY)
    assert deliver_orders.run(now + windows.DELIVERED_AFTER - timedelta(seconds=1))["done"] == 0
    assert deliver_orders.run(now + windows.DELIVERED_AFTER)["done"] == 1
    assert (again(early).state, again(late).state) == (OrderState.DELIVERED, OrderState.SHIPPED)
    assert deliver_orders.run(now + windows.DELIVERED_AFTER + DAY)["done"] == 1


def test_while_it_is_disputed_that_it_came_time_alone_delivers_nothing(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    ship(order, "A-1", now)
    with transaction():
        db.session.add(
            Dispute(
                order_id=order.id, origin=DisputeOrigin.SHOPPER, cause=DisputeCause.NOT_RECEIVED,
                amount=order.total, currency=order.currency, opened_at=now, answer_by=now + DAY,
                rule_by=now + DAY, state_since=now,
            )
        )  # fmt: skip
    assert deliver_orders.run(now + 20 * DAY)["done"] == 0
    assert again(order).state == OrderState.SHIPPED


def test_a_lost_parcel_keeps_the_order_open_until_another_has_come(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    ship(order, "A-1", now)
    say(parcels(order)[0], ShipmentState.LOST, order, now + DAY)
    assert again(order).state == OrderState.SHIPPED
    ship(order, "A-2", now + 2 * DAY)
    with transaction():
        receive_parcel(parcels(order)[1].id, by=order.shopper_id, now=now + 3 * DAY)
    assert again(order).state == OrderState.DELIVERED


def test_one_of_two_parcels_lost_is_not_made_good_by_the_other(sold: Sold, now: datetime) -> None:
    [order] = sold(2)
    ship(order, "A-1", now)
    ship(order, "A-2", now)
    first, second = parcels(order)
    say(first, ShipmentState.SENT_BACK, order, now + DAY)
    with transaction():
        receive_parcel(second.id, by=order.shopper_id, now=now + 2 * DAY)
    assert again(order).state == OrderState.SHIPPED
    with transaction():
        receive_order(order.id, by=order.shopper_id, now=now + 3 * DAY)
    assert again(order).state == OrderState.DELIVERED


def test_a_replacement_leaves_the_order_as_it_is(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    by, firm = owner(order).id, order.merchant_id
    with pytest.raises(Refused, match="Nothing was sent"):
        send_replacement(order.id, "X", "R-1", merchant_id=firm, by=by, now=now)
    db.session.rollback()
    ship(order, "A-1", now)
    with transaction():
        receive_order(order.id, by=order.shopper_id, now=now + DAY)
    with transaction():
        send_replacement(order.id, "Demo Express", "R-LOST", merchant_id=firm, by=by, now=now + 2 * DAY)
    track_job.run(now + 3 * DAY)
    assert [(p.replacement, p.state) for p in parcels(order)] == [(False, "delivered"), (True, "lost")]
    assert again(order).state == OrderState.DELIVERED


def test_nothing_is_sent_of_an_order_that_is_over(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    ship(order, "A-1", now)
    with transaction():
        receive_order(order.id, by=order.shopper_id, now=now)
    with pytest.raises(Refused, match="it is over"):
        ship(order, "A-2", now)
    assert len(orders()) == 1
    assert len(parcels(order)) == 1


def test_nothing_more_is_sent_once_all_is_paid_back(sold: Sold, now: datetime) -> None:
    from c2b.orders.refunding import refund_order
    from c2b.payments.states import RefundCause

    waiting, sent = sold(1, 1)
    ship(sent, "A-1", now)
    for order in (waiting, sent):
        with transaction():
            refund_order(
                order.id, order.total, RefundCause.CANCELLED, key=f"t-{order.id}", by=None, now=now + DAY
            )
    for order in (waiting, sent):
        with pytest.raises(Refused, match="it is over"):
            ship(order, "A-2", now + 2 * DAY)


def test_known_carriers_have_a_page_for_each_parcel() -> None:
    page = page_of("SF Express", "SF 1/2")
    assert page is not None
    assert page.endswith("SF%201%2F2")
    assert page_of("Grandmother's cart", "1") is None


def test_the_sentences_know_the_number_of_the_order(sold: Sold, now: datetime) -> None:
    [order] = sold(1, fulfilment="collected")
    assert order.number in (delivery_rules.why_not_send(order) or "")
