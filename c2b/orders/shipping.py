"""Parcels: sent by the firm, followed on their way, there in the end, or lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.outbox import notify, notify_many
from c2b.core.rows import among, insert_rows
from c2b.core.states import move, move_many
from c2b.merchants.queries import staff_ids
from c2b.orders import delivery_rules as rules
from c2b.orders.models import Order, Shipment
from c2b.orders.states import OrderState, ShipmentState
from c2b.payments.models import Attempt


class Parcel(NamedTuple):
    """What a firm says of a parcel that it sends."""

    order_id: int
    carrier: str
    tracking: str


def locked_orders(ids: Sequence[int], merchant_id: int) -> list[Order]:
    """These orders of a firm, freshly read and held; NotFound where one of them is not its own."""
    wanted = sorted(set(ids))
    found = list(
        db.session.scalars(
            select(Order)
            .where(among(Order.id, wanted), Order.merchant_id == merchant_id)
            .order_by(Order.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )
    if len(found) != len(wanted):
        raise NotFound
    return found


def send_parcels(parcels: Sequence[Parcel], *, merchant_id: int, by: int, now: datetime) -> int:
    """Note the first parcels of many orders, all or none, and tell their shoppers; returns how many."""
    of = {parcel.order_id: parcel for parcel in parcels}
    orders = locked_orders(list(of), merchant_id)
    for order in orders:
        refuse(rules.why_not_send_first(order))
    ids = [order.id for order in orders]
    moved = move_many(Order, ids, OrderState.PLACED, OrderState.SHIPPED, by=by, now=now, shipped_at=now)
    if not moved:
        return 0
    sent = [{"order_id": id_, "carrier": of[id_].carrier, "tracking": of[id_].tracking} for id_ in moved]
    insert_rows(Shipment, sent, replacement=False, sent_at=now, state=ShipmentState.SENT, state_since=now)
    _tell_sent(moved, of, now)
    return len(moved)


def _tell_sent(ids: Sequence[int], of: dict[int, Parcel], now: datetime) -> None:
    rows = db.session.execute(
        select(Order.id, Order.number, Order.shopper_id, Campaign.title)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(among(Order.id, ids))
    )
    notices = [(row.shopper_id, row.number, _sent(row.number, row.title, of[row.id])) for row in rows]
    notify_many("order_shipped", notices, now=now)


def _sent(number: str, title: str, parcel: Parcel) -> dict[str, Any]:
    return {
        "title": title,
        "path": f"/me/orders/{number}",
        "number": number,
        "carrier": parcel.carrier,
        "tracking": parcel.tracking,
    }


def ship_order(
    order_id: int, carrier: str, tracking: str, *, merchant_id: int, by: int, now: datetime
) -> Order:
    """Note that a parcel is on its way, the first of an order or a further one, and tell the shopper."""
    order = lock(Order, order_id)
    if order.merchant_id != merchant_id:
        raise NotFound
    parcel = Parcel(order_id, carrier, tracking)
    if order.state == OrderState.PLACED:
        send_parcels([parcel], merchant_id=merchant_id, by=by, now=now)
        return order
    refuse(rules.why_not_send(order, refunded=is_refunded(order)))
    _one_more(order, parcel, replacement=False, now=now)
    return order


def send_replacement(
    order_id: int, carrier: str, tracking: str, *, merchant_id: int, by: int, now: datetime
) -> Shipment:
    """Note a parcel with goods instead of those that were not in order; the order's own state stays."""
    order = lock(Order, order_id)
    if order.merchant_id != merchant_id:
        raise NotFound
    refuse(rules.why_not_replace(order))
    return _one_more(order, Parcel(order_id, carrier, tracking), replacement=True, now=now)


def _one_more(order: Order, parcel: Parcel, *, replacement: bool, now: datetime) -> Shipment:
    more = Shipment(
        order_id=order.id,
        carrier=parcel.carrier,
        tracking=parcel.tracking,
        replacement=replacement,
        sent_at=now,
        state_since=now,
    )
    db.session.add(more)
    db.session.flush()
    title = get_or_404(Campaign, order.campaign_id).title
    data = _sent(order.number, title, parcel)
    notify("order_shipped", order.shopper_id, key=f"{order.number}:{more.id}", now=now, **data)
    return more


