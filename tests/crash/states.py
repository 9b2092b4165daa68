"""Databases in a known state, for scenarios to begin with. Each builder returns ids alone."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from c2b.campaigns.states import CampaignState
from c2b.core.db import db, transaction
from c2b.orders.charging import charge_launch
from c2b.payments.models import Mandate
from c2b.pipeline.engine import judge_by_machine
from c2b.pipeline.models import Launch, Offer, Place, Slot
from jobs import tell_tipped
from tests.factories import Make, put_in_state

Ids = dict[str, Any]
Builder = Callable[[Make], Ids]
DAY = timedelta(days=1)


def soon(after: timedelta = timedelta()) -> tuple[timedelta, ...]:
    """From this moment on, as often as a lost answer is looked up; who dies at the first has the others to recover."""
    return (after, after + timedelta(minutes=2), after + timedelta(hours=2), after + timedelta(hours=9))


def mandate_of(user_id: int) -> int:
    """A saved card of theirs."""
    return db.session.scalars(select(Mandate.id).where(Mandate.user_id == user_id)).one()


def eve(make: Make, cards: Iterable[str] = ("ok", "ok", "ok"), *, quantity: int = 2, **more: Any) -> Offer:
    """An offer in its last stage at the hour of its launch; its campaign has one pledge for each card."""
    campaign = make.campaign(
        CampaignState.SOURCING,
        threshold=1,
        tiers=((1, 25900),),
        closed_at=make.now - DAY,
        allocation="first_come",
    )
    for n, card in enumerate(cards):
        pledge = make.pledge(campaign, quantity=quantity, token=card)
        pledge.placed_at = make.now - 5 * DAY + timedelta(minutes=n)
    opens_at = make.now - 20 * DAY
    offer = make.offer(campaign, batch=make.batch(opens_at=opens_at), minimum=more.pop("minimum", 1), **more)
    slot = Slot(
        batch_id=offer.batch_id, shown_from=make.now - DAY, opens_at=make.now, closes_at=make.now + 5 * DAY
    )
    slot.places = [Place(number=1, campaign_id=campaign.id, booked_at=make.now - DAY)]
    db.session.add(slot)
    make.at_stage(offer, "launch")
    put_in_state(campaign, CampaignState.SCHEDULED, make.now, merchant_id=offer.merchant_id)
    db.session.commit()
    tell_tipped.run(make.now)
    return offer


def launch(make: Make, *args: Any, **more: Any) -> Launch:
    """A launch that has just opened; nothing is charged yet."""
    offer_id = eve(make, *args, **more).id
    with transaction():
        judge_by_machine(offer_id, now=make.now)
    return db.session.scalars(select(Launch).where(Launch.offer_id == offer_id)).one()


def charge(launch_id: int, now: datetime) -> None:
    """What the clock does about it, from no open transaction."""
    db.session.rollback()
    charge_launch(launch_id, now=now)
    db.session.rollback()


def charged_launch(make: Make, *args: Any, **more: Any) -> Launch:
    """A launch that was charged as far as it can be now."""
    it = launch(make, *args, **more)
    launch_id = it.id
    charge(launch_id, make.now)
    return db.session.get_one(Launch, launch_id)
