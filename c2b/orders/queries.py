"""Reading about launches' money and orders, each in a fixed number of statements."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.core.forms import is_plain
from c2b.core.rows import among
from c2b.core.tables import Listing
from c2b.orders.models import Order
from c2b.orders.standing import held
from c2b.payments import windows
from c2b.payments.models import Attempt, Mandate
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

BUSY = (LaunchState.AUTHORISING, LaunchState.CAPTURING, LaunchState.VOIDING)


def launches_to_charge(now: datetime) -> list[int]:
    """Launches with requests to send, those that have waited longest first."""
    late = select(Pledge.id).where(
        Pledge.campaign_id == Launch.campaign_id, Pledge.state == PledgeState.ALLOCATED
    )
    return list(
        db.session.scalars(
            select(Launch.id)
            .where(
                or_(
                    Launch.state.in_(BUSY),
                    and_(Launch.state == LaunchState.SELLING, Launch.closes_at > now, late.exists()),
                )
            )
            .order_by(Launch.opened_at, Launch.id)
        )
    )


def launches_to_retry(now: datetime) -> list[int]:
    """Launches in whose window a card is to be tried again by itself, or a hold has run out."""
    due = select(Attempt.id).where(
        Attempt.launch_id == Launch.id,
        Attempt.purpose == Purpose.AUTHORISE,
        or_(
            and_(Attempt.state == AttemptState.FAILED, Attempt.retry_at <= now),
            and_(Attempt.state == AttemptState.SUCCEEDED, Attempt.expires_at <= now),
        ),
    )
    return list(
        db.session.scalars(
            select(Launch.id)
            .where(Launch.state == LaunchState.MENDING, Launch.mend_until > now, due.exists())
            .order_by(Launch.mend_until, Launch.id)
        )
    )


def launches_to_settle(now: datetime) -> list[int]:
    """Launches whose window to mend cards is over, or in which every card is mended."""
    failing = select(Pledge.id).where(
        Pledge.campaign_id == Launch.campaign_id, Pledge.state == PledgeState.ALLOCATED, ~held(now)
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
                among(Attempt.pledge_id, pledge_ids),
                Attempt.purpose == Purpose.AUTHORISE,
                Attempt.state.in_([AttemptState.FAILED, AttemptState.EXPIRED, AttemptState.REQUIRES_ACTION]),
                Launch.state == LaunchState.MENDING,
                ~newer.exists(),
            )
        )
    )


def held_for(pledge_ids: Sequence[int], now: datetime) -> dict[int, tuple[int, str]]:
    """Those of the pledges whose money is held for goods that are set aside, with what was asked for each."""
    rows = db.session.execute(
        select(Pledge.id, Launch.unit_price * Pledge.allocated, Launch.currency)
        .join(Launch, Launch.campaign_id == Pledge.campaign_id)
        .where(among(Pledge.id, pledge_ids), Pledge.state == PledgeState.ALLOCATED, held(now))
    )
    return {id_: (amount, currency) for id_, amount, currency in rows}


def launch_of(campaign_id: int) -> Launch | None:
    """The campaign's launch."""
    return db.session.scalar(select(Launch).where(Launch.campaign_id == campaign_id))


def own_order(shopper_id: int, number: str) -> Order:
    """One of a shopper's orders; NotFound for anybody else's."""
    query = select(Order).where(Order.number == number, Order.shopper_id == shopper_id)
    order = db.session.scalar(query) if is_plain(number) else None
    if order is None:
        raise NotFound
    return order


def attempts_of(launch_id: int) -> Listing:
    """A launch's requests for money as (request, shopper), newest first."""
    asked = select(Attempt, Pledge.shopper_id).join(Pledge, Pledge.id == Attempt.pledge_id)
    return Listing(asked.where(Attempt.launch_id == launch_id), Attempt.id)


def mandate_is_needed(mandate_id: int) -> bool:
    """Whether a pledge that may still be charged would be charged with this card; its owner's are looked through."""
    owner = select(Mandate.user_id).where(Mandate.id == mandate_id).scalar_subquery()
    return (
        db.session.scalar(
            select(Pledge.id)
            .where(
                Pledge.shopper_id == owner,
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
