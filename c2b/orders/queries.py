"""Reading about launches' money and orders, each in a fixed number of statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from c2b.accounts.models import Address
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.core.forms import is_plain
from c2b.merchants.models import Merchant
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.payments import windows
from c2b.payments.attempts import UNANSWERED
from c2b.payments.models import Attempt, Mandate
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

BUSY = (LaunchState.AUTHORISING, LaunchState.CAPTURING, LaunchState.VOIDING)


def launches_to_charge(now: datetime) -> list[int]:
    """Launches with requests to send, or with answers missing."""
    unanswered = select(Attempt.id).where(Attempt.launch_id == Launch.id, Attempt.state.in_(UNANSWERED))
    late = select(Pledge.id).where(
        Pledge.campaign_id == Launch.campaign_id, Pledge.state == PledgeState.ALLOCATED
    )
    return list(
        db.session.scalars(
            select(Launch.id)
            .where(
                or_(
                    Launch.state.in_(BUSY),
                    and_(Launch.state == LaunchState.MENDING, unanswered.exists()),
                    and_(Launch.state == LaunchState.SELLING, late.exists()),
                )
            )
            .order_by(Launch.opened_at, Launch.id)
        )
    )


def launches_to_settle(now: datetime) -> list[int]:
    """Launches whose window to mend cards is over, or in which every card is mended."""
    held = select(Attempt.id).where(
        Attempt.pledge_id == Pledge.id,
        Attempt.purpose == Purpose.AUTHORISE,
        Attempt.state == AttemptState.SUCCEEDED,
    )
    failing = select(Pledge.id).where(
        Pledge.campaign_id == Launch.campaign_id, Pledge.state == PledgeState.ALLOCATED, ~held.exists()
    )
    return list(
        db.session.scalars(
            select(Launch.id)
            .where(Launch.state == LaunchState.MENDING, or_(Launch.mend_until <= now, ~failing.exists()))
            .order_by(Launch.mend_until, Launch.id)
        )
    )


def launches_to_finish(now: datetime) -> list[int]:
    """Launches whose sale is over."""
    return list(
        db.session.scalars(
            select(Launch.id)
            .where(Launch.state == LaunchState.SELLING, Launch.closes_at <= now)
            .order_by(Launch.closes_at, Launch.id)
        )
    )


def launches_to_remind(now: datetime) -> list[int]:
    """Launches with cards to mend that opened long enough ago for a reminder."""
    return list(
        db.session.scalars(
            select(Launch.id)
            .where(
                Launch.state == LaunchState.MENDING,
                Launch.opened_at <= now - windows.REMIND_EVERY,
                Launch.mend_until > now,
            )
            .order_by(Launch.id)
        )
    )


def orders_to_deliver(now: datetime) -> list[int]:
    """Parcels that were sent so long ago that they count as delivered."""
    return list(
        db.session.scalars(
            select(Order.id)
            .where(Order.state == OrderState.SHIPPED, Order.shipped_at <= now - windows.DELIVERED_AFTER)
            .order_by(Order.id)
        )
    )


def latest_authorisation(pledge_id: int) -> Attempt | None:
    """The last request to hold the money for a pledge."""
    return db.session.scalar(
        select(Attempt)
        .where(Attempt.pledge_id == pledge_id, Attempt.purpose == Purpose.AUTHORISE)
        .order_by(Attempt.generation.desc())
        .limit(1)
    )


def to_mend(pledge_ids: Sequence[int]) -> list[int]:
    """Those of the pledges whose last request for money failed, or waits for the shopper, and can be put right."""
    later = aliased(Attempt)
    newer = select(later.id).where(
        later.pledge_id == Attempt.pledge_id,
        later.purpose == Purpose.AUTHORISE,
        later.generation > Attempt.generation,
    )
    return list(
        db.session.scalars(
            select(Attempt.pledge_id)
            .join(Launch, Launch.id == Attempt.launch_id)
            .where(
                Attempt.pledge_id.in_(pledge_ids),
                Attempt.purpose == Purpose.AUTHORISE,
                Attempt.state.in_([AttemptState.FAILED, AttemptState.EXPIRED, AttemptState.REQUIRES_ACTION]),
                Launch.state == LaunchState.MENDING,
                ~newer.exists(),
            )
        )
    )


def launch_of(campaign_id: int) -> Launch | None:
    """The campaign's launch."""
    return db.session.scalar(select(Launch).where(Launch.campaign_id == campaign_id))


