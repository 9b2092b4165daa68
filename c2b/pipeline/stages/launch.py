"""Launch: at the hour of its slot the sale opens, or it turns out that it cannot."""

from datetime import datetime, timedelta

from sqlalchemy import Select, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import fail_campaign
from c2b.campaigns.queries import active_wanted
from c2b.core.access import Role
from c2b.core.db import lock
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.pipeline.launching import (
    booked_slot,
    open_launch,
    plan_launch,
    runner_up_would_clear,
    why_not_open,
)
from c2b.pipeline.models import Offer, Place, Slot
from c2b.pipeline.stage import Ruling, Stage, Verdict


def decide(offer: Offer, now: datetime) -> Verdict | None:
    """Nothing before the hour; then the launch opens, or the offer is out, and in the end the campaign."""
    campaign = lock(Campaign, offer.campaign_id)
    if why_not_open(offer, campaign, booked_slot(campaign.id), now) is not None:
        return None
    wanted = active_wanted(campaign.id)
    plan = plan_launch(campaign, offer, wanted)
    if isinstance(plan, str):
        if not runner_up_would_clear(campaign, wanted):
            fail_campaign(campaign.id, plan, by=None, now=now)
        return Verdict(Ruling.REJECT, plan, {"units_wanted": sum(w.quantity for w in wanted)})
    launch = open_launch(offer.id, now=now, plan=plan)
    evidence = {"unit_price": launch.unit_price, "allocated": launch.allocated, "seed": launch.seed}
    return Verdict(Ruling.PASS, _("The sale has opened at one price for everyone."), evidence)


def due_at(offer: Offer, now: datetime) -> datetime:
    """An hour after its slot opens."""
    slot = booked_slot(offer.campaign_id)
    return slot.opens_at + timedelta(hours=1) if slot else now + timedelta(days=7)


def ready(now: datetime) -> Select[int]:
    """Offers whose slot has opened."""
    return (
        select(Offer.id)
        .join(Place, Place.campaign_id == Offer.campaign_id)
        .join(Slot, Slot.id == Place.slot_id)
        .where(Slot.opens_at <= now)
    )


stage = Stage(
    "launch",
    _l("Launch"),
    owner=Role.OPERATOR,
    due=timedelta(days=7),
    decide=decide,
    due_at=due_at,
    ready=ready,
)
