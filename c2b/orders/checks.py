"""What must hold of launches, charges and orders."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.checks import check
from c2b.core.db import db
from c2b.orders.models import Dispute, Order
from c2b.orders.states import DisputeOrigin, DisputeState, OrderState
from c2b.payments import declines
from c2b.payments.attempts import IN_FLIGHT
from c2b.payments.checks import last_good_run
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import AttemptState, Purpose, RefundCause
from c2b.pipeline.models import Launch, Offer
from c2b.pipeline.states import LaunchState

# A launch that was called off after it had charged somebody pays them back; see failed_launches_are_clean.
MONEY_MAY_MOVE = (
    LaunchState.CAPTURING, LaunchState.SELLING, LaunchState.FINISHED, LaunchState.UNWINDING, LaunchState.FAILED,
)  # fmt: skip
GIVEN_UP = (PledgeState.DROPPED, PledgeState.RELEASED)
ON_ITS_WAY = (LaunchState.AUTHORISING, LaunchState.CAPTURING, LaunchState.VOIDING)
GRACE = timedelta(hours=1)


@check("I-18 nobody is charged before a launch, nor by one that failed")
def charged_after_launch() -> Iterator[str]:
    """Captures belong to a launch of the pledge's own campaign that tipped, opened and was confirmed."""
    rows = db.session.execute(
        select(Attempt.key, Launch.state)
        .join(Launch, Launch.id == Attempt.launch_id)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .join(Campaign, Campaign.id == Launch.campaign_id)
        .where(
            or_(
                Attempt.started_at < Launch.opened_at,
                Pledge.campaign_id != Launch.campaign_id,
                Campaign.tipped_at.is_(None),
                and_(Attempt.purpose == Purpose.CAPTURE, Launch.state.not_in(MONEY_MAY_MOVE)),
            )
        )
    )
    for key, state in rows:
        yield f"{key} was asked for by a launch that is {state}, or before it"


@check("I-19 nobody pays more than was held, nor more than their ceiling")
def within_limits() -> Iterator[str]:
    """Each capture is at most what was authorised; price and units are those of launch and pledge."""
    hold = aliased(Attempt)
    over = db.session.execute(
        select(Attempt.key, Attempt.amount, hold.amount)
        .outerjoin(
            hold,
            and_(
                hold.pledge_id == Attempt.pledge_id,
                hold.purpose == Purpose.AUTHORISE,
                hold.state == AttemptState.SUCCEEDED,
            ),
        )
        .where(
            Attempt.purpose == Purpose.CAPTURE,
            or_(hold.amount.is_(None), Attempt.amount > hold.amount),
        )
    )
    for key, amount, held in over:
        yield f"{key} asks for {amount}, held are {held}"
    alive = select(hold.id).where(
        hold.pledge_id == Attempt.pledge_id,
        hold.purpose == Purpose.AUTHORISE,
        hold.state == AttemptState.SUCCEEDED,
        or_(hold.expires_at.is_(None), hold.expires_at > Attempt.started_at),
    )
    stale = select(Attempt.key).where(
        Attempt.purpose == Purpose.CAPTURE, Attempt.state == AttemptState.SUCCEEDED, ~alive.exists()
    )
    for key in db.session.scalars(stale):
        yield f"{key} charged what was held no more"
    dear = db.session.execute(
        select(Attempt.key, Attempt.amount, Pledge.ceiling, Pledge.allocated)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .where(Attempt.amount > Pledge.ceiling * Pledge.allocated)
    )
    for key, amount, ceiling, units in dear:
        yield f"{key} asks for {amount}: more than {units} units at the ceiling of {ceiling}"


@check("I-35 orders are the captured pledges, one to one, at the launch's one price")
def orders_are_captures() -> Iterator[str]:
    """Each captured pledge has its order with its units and amount, and nothing else has one.

    Who was charged after the place was given up has no order: all of it is promised back.
    """
    captured = and_(
        Attempt.pledge_id == Pledge.id,
        Attempt.purpose == Purpose.CAPTURE,
        Attempt.state == AttemptState.SUCCEEDED,
    )
    rows: Any = db.session.execute(
        select(
            Pledge.id, Pledge.state, Pledge.allocated, Attempt.id, Attempt.amount, Order.id, Order.attempt_id,
            Order.quantity, Order.total, Order.unit_price, Launch.unit_price, Refund.amount,
        )
        .outerjoin(Attempt, captured)
        .outerjoin(Order, Order.pledge_id == Pledge.id)
        .outerjoin(Refund, and_(Refund.capture_id == Attempt.id, Refund.cause == RefundCause.LATE_CHARGE))
        .outerjoin(Launch, Launch.campaign_id == Pledge.campaign_id)
        .where(or_(Attempt.id.is_not(None), Order.id.is_not(None), Pledge.state == PledgeState.ORDERED))
    )  # fmt: skip
    for id_, state, units, attempt, amount, order, paid_by, quantity, total, price, group_price, back in rows:
        if back is not None and order is None and back == amount and state in GIVEN_UP:
            continue
        if attempt is None or order is None or state != PledgeState.ORDERED or back is not None:
            yield f"pledge {id_} is {state}, its capture is {attempt}, its order {order}"
        elif (paid_by, quantity, total, price) != (attempt, units, amount, group_price):
            yield f"order {order} is not what pledge {id_} paid for"


