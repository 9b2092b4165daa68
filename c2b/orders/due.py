"""What is due after the sale, for the jobs: each a list of numbers, found by state."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from c2b.campaigns.states import Fulfilment
from c2b.core.db import db
from c2b.core.events import Event
from c2b.core.outbox import Notice
from c2b.orders.delivery_rules import TRAVELLING
from c2b.orders.late import BROKEN, DUE_SOON, KEPT, OVERDUE
from c2b.orders.models import OPEN_DISPUTE, Dispute, Order, Review, Shipment, Voucher
from c2b.orders.states import DisputeState, OrderState, VoucherState
from c2b.payments import windows
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

UNDECIDED = (DisputeState.OPENED, DisputeState.ANSWERED)
assert all(f"'{state}'" in OPEN_DISPUTE for state in UNDECIDED)


def _ids(column: Any, *narrowed: ColumnElement[bool]) -> list[int]:
    # Put in order here: an order by number would have SQLite read everything in that order.
    return sorted(db.session.scalars(select(column).where(*narrowed)))


def parcels_to_track() -> list[int]:
    """Parcels that are on their way."""
    return _ids(Shipment.id, Shipment.state.in_(TRAVELLING))


def parcels_to_deliver(now: datetime) -> list[int]:
    """Parcels that were sent so long ago that they count as delivered, unless somebody disputes that."""
    disputed = select(Dispute.order_id).where(Dispute.state.in_(UNDECIDED))
    return _ids(
        Shipment.id,
        Shipment.state.in_(TRAVELLING),
        Shipment.sent_at <= now - windows.DELIVERED_AFTER,
        Shipment.order_id.not_in(disputed),
    )


def orders_without_codes() -> list[int]:
    """Vouchers that were paid and are not issued yet."""
    return _ids(Order.id, Order.state == OrderState.PLACED, Order.fulfilment == Fulfilment.VOUCHER)


def vouchers_to_expire(now: datetime) -> list[int]:
    """Codes whose time is over."""
    return _ids(Voucher.id, Voucher.state == VoucherState.ISSUED, Voucher.valid_until <= now)


def vouchers_to_remind(now: datetime) -> list[int]:
    """Orders with codes that end within a week, and whose shopper was not told so."""
    ending = select(Voucher.order_id).where(
        Voucher.state == VoucherState.ISSUED,
        Voucher.valid_until > now,
        Voucher.valid_until <= now + windows.VOUCHER_REMIND,
    )
    return _ids(Order.id, Order.id.in_(ending), ~_told("voucher_expiring"))


def _told(kind: str) -> ColumnElement[bool]:
    """Whether there is such a notice about the order."""
    return select(Notice.id).where(Notice.key == f"{kind}:" + Order.number).exists()


def orders_to_call_late(now: datetime) -> list[int]:
    """Orders whose promised day has passed, and whose shopper does not know it yet."""
    return _ids(
        Order.id, Order.state == OrderState.PLACED, Order.ship_by <= now, Order.late_told_at.is_(None)
    )


def launches_to_remind_of(now: datetime) -> list[int]:
    """Launches with orders that are to be sent within two days, or should have been, and nobody said so."""
    waiting = (Order.launch_id == Launch.id) & (Order.state == OrderState.PLACED)
    soon = select(Order.id).where(waiting, Order.ship_by > now, Order.ship_by <= now + windows.DUE_SOON)
    late = select(Order.id).where(waiting, Order.ship_by <= now)
    return _ids(Launch.id, (soon.exists() & ~_written(DUE_SOON)) | (late.exists() & ~_written(OVERDUE)))


def launches_to_put_on_record(now: datetime) -> list[int]:
    """Launches of which it is known whether everything was sent as promised, and the record does not say so yet."""
    sent = Order.state.in_((OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED))
    of_it = Order.launch_id == Launch.id
    waiting = select(Order.id).where(of_it, Order.state == OrderState.PLACED)
    passed = select(Order.id).where(of_it, Order.state == OrderState.PLACED, Order.ship_by <= now)
    any_sent = select(Order.id).where(of_it, sent)
    over = Launch.state == LaunchState.FINISHED
    return _ids(
        Launch.id,
        Launch.confirmed_at.is_not(None),
        passed.exists() | and_(over, any_sent.exists(), ~waiting.exists()),
        ~_written(KEPT, BROKEN),
    )


def _written(*kinds: str) -> ColumnElement[bool]:
    """Whether the launch's diary has one of these lines."""
    return (
        select(Event.id)
        .where(Event.subject == "launch", Event.subject_id == Launch.id, Event.kind.in_(kinds))
        .exists()
    )


def orders_to_ask_about(now: datetime) -> list[int]:
    """Orders that came a week ago, not reviewed, whose shopper was not asked yet; after a month nobody is."""
    reviewed = select(Review.id).where(Review.order_id == Order.id)
    return _ids(
        Order.id,
        Order.state == OrderState.DELIVERED,
        Order.delivered_at <= now - windows.REVIEW_ASK,
        Order.delivered_at > now - windows.REVIEW_CHANGES,
        ~reviewed.exists(),
        ~_told("review_asked"),
    )


def overdue_of(merchant_id: int, now: datetime, launch_id: int | None = None) -> int:
    """How many of a firm's orders should have been sent, of one launch or of all."""
    query = select(func.count()).select_from(Order)
    query = query.where(
        Order.merchant_id == merchant_id, Order.state == OrderState.PLACED, Order.ship_by <= now
    )
    return db.session.scalar(query.where(Order.launch_id == launch_id) if launch_id else query) or 0
