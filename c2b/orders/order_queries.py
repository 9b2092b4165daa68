"""Reading about orders for the pages of shoppers and firms, each in a fixed number of statements."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select

from c2b.accounts.models import Address, User
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import Fulfilment
from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.core.events import Event
from c2b.core.forms import is_plain
from c2b.core.rows import among
from c2b.merchants.models import Merchant
from c2b.orders.models import Order, Review, Shipment, Voucher
from c2b.orders.reviews import review_of
from c2b.orders.shipping import parcels_of
from c2b.orders.states import OrderState
from c2b.orders.vouchers import COLLECT, vouchers_of
from c2b.payments.models import Attempt, Mandate, Refund
from c2b.pipeline.models import Launch, Offer


class OrderPage(NamedTuple):
    """Everything that the page of one order shows."""

    order: Order
    campaign: Campaign
    merchant: Merchant
    card: str
    parcels: Sequence[Shipment]
    vouchers: Sequence[Voucher]
    where: str  # and when it can be collected, in the merchant's words
    refunds: Sequence[Refund]
    review: Review | None


def order_page(order: Order) -> OrderPage:
    """One order with all that belongs to it."""
    mandate = db.session.scalar(
        select(Mandate).join(Attempt, Attempt.mandate_id == Mandate.id).where(Attempt.id == order.attempt_id)
    )
    said = db.session.scalar(
        select(Event)
        .where(Event.subject == "order", Event.subject_id == order.id, Event.kind == COLLECT)
        .order_by(Event.id.desc())
        .limit(1)
    )
    return OrderPage(
        order=order,
        campaign=db.session.get_one(Campaign, order.campaign_id),
        merchant=db.session.get_one(Merchant, order.merchant_id),
        card=mandate.label if mandate else "",
        parcels=parcels_of(order.id),
        vouchers=vouchers_of(order.id),
        where=str(said.data["where"]) if said else "",
        refunds=refunds_of(order),
        review=review_of(order.id),
    )


def refunds_of(order: Order) -> Sequence[Refund]:
    """What was paid back of an order, or will be."""
    return db.session.scalars(
        select(Refund).where(Refund.capture_id == order.attempt_id).order_by(Refund.id)
    ).all()


def orders_of(shopper_id: int, limit: int = 200) -> Sequence[Any]:
    """A shopper's (order, campaign) pairs, newest first."""
    return db.session.execute(
        select(Order, Campaign)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(Order.shopper_id == shopper_id)
        .order_by(Order.id.desc())
        .limit(limit)
    ).all()


def parcels_by_order(order_ids: Sequence[int]) -> dict[int, list[Shipment]]:
    """The parcels of these orders."""
    found: dict[int, list[Shipment]] = {}
    query = select(Shipment).where(among(Shipment.order_id, order_ids)).order_by(Shipment.id)
    for parcel in db.session.scalars(query):
        found.setdefault(parcel.order_id, []).append(parcel)
    return found


def urgent_orders(merchant_id: int, state: OrderState, most: int) -> Sequence[Any]:
    """So many of a firm's (order, campaign, region, address or None) in this state, those due first."""
    return db.session.execute(
        select(Order, Campaign, Pledge.region, Address)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .join(Pledge, Pledge.id == Order.pledge_id)
        .outerjoin(Address, Address.id == Pledge.address_id)
        .where(Order.merchant_id == merchant_id, Order.state == state)
        .order_by(Order.ship_by, Order.id)
        .limit(most)
    ).all()


def firm_table(merchant_id: int) -> Any:
    """A firm's (order, campaign, region, address or None, shopper's name), for a table."""
    return (
        select(Order, Campaign, Pledge.region, Address, User.name)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .join(Pledge, Pledge.id == Order.pledge_id)
        .join(User, User.id == Order.shopper_id)
        .outerjoin(Address, Address.id == Pledge.address_id)
        .where(Order.merchant_id == merchant_id)
    )


def counts_of(*narrowed: ColumnElement[bool]) -> dict[str, int]:
    """How many of some orders are in each state."""
    query = select(Order.state, func.count()).where(*narrowed).group_by(Order.state)
    return {str(state): n for state, n in db.session.execute(query)}


def firms_order(merchant_id: int, number: str) -> Order:
    """One of a firm's orders; NotFound for another firm's."""
    query = select(Order).where(Order.number == number, Order.merchant_id == merchant_id)
    order = db.session.scalar(query) if is_plain(number) else None
    if order is None:
        raise NotFound
    return order


def goes_to(order: Order) -> tuple[Address | None, str, str]:
    """Where an order goes: the address if there is one, the shopper's name, the region."""
    address, name, region = db.session.execute(
        select(Address, User.name, Pledge.region)
        .select_from(Pledge)
        .join(User, User.id == Pledge.shopper_id)
        .outerjoin(Address, Address.id == Pledge.address_id)
        .where(Pledge.id == order.pledge_id)
    ).one()
    return address, name, region


class Sale(NamedTuple):
    """A launch of a firm with its campaign and offer."""

    launch: Launch
    campaign: Campaign
    offer: Offer


def sale_of_firm(merchant_id: int, slug: str) -> Sale:
    """The launch of this campaign, where this firm supplies it; else NotFound."""
    query = (
        select(Launch, Campaign, Offer)
        .join(Campaign, Campaign.id == Launch.campaign_id)
        .join(Offer, Offer.id == Launch.offer_id)
        .where(Campaign.slug == slug, Offer.merchant_id == merchant_id)
    )
    found = db.session.execute(query).first() if is_plain(slug) else None
    if found is None:
        raise NotFound
    return Sale(*found)


def sales_of_firm(merchant_id: int) -> Sequence[Any]:
    """The campaigns that a firm supplies, as (campaign, launch, orders still to be sent), newest first."""
    waiting = (
        select(func.count())
        .select_from(Order)
        .where(Order.launch_id == Launch.id, Order.state == OrderState.PLACED)
        .scalar_subquery()
    )
    return db.session.execute(
        select(Campaign, Launch, waiting)
        .join(Launch, Launch.campaign_id == Campaign.id)
        .join(Offer, Offer.id == Launch.offer_id)
        .where(Offer.merchant_id == merchant_id)
        .order_by(Launch.id.desc())
        .limit(50)
    ).all()


def to_make_ready(launch_id: int) -> Sequence[Any]:
    """Orders to be collected that wait, as (order, shopper's name), by number."""
    return db.session.execute(
        select(Order, User.name)
        .join(User, User.id == Order.shopper_id)
        .where(
            Order.launch_id == launch_id,
            Order.state == OrderState.PLACED,
            Order.fulfilment == Fulfilment.COLLECTED,
        )
        .order_by(Order.number)
    ).all()