@check("I-16 a launch never sets aside more than the merchant supplies")
def within_supply() -> Iterator[str]:
    """Units set aside, ordered and left over are at most the offer's maximum."""
    standing = Pledge.state.in_((PledgeState.ALLOCATED, PledgeState.ORDERED))
    rows = db.session.execute(
        select(Launch.id, Launch.leftover, Offer.maximum, func.coalesce(func.sum(Pledge.allocated), 0))
        .join(Offer, Offer.id == Launch.offer_id)
        .outerjoin(Pledge, and_(Pledge.campaign_id == Launch.campaign_id, standing))
        .where(Offer.maximum.is_not(None))
        .group_by(Launch.id, Launch.leftover, Offer.maximum)
    )
    for launch, leftover, maximum, units in rows:
        if maximum is not None and units + leftover > maximum:
            yield f"launch {launch}: {units} set aside and {leftover} left over are more than {maximum}"


@check("I-18 a launch that failed lets everybody go, and has charged nobody who is not paid back")
def failed_launches_are_clean() -> Iterator[str]:
    """No hold and no goods set aside outlive a failed launch; what it charged goes back, but for what was sent."""
    yield from _still_held()
    yield from _still_standing()
    yield from _not_paid_back()


def _still_held() -> Iterator[str]:
    over = select(Attempt.pledge_id).where(
        Attempt.purpose.in_((Purpose.VOID, Purpose.CAPTURE)), Attempt.decided_at.is_not(None)
    )
    held = db.session.scalars(
        select(Attempt.key)
        .join(Launch, Launch.id == Attempt.launch_id)
        .where(
            Launch.state == LaunchState.FAILED,
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state.in_((AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)),
            Attempt.pledge_id.not_in(over),
        )
    )
    for key in held:
        yield f"{key} is still held"


def _still_standing() -> Iterator[str]:
    standing = db.session.execute(
        select(Pledge.id, Pledge.state)
        .join(Launch, Launch.campaign_id == Pledge.campaign_id)
        .where(
            Launch.state == LaunchState.FAILED,
            Pledge.state.in_((PledgeState.ALLOCATED, PledgeState.ACTIVE)),
        )
    )
    for pledge, state in standing:
        yield f"pledge {pledge} is {state} after its launch failed"


def _not_paid_back() -> Iterator[str]:
    with_banks = (
        select(func.coalesce(func.sum(Dispute.amount), 0))
        .where(
            Dispute.order_id == Order.id,
            Dispute.origin == DisputeOrigin.BANK,
            Dispute.state.in_((DisputeState.OPENED, DisputeState.ANSWERED, DisputeState.UPHELD)),
        )
        .scalar_subquery()
    )
    charged = db.session.execute(
        select(Attempt.key, Attempt.amount, Attempt.refunded)
        .join(Launch, Launch.id == Attempt.launch_id)
        .outerjoin(Order, Order.attempt_id == Attempt.id)
        .where(
            Launch.state == LaunchState.FAILED,
            Attempt.purpose == Purpose.CAPTURE,
            Attempt.state == AttemptState.SUCCEEDED,
            Attempt.refunded + with_banks < Attempt.amount,
            or_(Order.id.is_(None), Order.state.in_((OrderState.PLACED, OrderState.CANCELLED))),
        )
    )
    for key, amount, back in charged:
        yield f"{key} charged {amount} for a launch that failed, and only {back} goes back"


@check("I-34 no launch rests between two states with nothing due")
def launches_go_on() -> Iterator[str]:
    """One that the charging has passed by for an hour waits for an answer, which is looked up or a case."""
    seen = last_good_run("charge_launches")
    if seen is None:
        return
    under_way = select(Attempt.id).where(Attempt.launch_id == Launch.id, Attempt.state.in_(IN_FLIGHT))
    rows = db.session.execute(
        select(Launch.id, Launch.state).where(
            Launch.state.in_(ON_ITS_WAY), Launch.state_since < seen - GRACE, ~under_way.exists()
        )
    )
    for id_, state in rows:
        yield f"launch {id_} is {state}, and nothing is due"


@check("I-19 who was given up is let go of")
def the_given_up_are_let_go() -> Iterator[str]:
    """A hold of a pledge without goods was let go of, is on its way back, has run out, or is a case."""
    void, charge = aliased(Attempt), aliased(Attempt)
    let_go = select(void.id).where(
        void.pledge_id == Attempt.pledge_id,
        void.purpose == Purpose.VOID,
        or_(
            void.state.in_((*IN_FLIGHT, AttemptState.SUCCEEDED)),
            void.code.in_(declines.NOT_HELD),
            void.case_at.is_not(None),
        ),
    )
    charged = select(charge.id).where(
        charge.pledge_id == Attempt.pledge_id,
        charge.purpose == Purpose.CAPTURE,
        or_(charge.state.in_((*IN_FLIGHT, AttemptState.SUCCEEDED)), charge.code.in_(declines.NOT_HELD)),
    )
    kept = (
        select(Attempt.key)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .where(
            Pledge.state.in_(GIVEN_UP),
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state == AttemptState.SUCCEEDED,
            or_(Attempt.expires_at.is_(None), Attempt.expires_at > Pledge.state_since),
            ~let_go.exists(),
            ~charged.exists(),
        )
    )
    for key in db.session.scalars(kept):
        yield f"{key} is still held, though its pledge was given up"
