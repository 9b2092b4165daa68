"""How a launch goes on when its requests are answered: mend, test the minimum again, charge or let go, sell, end."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import advance, fail_campaign, release_all
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.core.db import db, get_or_404, lock
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.orders.outcomes import drop
from c2b.orders.standing import Standing, asked_for, held, standing
from c2b.orders.topping import top_up, units_to_top_up
from c2b.payments import declines, windows
from c2b.payments.attempts import IN_FLIGHT, UNANSWERED
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch, Offer
from c2b.pipeline.states import LaunchState

CHUNK = 500


def advance_launch(launch_id: int, *, now: datetime) -> None:
    """Take the launch to its next state if the answers allow it; else leave it as it is."""
    campaign_id = get_or_404(Launch, launch_id).campaign_id
    lock(Campaign, campaign_id)
    launch = lock(Launch, launch_id)
    if forward := FORWARD.get(launch.state):
        forward(launch, now)


def _after_authorising(launch: Launch, now: datetime) -> None:
    """On from here when everybody was asked; whose answer is missing or no can still become a yes in the window."""
    if _any(launch, ~asked_for()):
        return
    if launch.topped_up_at is not None:
        if not _any(launch, ~held(now)):
            _test_minimum(launch, now)
        elif not _waits(launch, IN_FLIGHT, now - windows.WAIT_FOR_HOLD):
            _drop_failing(launch, now)
            _test_minimum(launch, now)
    elif not _any(launch, ~held(now)):
        _test_minimum(launch, now)
    elif not _waits(launch, UNANSWERED, now - windows.WAIT_FOR_ALL):
        move(launch, LaunchState.MENDING, by=None, now=now)


def _after_mending(launch: Launch, now: datetime) -> None:
    if not _any(launch, ~held(now)):
        _test_minimum(launch, now)
    elif now >= launch.mend_until and not _waits(launch, IN_FLIGHT, now - windows.WAIT_FOR_HOLD):
        _end_window(launch, now)


def _end_window(launch: Launch, now: datetime) -> None:
    """Who could not pay is given up; what they leave goes to those who got nothing, once; then the minimum is tested.

    Where even so too few could pay, nobody is given up first: everybody is let go alike.
    """
    confirmed = held_units(launch, now)
    more = units_to_top_up(launch, confirmed) if launch.topped_up_at is None else {}
    if confirmed + sum(more.values()) < launch.minimum:
        _test_minimum(launch, now)
        return
    _drop_failing(launch, now)
    more = units_to_top_up(launch, _units(launch, Pledge.state == PledgeState.ALLOCATED)) if more else {}
    if more:
        top_up(launch, more, now)
    else:
        _test_minimum(launch, now)


def _test_minimum(launch: Launch, now: datetime) -> None:
    """The second test of the minimum: only what is really held counts."""
    confirmed = held_units(launch, now)
    state = LaunchState.CAPTURING if confirmed >= launch.minimum else LaunchState.VOIDING
    move(launch, state, by=None, now=now, confirmed=confirmed)


def _after_capturing(launch: Launch, now: datetime) -> None:
    _give_up_unanswered_charges(launch, now)
    if _any(launch):
        return
    maximum = db.session.scalar(select(Offer.maximum).where(Offer.id == launch.offer_id))
    sold = ordered_units(launch)
    launch.leftover = max(0, maximum - sold) if maximum is not None else 0
    launch.confirmed_at = now
    move(launch, LaunchState.SELLING, by=None, now=now, ordered=sold, leftover=launch.leftover)


def _after_voiding(launch: Launch, now: datetime) -> None:
    if _waits(launch, UNANSWERED, now - windows.WAIT_FOR_CHARGE) or _still_held(launch, now):
        return
    if get_or_404(Campaign, launch.campaign_id).state == CampaignState.LIVE:
        reason = _("Too few payments could be confirmed for the merchant's minimum.")
        fail_campaign(launch.campaign_id, reason, by=None, now=now)
    else:  # it was called off, and everyone was told
        release_all(launch.campaign_id, by=None, now=now)
    move(launch, LaunchState.FAILED, by=None, now=now)


def _after_selling(launch: Launch, now: datetime) -> None:
    _give_up_unanswered_charges(launch, now)
    if now < launch.closes_at or _any(launch):
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
    return _units(launch, Pledge.state == PledgeState.ORDERED)


def held_units(launch: Launch, now: datetime) -> int:
    """Units whose money is held now."""
    return _units(launch, Pledge.state == PledgeState.ALLOCATED, held(now))


def _units(launch: Launch, *which: ColumnElement[bool]) -> int:
    query = select(func.sum(Pledge.allocated)).where(Pledge.campaign_id == launch.campaign_id, *which)
    return int(db.session.scalar(query) or 0)  # PostgreSQL sums into a numeric


def _any(launch: Launch, *which: ColumnElement[bool]) -> bool:
    """Whether a pledge with goods set aside is like this."""
    query = select(Pledge.id).where(
        Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED, *which
    )
    return db.session.scalar(query.limit(1)) is not None


def _waits(launch: Launch, states: tuple[AttemptState, ...], since: datetime) -> bool:
    """Whether an answer is missing that is worth waiting for; one that turns up later is put right then."""
    query = select(Attempt.id).where(
        Attempt.launch_id == launch.id, Attempt.state.in_(states), Attempt.started_at > since
    )
    return db.session.scalar(query.limit(1)) is not None


def _still_held(launch: Launch, now: datetime) -> bool:
    """Whether a hold is neither let go, nor run out, nor a case for an operator."""
    void = Attempt.__table__.alias("void")
    let_go = exists().where(
        void.c.pledge_id == Attempt.pledge_id,
        void.c.purpose == Purpose.VOID,
        or_(
            void.c.state == AttemptState.SUCCEEDED,
            void.c.case_at.is_not(None),
            and_(void.c.state == AttemptState.FAILED, void.c.code.in_(declines.NOT_HELD)),
        ),
    )
    query = select(Attempt.id).where(
        Attempt.launch_id == launch.id,
        Attempt.purpose == Purpose.AUTHORISE,
        Attempt.state.in_((AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)),
        or_(Attempt.expires_at.is_(None), Attempt.expires_at > now),
        ~let_go,
    )
    return db.session.scalar(query.limit(1)) is not None


def _drop_failing(launch: Launch, now: datetime) -> None:
    """Give up every pledge whose money is not held. Looked at again under its lock: an answer may just have come."""
    for ids in _failing(launch, now):
        codes = {it.pledge_id: _why(it) for it in standing(launch, ids, wait=True) if not it.is_held(now)}
        drop(launch, codes, now)


def _why(it: Standing) -> str | None:
    if it.hold is None or it.hold.state in UNANSWERED:
        return "no_answer"
    return it.hold.code if it.hold.state == AttemptState.FAILED else "not_confirmed"


def _failing(launch: Launch, now: datetime) -> Iterator[list[int]]:
    last = 0
    query = select(Pledge.id).where(
        Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED, ~held(now)
    )
    while ids := db.session.scalars(query.where(Pledge.id > last).order_by(Pledge.id).limit(CHUNK)).all():
        yield list(ids)
        last = ids[-1]


def _give_up_unanswered_charges(launch: Launch, now: datetime) -> None:
    """A charge whose answer is missing for days keeps nobody else waiting; if it was made, it goes back (F-38)."""
    old = now - windows.WAIT_FOR_CHARGE
    ids = db.session.scalars(
        select(Attempt.pledge_id)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .where(
            Attempt.launch_id == launch.id,
            Attempt.state.in_(UNANSWERED),
            Attempt.started_at <= old,
            Pledge.state == PledgeState.ALLOCATED,
        )
    ).all()
    held_up = (
        [it.pledge_id for it in standing(launch, ids, wait=True) if _is_stuck(it.asked, old)] if ids else []
    )
    drop(launch, dict.fromkeys(held_up, "no_answer"), now)


def _is_stuck(asked: dict[str, Any], old: datetime) -> bool:
    return any(a.state in UNANSWERED and a.started_at <= old for a in asked.values())
