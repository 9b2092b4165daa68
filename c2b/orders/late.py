"""Promised days: merchants are reminded of them, shoppers hear when one has passed, and both go on record."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from c2b.campaigns.models import Campaign
from c2b.core.db import db, get_or_404, lock
from c2b.core.events import Event, record
from c2b.core.outbox import notify, notify_many
from c2b.merchants.models import Merchant
from c2b.merchants.queries import staff_ids
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.payments import windows
from c2b.pipeline.models import Launch

DUE_SOON = "launch.due_soon"  # what the diary of a launch says; each once
OVERDUE = "launch.overdue"
KEPT = "launch.kept"
BROKEN = "launch.broken"


def tell_late(order_id: int, *, now: datetime) -> None:
    """Tell the shopper once that the promised day has passed, what to expect now, and what they may do."""
    order = lock(Order, order_id)
    if order.late_told_at is not None or order.state != OrderState.PLACED:
        return
    order.late_told_at = now
    notify(
        "order_late",
        order.shopper_id,
        key=order.number,
        now=now,
        title=get_or_404(Campaign, order.campaign_id).title,
        path=f"/me/orders/{order.number}",
        number=order.number,
        ship_by=order.ship_by.isoformat(),
        until=(order.ship_by + windows.UNDELIVERED).isoformat(),
        fulfilment=str(order.fulfilment),
    )


def remind_firm(launch_id: int, *, now: datetime) -> None:
    """Tell the merchant's people that orders are to be sent soon, or should have been."""
    launch = lock(Launch, launch_id)
    found: Any = db.session.execute(
        select(func.min(Order.ship_by), func.min(Order.merchant_id)).where(
            Order.launch_id == launch_id, Order.state == OrderState.PLACED
        )
    ).one()
    ship_by, merchant_id = found
    if ship_by is None:
        return
    overdue = ship_by <= now
    count = _waiting(launch_id, now if overdue else now + windows.DUE_SOON)
    record(launch, OVERDUE if overdue else DUE_SOON, by=None, at=now, orders=count)
    campaign = get_or_404(Campaign, launch.campaign_id)
    data = {
        "title": campaign.title,
        "path": f"/sell/c/{campaign.slug}",
        "count": count,
        "ship_by": ship_by.isoformat(),
        "until": (ship_by + windows.UNDELIVERED).isoformat(),
    }
    kind = "order_overdue" if overdue else "order_due_soon"
    notify_many(kind, [(id_, f"{launch_id}:{id_}", data) for id_ in staff_ids(merchant_id)], now=now)


def _waiting(launch_id: int, until: datetime) -> int:
    """How many orders of a launch are still to be sent, promised for then or sooner."""
    query = select(func.count()).select_from(Order)
    return (
        db.session.scalar(
            query.where(
                Order.launch_id == launch_id, Order.state == OrderState.PLACED, Order.ship_by <= until
            )
        )
        or 0
    )


def put_on_record(launch_id: int, *, now: datetime) -> None:
    """A launch was sent as promised, or was not: the merchant's public record says so, once for each launch."""
    launch = lock(Launch, launch_id)
    merchant_id, ship_by = db.session.execute(
        select(func.min(Order.merchant_id), func.min(Order.ship_by)).where(Order.launch_id == launch_id)
    ).one()
    if merchant_id is None or _is_on_record(launch_id):
        return
    late = db.session.scalar(
        select(func.count())
        .select_from(Order)
        .where(
            Order.launch_id == launch_id,
            or_(Order.state == OrderState.PLACED, Order.shipped_at > Order.ship_by),
        )
    )
    record(launch, BROKEN if late else KEPT, by=None, at=now, late=late, ship_by=ship_by.isoformat())
    one_more = {"broken": Merchant.broken + 1} if late else {"kept": Merchant.kept + 1}
    db.session.execute(
        update(Merchant)
        .where(Merchant.id == merchant_id)
        .values(**one_more)
        .execution_options(synchronize_session="fetch")
    )


def _is_on_record(launch_id: int) -> bool:
    query = select(Event.id).where(
        Event.subject == "launch", Event.subject_id == launch_id, Event.kind.in_((KEPT, BROKEN))
    )
    return db.session.scalar(query.limit(1)) is not None