def is_refunded(order: Order) -> bool:
    """Whether all that was paid goes back, or has gone."""
    back = db.session.scalar(select(Attempt.refunded).where(Attempt.id == order.attempt_id)) or 0
    return int(back) >= order.total


def parcels_of(order_id: int) -> Sequence[Shipment]:
    """An order's parcels, the first one first."""
    return db.session.scalars(
        select(Shipment)
        .where(Shipment.order_id == order_id)
        .order_by(Shipment.id)
        .execution_options(populate_existing=True)
    ).all()


def mark_parcel(shipment_id: int, new: ShipmentState, *, merchant_id: int, by: int, now: datetime) -> None:
    """The firm says where a parcel is; NotFound for another firm's."""
    order, parcel = _locked(shipment_id)
    if order.merchant_id != merchant_id:
        raise NotFound
    refuse(rules.why_not_mark(parcel, new))
    _move(order, parcel, new, by, now)


def follow_parcel(shipment_id: int, new: ShipmentState, *, now: datetime) -> bool:
    """The carrier says where a parcel is; False where that is nothing new, or would lead backwards."""
    order, parcel = _locked(shipment_id)
    if new == parcel.state or new not in Shipment.machine.arrows.get(parcel.state, ()):
        return False
    _move(order, parcel, new, None, now)
    return True


def deliver_parcel(shipment_id: int, *, now: datetime) -> None:
    """A parcel that was sent long ago counts as delivered."""
    order, parcel = _locked(shipment_id)
    _move(order, parcel, ShipmentState.DELIVERED, None, now)


def receive_parcel(shipment_id: int, *, by: int, now: datetime) -> Order:
    """The shopper has one of the parcels; NotFound for somebody else's."""
    order, parcel = _locked(shipment_id)
    if order.shopper_id != by:
        raise NotFound
    _move(order, parcel, ShipmentState.DELIVERED, by, now)
    return order


def receive_order(order_id: int, *, by: int, now: datetime) -> Order:
    """The shopper has everything."""
    order = lock(Order, order_id)
    if order.shopper_id != by:
        raise NotFound
    refuse(rules.why_not_receive(order))
    _deliver_all(order, by, now)
    return order


def deliver_order(order_id: int, *, now: datetime) -> None:
    """Everything that is on its way counts as delivered."""
    _deliver_all(lock(Order, order_id), None, now)


def _deliver_all(order: Order, by: int | None, now: datetime) -> None:
    for parcel in parcels_of(order.id):
        if parcel.state in rules.TRAVELLING and not parcel.replacement:
            move(parcel, ShipmentState.DELIVERED, by=by, now=now)
            parcel.delivered_at = now
    deliver(order, by, now)


def deliver(order: Order, by: int | None, now: datetime) -> None:
    """All of an order is with the shopper."""
    move(order, OrderState.DELIVERED, by=by, now=now)
    order.delivered_at = now


def _locked(shipment_id: int) -> tuple[Order, Shipment]:
    """Order before parcel, both freshly read and held."""
    order_id = get_or_404(Shipment, shipment_id).order_id
    return lock(Order, order_id), lock(Shipment, shipment_id)


def _move(order: Order, parcel: Shipment, new: ShipmentState, by: int | None, now: datetime) -> None:
    move(parcel, new, by=by, now=now)
    if new == ShipmentState.DELIVERED:
        parcel.delivered_at = now
        if order.state == OrderState.SHIPPED and rules.all_there(parcels_of(order.id)):
            deliver(order, by, now)
    elif new in rules.GONE:
        _tell_gone(order, parcel, now)


def _tell_gone(order: Order, parcel: Shipment, now: datetime) -> None:
    """The firm has to do something, and the shopper should know what they may ask for."""
    title = get_or_404(Campaign, order.campaign_id).title
    about: dict[str, Any] = {
        "title": title,
        "number": order.number,
        "carrier": parcel.carrier,
        "tracking": parcel.tracking,
        "lost": parcel.state == ShipmentState.LOST,
    }
    path = f"/sell/orders/{order.number}"
    notify_many(
        "parcel_lost",
        [(id_, f"{parcel.id}:{id_}", {**about, "path": path}) for id_ in staff_ids(order.merchant_id)],
        now=now,
    )
    notify(
        "order_lost",
        order.shopper_id,
        key=str(parcel.id),
        now=now,
        path=f"/me/orders/{order.number}",
        **about,
    )