def orders_of(shopper_id: int, limit: int = 200) -> Sequence[Any]:
    """A shopper's (order, campaign) pairs, newest first."""
    return db.session.execute(
        select(Order, Campaign)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(Order.shopper_id == shopper_id)
        .order_by(Order.id.desc())
        .limit(limit)
    ).all()


def own_order(shopper_id: int, number: str) -> Order:
    """One of a shopper's orders; NotFound for anybody else's."""
    query = select(Order).where(Order.number == number, Order.shopper_id == shopper_id)
    order = db.session.scalar(query) if is_plain(number) else None
    if order is None:
        raise NotFound
    return order


def orders_of_firm(
    merchant_id: int, state: OrderState | None, *, page: int = 1, per_page: int = 50
) -> tuple[Sequence[Any], bool]:
    """A page of a firm's (order, campaign, region, address or None), those due first, and whether there is more."""
    query = (
        select(Order, Campaign, Pledge.region, Address)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .join(Pledge, Pledge.id == Order.pledge_id)
        .outerjoin(Address, Address.id == Pledge.address_id)
        .where(Order.merchant_id == merchant_id)
        .order_by(Order.ship_by, Order.id)
        .offset((page - 1) * per_page)
        .limit(per_page + 1)
    )
    rows = db.session.execute(query.where(Order.state == state) if state else query).all()
    return rows[:per_page], len(rows) > per_page


def firm_counts(merchant_id: int) -> dict[str, int]:
    """How many of a firm's orders are in each state."""
    rows = db.session.execute(
        select(Order.state, func.count()).where(Order.merchant_id == merchant_id).group_by(Order.state)
    )
    return {str(state): n for state, n in rows}


def attempts_of(launch_id: int, *, page: int = 1, per_page: int = 50) -> tuple[Sequence[Any], bool]:
    """A page of a launch's requests for money, newest first, and whether there is more."""
    rows = db.session.execute(
        select(Attempt, Pledge.shopper_id)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .where(Attempt.launch_id == launch_id)
        .order_by(Attempt.id.desc())
        .offset((page - 1) * per_page)
        .limit(per_page + 1)
    ).all()
    return rows[:per_page], len(rows) > per_page


def order_page(order: Order) -> dict[str, Any]:
    """Everything that the page of one order shows."""
    mandate = db.session.scalar(
        select(Mandate).join(Attempt, Attempt.mandate_id == Mandate.id).where(Attempt.id == order.attempt_id)
    )
    return {
        "order": order,
        "campaign": db.session.get_one(Campaign, order.campaign_id),
        "merchant": db.session.get_one(Merchant, order.merchant_id),
        "card": mandate.label if mandate else "",
    }


def mandate_is_needed(mandate_id: int) -> bool:
    """Whether a pledge that may still be charged would be charged with this card."""
    return (
        db.session.scalar(
            select(Pledge.id)
            .where(
                Pledge.mandate_id == mandate_id,
                Pledge.state.in_((PledgeState.ACTIVE, PledgeState.RECONFIRM, PledgeState.ALLOCATED)),
            )
            .limit(1)
        )
        is not None
    )


def leftover_of(campaign_id: int, now: datetime) -> Launch | None:
    """The launch of this campaign while it sells what is left over."""
    return db.session.scalar(
        select(Launch).where(
            Launch.campaign_id == campaign_id,
            Launch.state == LaunchState.SELLING,
            Launch.leftover > 0,
            Launch.closes_at > now,
        )
    )


def all_launches(*, page: int = 1, per_page: int = 30) -> tuple[Sequence[Any], bool]:
    """A page of (launch, campaign) pairs, newest first, and whether there is more."""
    rows = db.session.execute(
        select(Launch, Campaign)
        .join(Campaign, Campaign.id == Launch.campaign_id)
        .order_by(Launch.id.desc())
        .offset((page - 1) * per_page)
        .limit(per_page + 1)
    ).all()
    return rows[:per_page], len(rows) > per_page
