"""What must hold of parcels, codes, reviews and the public record."""

from collections.abc import Iterator

from sqlalchemy import and_, func, or_, select

from c2b.campaigns.states import Fulfilment
from c2b.core.checks import check
from c2b.core.db import db
from c2b.core.events import Event
from c2b.merchants.models import Merchant
from c2b.orders.late import BROKEN, KEPT
from c2b.orders.models import Order, Review, Shipment, Voucher
from c2b.orders.states import OrderState, ShipmentState, VoucherState
from c2b.payments.models import Attempt, Refund


@check("I-35 what is sent was ordered, and nothing is sent that was paid back")
def parcels_belong_to_orders() -> Iterator[str]:
    """A parcel belongs to an order to be sent; a sent order has one; none leaves after the money went back."""
    rows = db.session.execute(
        select(Shipment.id, Order.number, Order.state)
        .join(Order, Order.id == Shipment.order_id)
        .where(
            or_(
                Order.state.in_((OrderState.PLACED, OrderState.READY)), Order.fulfilment != Fulfilment.SHIPPED
            )
        )
    )
    for parcel, number, state in rows:
        yield f"parcel {parcel} belongs to order {number}, which is {state} and not one that was sent"
    goods = and_(Shipment.order_id == Order.id, Shipment.replacement.is_(False))
    bare = db.session.scalars(
        select(Order.number).where(
            Order.fulfilment == Fulfilment.SHIPPED,
            Order.state.in_((OrderState.SHIPPED, OrderState.DELIVERED)),
            ~select(Shipment.id).where(goods).exists(),
        )
    )
    for number in bare:
        yield f"order {number} was sent without a parcel"
    promised = (
        select(func.max(Refund.created_at)).where(Refund.capture_id == Order.attempt_id).scalar_subquery()
    )
    late = db.session.execute(
        select(Shipment.id, Order.number)
        .join(Order, goods)
        .join(Attempt, Attempt.id == Order.attempt_id)
        .where(
            or_(
                and_(Attempt.refunded >= Order.total, Shipment.sent_at > promised),
                and_(Order.state == OrderState.CANCELLED, Shipment.sent_at > Order.state_since),
            )
        )
    )
    for parcel, number in late:
        yield f"parcel {parcel} was sent after order {number} was paid back or cancelled"


@check("I-35 an order is delivered when all of its parcels have come")
def delivered_means_there() -> Iterator[str]:
    """No parcel of a delivered order is still on its way, and none of a parcel's days is missing."""
    rows = db.session.execute(
        select(Shipment.id, Order.number)
        .join(Order, Order.id == Shipment.order_id)
        .where(
            Order.state == OrderState.DELIVERED,
            Shipment.replacement.is_(False),
            Shipment.state.in_((ShipmentState.SENT, ShipmentState.MOVING, ShipmentState.ARRIVED)),
        )
    )
    for parcel, number in rows:
        yield f"order {number} is delivered, parcel {parcel} is not"
    undated = db.session.scalars(
        select(Order.number).where(Order.state == OrderState.DELIVERED, Order.delivered_at.is_(None))
    )
    for number in undated:
        yield f"order {number} is delivered without a day"


@check("I-41 a code is used at most once, for an order that stands")
def codes_are_sound() -> Iterator[str]:
    """As many codes as were paid; a used one names when and by whom; none can be used when its order is over."""
    rows = db.session.execute(
        select(Voucher.id, Voucher.state, Order.number, Order.state)
        .join(Order, Order.id == Voucher.order_id)
        .where(
            or_(
                Order.fulfilment == Fulfilment.SHIPPED,
                Order.state == OrderState.PLACED,
                and_(Voucher.state == VoucherState.ISSUED, Order.state != OrderState.READY),
                and_(Voucher.state == VoucherState.REDEEMED, Voucher.redeemed_at.is_(None)),
                and_(Voucher.state == VoucherState.REDEEMED, Voucher.redeemed_by.is_(None)),
                and_(Voucher.state != VoucherState.REDEEMED, Voucher.redeemed_at.is_not(None)),
                and_(
                    Voucher.state == VoucherState.REDEEMED,
                    Order.state == OrderState.CANCELLED,
                    Voucher.redeemed_at >= Order.state_since,
                ),
            )
        )
    )
    for voucher, state, number, standing in rows:
        yield f"code {voucher} is {state}, its order {number} is {standing}"
    many = db.session.execute(
        select(Order.number, Order.quantity, func.count())
        .join(Voucher, Voucher.order_id == Order.id)
        .group_by(Order.id, Order.number, Order.quantity, Order.fulfilment)
        .having(
            or_(
                func.count() > Order.quantity,
                and_(Order.fulfilment == Fulfilment.COLLECTED, func.count() > 1),
            )
        )
    )
    for number, units, codes in many:
        yield f"order {number} of {units} units has {codes} codes"


@check("R-3 only who bought reviews, once it came")
def reviews_are_by_buyers() -> Iterator[str]:
    """A review is about its own order, by its own buyer, and not from before the delivery."""
    rows = db.session.execute(
        select(Review.id, Order.number)
        .join(Order, Order.id == Review.order_id)
        .where(
            or_(
                Review.shopper_id != Order.shopper_id,
                Review.campaign_id != Order.campaign_id,
                Review.merchant_id != Order.merchant_id,
                Order.delivered_at.is_(None),
                Review.at < Order.delivered_at,
            )
        )
    )
    for review, number in rows:
        yield f"review {review} is not by the buyer of order {number} after its delivery"


@check("R-3 a merchant's record is what its launches did")
def records_are_true() -> Iterator[str]:
    """Promises kept and broken are those that the diary of its launches holds, at most one for each."""
    firm = (
        select(Order.launch_id, func.min(Order.merchant_id).label("firm"))
        .group_by(Order.launch_id)
        .subquery()
    )
    lines = (
        select(
            firm.c.firm,
            Event.kind,
            func.count().label("n"),
            func.count(Event.subject_id.distinct()).label("of"),
        )
        .join(firm, firm.c.launch_id == Event.subject_id)
        .where(Event.subject == "launch", Event.kind.in_((KEPT, BROKEN)))
        .group_by(firm.c.firm, Event.kind)
    )
    found = {(row.firm, row.kind): (row.n, row.of) for row in db.session.execute(lines)}
    merchants = db.session.execute(
        select(Merchant.id, Merchant.name, Merchant.kept, Merchant.broken).where(
            or_(Merchant.kept > 0, Merchant.broken > 0, Merchant.id.in_({id_ for id_, _kind in found}))
        )
    )
    for id_, name, kept, broken in merchants:
        for kind, said in ((KEPT, kept), (BROKEN, broken)):
            n, of = found.get((id_, kind), (0, 0))
            if said != n or n != of:
                yield f"{name} has {said} of {kind}, the diary says {n} for {of} launches"
