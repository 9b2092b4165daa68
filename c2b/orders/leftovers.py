"""What a launch left over, sold at the group price while the sale lasts."""

from datetime import datetime

from sqlalchemy import select, update

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import PledgeRequest, place_late
from c2b.core.db import db, lock
from c2b.core.errors import refuse
from c2b.orders import rules
from c2b.orders.queries import launch_of
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState


def buy_leftover(campaign_id: int, request: PledgeRequest, *, now: datetime) -> Pledge:
    """Take units from what is left and set them aside for this shopper; a job charges the card.

    Never sells more than there is: one conditional update takes the units; a payment that fails gives them back.
    """
    lock(Campaign, campaign_id)
    if earlier := _first_answer(request):
        return earlier
    price = db.session.scalar(
        update(Launch)
        .where(
            Launch.campaign_id == campaign_id,
            Launch.state == LaunchState.SELLING,
            Launch.closes_at > now,
            Launch.leftover >= request.quantity,
        )
        .values(leftover=Launch.leftover - request.quantity)
        .returning(Launch.unit_price)
        .execution_options(synchronize_session=False)
    )
    if price is None:
        launch = launch_of(campaign_id)
        refuse(rules.why_not_buy(launch, request.quantity, now))
    assert price is not None
    return place_late(campaign_id, request, price, now=now)


def _first_answer(request: PledgeRequest) -> Pledge | None:
    """The purchase that this very request made before, if the shopper sent it twice."""
    if request.request_key is None:
        return None
    return db.session.scalar(
        select(Pledge).where(
            Pledge.request_key == request.request_key, Pledge.shopper_id == request.shopper_id
        )
    )
