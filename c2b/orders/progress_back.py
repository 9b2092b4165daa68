"""How far sales are that are taken back, and refunds, for operators: in a fixed number of statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Campaign
from c2b.core.db import db
from c2b.orders.models import Order
from c2b.orders.remedy_rules import NOT_SENT
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import AttemptState, Purpose, RefundState
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

TAKEN_BACK = (LaunchState.VOIDING, LaunchState.UNWINDING)


class UnderWay(NamedTuple):
    """One sale on its way back."""

    launch: Launch
    campaign: Campaign
    holds: int  # cards that are still to be let go
    orders: int  # that are still to be cancelled


def launches_under_way(limit: int = 100) -> list[UnderWay]:
    """Launches that let go of cards or pay everybody back, the oldest first."""
    hold, over = aliased(Attempt), aliased(Attempt)
    done = select(over.id).where(
        over.pledge_id == hold.pledge_id,
        over.purpose.in_((Purpose.VOID, Purpose.CAPTURE)),
        over.state == AttemptState.SUCCEEDED,
    )
    holds = (
        select(func.count(hold.id))
        .where(
            hold.launch_id == Launch.id,
            hold.purpose == Purpose.AUTHORISE,
            hold.state.in_((AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)),
            ~done.exists(),
        )
        .scalar_subquery()
    )
    orders = (
        select(func.count(Order.id))
        .where(Order.launch_id == Launch.id, Order.state.in_(NOT_SENT))
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Launch, Campaign, holds, orders)
        .join(Campaign, Campaign.id == Launch.campaign_id)
        .where(Launch.state.in_(TAKEN_BACK))
        .order_by(Launch.state_since, Launch.id)
        .limit(limit)
    )
    return [UnderWay(*row) for row in rows]


class Owed(NamedTuple):
    """The refunds of one campaign that are not paid yet."""

    campaign: Campaign
    currency: str
    owed: int
    amount: int
    stuck: int
    since: datetime
    next_at: datetime | None  # when a missing answer is looked up again; None: within a minute


def refunds_owed(limit: int = 100) -> Sequence[Owed]:
    """What is still to be paid back, by campaign, the oldest first."""
    charge, asked = aliased(Attempt), aliased(Attempt)
    rows: Any = db.session.execute(
        select(
            Campaign,
            Refund.currency,
            func.count(Refund.id.distinct()).filter(Refund.state == RefundState.OWED),
            func.sum(Refund.amount),
            func.count(Refund.id.distinct()).filter(Refund.state == RefundState.STUCK),
            func.min(Refund.created_at),
            func.min(asked.look_up_at),
        )
        .join(charge, charge.id == Refund.capture_id)
        .join(Launch, Launch.id == charge.launch_id)
        .join(Campaign, Campaign.id == Launch.campaign_id)
        .outerjoin(asked, and_(asked.refund_id == Refund.id, asked.decided_at.is_(None)))
        .where(Refund.state.in_((RefundState.OWED, RefundState.STUCK)))
        .group_by(Campaign.id, Refund.currency)
        .order_by(func.min(Refund.created_at))
        .limit(limit)
    )
    return [Owed(row[0], row[1], row[2], int(row[3] or 0), row[4], row[5], row[6]) for row in rows]
