"""A campaign on the eve of its launch, and the clockwork that takes it through."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import CampaignState
from c2b.core.db import db, transaction
from c2b.orders.charging import charge_launch
from c2b.orders.queries import (
    launches_to_charge,
    launches_to_finish,
    launches_to_retry,
    launches_to_settle,
)
from c2b.payments import ladder
from c2b.payments.gateway import gateway
from c2b.payments.gateways.sandbox import Sandbox
from c2b.pipeline.engine import judge_by_machine
from c2b.pipeline.models import Launch, Offer, Place, Slot
from tests.factories import Make, put_in_state

Eve = Callable[..., Offer]


@pytest.fixture
def eve(make: Make, now: datetime) -> Eve:
    """An offer in its last stage; its campaign has one pledge for each (quantity, card[, more])."""

    def build(pledges: Iterable[tuple[Any, ...]] = ((2, "ok"),) * 5, **more: object) -> Offer:
        campaign = make.campaign(
            CampaignState.SOURCING,
            threshold=1,
            tiers=more.pop("campaign_tiers", ((1, 25900),)),  # type: ignore[arg-type]
            closed_at=now - timedelta(days=1),
            allocation=more.pop("allocation", "first_come"),
        )
        for n, (quantity, card, *asks) in enumerate(pledges):
            pledge = make.pledge(campaign, quantity=quantity, token=card, **(asks[0] if asks else {}))
            pledge.placed_at = now - timedelta(days=5) + timedelta(minutes=n)
        minimum = more.pop("minimum", 1)
        offer = make.offer(
            campaign, batch=make.batch(opens_at=now - timedelta(days=20)), minimum=minimum, **more
        )
        slot = Slot(
            batch_id=offer.batch_id,
            shown_from=now - timedelta(days=1),
            opens_at=now,
            closes_at=now + timedelta(days=5),
        )
        slot.places = [Place(number=1, campaign_id=campaign.id, booked_at=now - timedelta(days=1))]
        db.session.add(slot)
        make.at_stage(offer, "launch")
        put_in_state(campaign, CampaignState.SCHEDULED, now, merchant_id=offer.merchant_id)
        db.session.commit()
        return offer

    return build


@pytest.fixture
def launch(eve: Eve, now: datetime) -> Callable[..., Launch]:
    """A launch that has just opened."""

    def build(*args: object, **more: object) -> Launch:
        offer = eve(*args, **more)
        with transaction():
            judge_by_machine(offer.id, now=now)
        return db.session.scalars(select(Launch).where(Launch.offer_id == offer.id)).one()

    return build


def run_jobs(now: datetime) -> None:
    """What the clock does about money in a minute."""
    db.session.rollback()
    ladder.look_up_due(now)
    for due in (launches_to_charge, launches_to_retry, launches_to_settle, launches_to_finish):
        ids = due(now)
        db.session.rollback()
        for launch_id in ids:
            charge_launch(launch_id, now=now)


def sandbox() -> Sandbox:
    """The provider's own view of things."""
    db.session.rollback()
    return gateway()  # type: ignore[return-value]


def pledges_of(launch: Launch) -> list[Pledge]:
    """The pledges of the launch's campaign, in order."""
    return list(
        db.session.scalars(select(Pledge).where(Pledge.campaign_id == launch.campaign_id).order_by(Pledge.id))
    )


def campaign_of(launch: Launch) -> Campaign:
    """The launch's campaign as it is now."""
    db.session.rollback()
    return db.session.get_one(Campaign, launch.campaign_id)
