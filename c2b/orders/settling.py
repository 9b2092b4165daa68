"""How a launch goes on when its requests are answered: mend, test the minimum again, charge or let go, sell, end."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import advance, fail_campaign
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.core.db import db, get_or_404, lock
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.orders.attempts import IN_FLIGHT, UNANSWERED
from c2b.orders.outcomes import drop
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch, Offer
from c2b.pipeline.states import LaunchState


def advance_launch(launch_id: int, *, now: datetime) -> None:
    """Take the launch to its next state if the answers allow it; else leave it as it is."""
    campaign_id = get_or_404(Launch, launch_id).campaign_id
    lock(Campaign, campaign_id)
    launch = lock(Launch, launch_id)
    forward = FORWARD.get(launch.state)
    if forward and not _count(launch, Attempt.state.in_(UNANSWERED)):
        forward(launch, now)


def _after_authorising(launch: Launch, now: datetime) -> None:
    if _unasked(launch):
        return
    if _failing(launch) and now < launch.mend_until:
        move(launch, LaunchState.MENDING, by=None, now=now)
    else:
        _test_minimum(launch, now)


def _after_mending(launch: Launch, now: datetime) -> None:
    over = now >= launch.mend_until and not _count(launch, Attempt.state.in_(IN_FLIGHT))
    if over or not _failing(launch):
        _test_minimum(launch, now)


def _test_minimum(launch: Launch, now: datetime) -> None:
    """The second test of the minimum: only what is really held counts."""
    confirmed = confirmed_units(launch)
    if confirmed < launch.minimum:
        move(launch, LaunchState.VOIDING, by=None, now=now, confirmed=confirmed)
        return
    drop(launch, _failing(launch), now)
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


def confirmed_units(launch: Launch) -> int:
    """Units whose payment is held."""
    return _units(launch, Pledge.state == PledgeState.ALLOCATED, _is_held())


def ordered_units(launch: Launch) -> int:
    """Units that became orders."""
    return _units(launch, Pledge.state == PledgeState.ORDERED)


def _units(launch: Launch, *narrowed: ColumnElement[bool]) -> int:
    query = select(func.sum(Pledge.allocated)).where(Pledge.campaign_id == launch.campaign_id, *narrowed)
    return int(db.session.scalar(query) or 0)  # PostgreSQL sums into a numeric


def _failing(launch: Launch) -> dict[int, str | None]:
    """The pledges with goods set aside whose payment is not held, with the last reason."""
    latest = (
        select(Attempt.code)
        .where(Attempt.pledge_id == Pledge.id, Attempt.purpose == Purpose.AUTHORISE)
        .order_by(Attempt.generation.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Pledge.id, latest).where(
            Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED, ~_is_held()
        )
    )
    return {row[0]: row[1] for row in rows}


def _is_held() -> ColumnElement[bool]:
    return (
        select(Attempt.id)
        .where(
            Attempt.pledge_id == Pledge.id,
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state == AttemptState.SUCCEEDED,
        )
        .exists()
    )


def _unasked(launch: Launch) -> int:
    asked = select(Attempt.id).where(Attempt.pledge_id == Pledge.id, Attempt.purpose == Purpose.AUTHORISE)
    return _pledges(launch, ~asked.exists())


def _unresolved(launch: Launch) -> int:
    return _pledges(launch)


def _pledges(launch: Launch, *narrowed: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Pledge)
    query = query.where(Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED)
    return db.session.scalar(query.where(*narrowed)) or 0


def _count(launch: Launch, *narrowed: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Attempt).where(Attempt.launch_id == launch.id)
    return db.session.scalar(query.where(*narrowed)) or 0
