"""From ordered to delivered: the firm sends, the shopper has it."""

from collections.abc import Sequence
from datetime import datetime

from c2b.campaigns.models import Campaign
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.outbox import notify
from c2b.core.states import move
from c2b.orders import rules
from c2b.orders.models import Order, Shipment
from c2b.orders.states import OrderState


def ship_order(
    order_id: int, carrier: str, tracking: str, *, merchant_id: int, by: int, now: datetime
) -> Order:
    """Note that a parcel is on its way, and tell the shopper. NotFound for another firm's order."""
    order = lock(Order, order_id)
    if order.merchant_id != merchant_id:
        raise NotFound
    refuse(rules.why_not_ship(order))
    order.shipped_at = now
    db.session.add(
        Shipment(order_id=order.id, carrier=carrier, tracking=tracking, sent_at=now, state_since=now)
    )
    move(order, OrderState.SHIPPED, by=by, now=now, carrier=carrier, tracking=tracking)
    campaign = get_or_404(Campaign, order.campaign_id)
    notify(
        "order_shipped",
        order.shopper_id,
        key=order.number,
        now=now,
        title=campaign.title,
        path=f"/me/orders/{order.number}",
        number=order.number,
        carrier=carrier,
        tracking=tracking,
    )
    return order


def ship_orders(
    parcels: Sequence[tuple[int, str]], carrier: str, *, merchant_id: int, by: int, now: datetime
) -> int:
    """Note many parcels of one carrier, each with its own number; returns how many."""
    for order_id, tracking in sorted(parcels):
        ship_order(order_id, carrier, tracking, merchant_id=merchant_id, by=by, now=now)
    return len(parcels)


def receive_order(order_id: int, *, by: int, now: datetime) -> Order:
    """The shopper has the goods."""
    order = lock(Order, order_id)
    if order.shopper_id != by:
        raise NotFound
    _deliver(order, by, now)
    return order


def deliver_order(order_id: int, *, now: datetime) -> None:
    """A parcel that was sent long ago counts as delivered."""
    _deliver(lock(Order, order_id), None, now)


def _deliver(order: Order, by: int | None, now: datetime) -> None:
    move(order, OrderState.DELIVERED, by=by, now=now)
    order.delivered_at = now
