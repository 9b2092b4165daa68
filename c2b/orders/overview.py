"""What a shopper sees first under their name: what needs them now, and how much there is of each thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select

from c2b.campaigns.models import Campaign, Follow, Pledge
from c2b.campaigns.states import CampaignState, Fulfilment, PledgeState
from c2b.core.db import db
from c2b.core.text import gettext as _
from c2b.orders.models import Order
from c2b.orders.queries import to_mend
from c2b.orders.states import OrderState

MOST_NEEDS = 5
UNDER_WAY = (OrderState.PLACED, OrderState.READY, OrderState.SHIPPED)
STANDING = (PledgeState.ACTIVE, PledgeState.RECONFIRM, PledgeState.ALLOCATED)
# The merchant cannot send it, as nobody has said where to.
HOMELESS = and_(
    Order.state == OrderState.PLACED, Order.fulfilment == Fulfilment.SHIPPED, Pledge.address_id.is_(None)
)


@dataclass(frozen=True)
class Need:
    """One thing to do, why, and where."""

    title: str
    text: str
    path: str
    action: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Overview:
    """What needs me, and how much I have of each."""

    needs: Sequence[Need]
    joined: int
    under_way: int
    wishes: int
    follows: int


def overview_of(user_id: int) -> Overview:
    """In a fixed number of statements."""
    pledges = db.session.execute(
        select(Pledge.id, Pledge.state, Campaign.title, Campaign.slug)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(Pledge.shopper_id == user_id, Pledge.state.in_(STANDING))
        .order_by(Pledge.id)
    ).all()
    orders = db.session.execute(
        select(Order.number, Order.state, Campaign.title, HOMELESS.label("homeless"))
        .join(Campaign, Campaign.id == Order.campaign_id)
        .join(Pledge, Pledge.id == Order.pledge_id)
        .where(Order.shopper_id == user_id, Order.state.in_(UNDER_WAY))
        .order_by(Order.id)
    ).all()
    needs = [*_of_pledges(pledges), *_of_orders(orders)]
    return Overview(
        needs=needs[:MOST_NEEDS],
        joined=len(pledges),
        under_way=len(orders),
        wishes=_count(Campaign.starter_id == user_id, Campaign.state != CampaignState.REJECTED),
        follows=_count(Follow.user_id == user_id),
    )


def without_address(user_id: int) -> set[int]:
    """The orders of this person that cannot be sent, as nobody has said where to."""
    mine = select(Order.id).join(Pledge, Pledge.id == Order.pledge_id).where(Order.shopper_id == user_id)
    return set(db.session.scalars(mine.where(HOMELESS)))


def _of_pledges(pledges: Sequence[Any]) -> list[Need]:
    failed = set(to_mend([pledge.id for pledge in pledges if pledge.state == PledgeState.ALLOCATED]))
    needs = [
        Need(
            _("Your payment needs you: %(title)s", title=pledge.title),
            _("Put it right in time to keep your place. Nothing is charged yet."),
            f"/me/pay/{pledge.id}", _("Put the payment right"), "warn", "alert",
        )
        for pledge in pledges
        if pledge.id in failed
    ]  # fmt: skip
    return needs + [
        Need(
            _("Say yes again: %(title)s", title=pledge.title),
            _("Something about it has changed. Without your yes you are released and pay nothing."),
            f"/c/{pledge.slug}", _("Look at it"), "warn", "alert",
        )
        for pledge in pledges
        if pledge.state == PledgeState.RECONFIRM
    ]  # fmt: skip


def _of_orders(orders: Sequence[Any]) -> list[Need]:
    needs = [
        Need(
            _("Where shall it go? %(title)s", title=order.title),
            _("The merchant needs an address to send it to."),
            f"/me/orders/{order.number}#address", _("Name an address"), "warn", "box",
        )
        for order in orders
        if order.homeless
    ]  # fmt: skip
    return needs + [
        Need(
            _("Ready for you: %(title)s", title=order.title),
            _("Show the code at the counter."),
            f"/me/orders/{order.number}/codes", _("Show the code"), "ok", "qr",
        )
        for order in orders
        if order.state == OrderState.READY
    ]  # fmt: skip


def _count(*where: Any) -> int:
    return int(db.session.scalar(select(func.count()).where(*where)) or 0)
