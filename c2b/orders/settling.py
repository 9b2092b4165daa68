"""How a launch goes on when its requests are answered: mend, test the minimum again, charge or let go, sell, end."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import advance, fail_campaign
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.core.db import db, get_or_404, lock
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.orders.outcomes import drop
from c2b.payments.attempts import IN_FLIGHT, UNANSWERED
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch, Offer
from c2b.pipeline.states import LaunchState


class Payment(NamedTuple):
    """The last request for a pledge's money; no state means that nobody has asked yet."""

    pledge_id: int
    units: int
    state: AttemptState | None
    code: str | None


def advance_launch(launch_id: int, *, now: datetime) -> None:
    """Take the launch to its next state if the answers allow it; else leave it as it is."""
    campaign_id = get_or_404(Launch, launch_id).campaign_id
    lock(Campaign, campaign_id)
    launch = lock(Launch, launch_id)
    forward = FORWARD.get(launch.state)
    if forward and not _count(launch, Attempt.state.in_(UNANSWERED)):
        forward(launch, now)


def _after_authorising(launch: Launch, now: datetime) -> None:
    payments = _payments(launch)
    if any(payment.state is None for payment in payments):
        return
    if _failing(payments) and now < launch.mend_until:
        move(launch, LaunchState.MENDING, by=None, now=now)
    else:
        _test_minimum(launch, payments, now)


def _after_mending(launch: Launch, now: datetime) -> None:
    payments = _payments(launch)
    over = now >= launch.mend_until and not _count(launch, Attempt.state.in_(IN_FLIGHT))
    if over or not _failing(payments):
        _test_minimum(launch, payments, now)


def _test_minimum(launch: Launch, payments: list[Payment], now: datetime) -> None:
    """The second test of the minimum: only what is really held counts."""
    confirmed = sum(payment.units for payment in payments if payment.state == AttemptState.SUCCEEDED)
    if confirmed < launch.minimum:
        move(launch, LaunchState.VOIDING, by=None, now=now, confirmed=confirmed)
        return
    drop(launch, _failing(payments), now)
    move(launch, LaunchState.CAPTURING, by=None, now=now, confirmed=confirmed)


def _after_capturing(launch: Launch, now: datetime) -> None:
    if _unresolved(launch):
        return
    maximum = db.session.scalar(select(Offer.maximum).where(Offer.id == launch.offer_id))
    sold = ordered_units(launch)
    launch.leftover = max(0, maximum - sold) if maximum is not None else 0
    launch.confirmed_at = now
    move(launch, LaunchState.SELLING, by=None, now=now, ordered=sold, leftover=launch.leftover)


def _after_voiding(launch: Launch, now: datetime) -> None:
    voided = select(Attempt.pledge_id).where(
        Attempt.launch_id == launch.id, Attempt.purpose == Purpose.VOID, Attempt.decided_at.is_not(None)
    )
    holds = _count(
        launch,
        Attempt.purpose == Purpose.AUTHORISE,
        Attempt.state.in_((AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)),
        Attempt.pledge_id.not_in(voided),
    )
    if holds:
        return
    reason = _("Too few payments could be confirmed for the merchant's minimum.")
    fail_campaign(launch.campaign_id, reason, by=None, now=now)
    move(launch, LaunchState.FAILED, by=None, now=now)


def _after_selling(launch: Launch, now: datetime) -> None:
    if now < launch.closes_at or _unresolved(launch):
        return
    move(launch, LaunchState.FINISHED, by=None, now=now, ordered=ordered_units(launch))
    advance(launch.campaign_id, CampaignState.COMPLETED, by=None, now=now)


FORWARD: dict[str, Callable[[Launch, datetime], None]] = {
    LaunchState.AUTHORISING: _after_authorising,
    LaunchState.MENDING: _after_mending,
    LaunchState.CAPTURING: _after_capturing,
    LaunchState.VOIDING: _after_voiding,
    LaunchState.SELLING: _after_selling,
}


def ordered_units(launch: Launch) -> int:
    """Units that became orders."""
    query = select(func.sum(Pledge.allocated)).where(
        Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ORDERED
    )
    return int(db.session.scalar(query) or 0)  # PostgreSQL sums into a numeric


def _payments(launch: Launch) -> list[Payment]:
    """How each pledge with goods set aside stands with its payment.

    Two plain readings put together here: a join of the two would be left to the guess of a planner that has not
    seen the rows yet, as they were all written a minute ago.
    """
    latest: dict[int, tuple[AttemptState, str | None]] = {
        row.pledge_id: (row.state, row.code)
        for row in db.session.execute(
            select(Attempt.pledge_id, Attempt.state, Attempt.code)
            .where(Attempt.launch_id == launch.id, Attempt.purpose == Purpose.AUTHORISE)
            .order_by(Attempt.generation)
        )
    }
    pledges = db.session.execute(
        select(Pledge.id, Pledge.allocated)
        .where(Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED)
        .order_by(Pledge.id)
    )
    return [Payment(row.id, row.allocated, *latest.get(row.id, (None, None))) for row in pledges]


def _failing(payments: list[Payment]) -> dict[int, str | None]:
    """The pledges whose payment is not held, with the last reason."""
    return {p.pledge_id: p.code for p in payments if p.state != AttemptState.SUCCEEDED}


def _unresolved(launch: Launch) -> int:
    """Pledges with goods set aside that are neither ordered nor dropped yet."""
    query = select(func.count()).select_from(Pledge)
    query = query.where(Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED)
    return db.session.scalar(query) or 0


def _count(launch: Launch, *narrowed: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Attempt).where(Attempt.launch_id == launch.id)
    return db.session.scalar(query.where(*narrowed)) or 0
