"""A sale opens: one price for everyone from the whole demand, goods set aside by rule, nobody charged yet.

Everything that happens at the hour is one transaction. Charging is up to the orders, which follow the launch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import advance, set_aside
from c2b.campaigns.queries import active_wanted
from c2b.campaigns.states import CampaignState
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import refuse
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.text import gettext as _
from c2b.demand.allocation import Rule, share_out
from c2b.demand.clearing import clear
from c2b.demand.curve import Tier, Wanted, curve
from c2b.payments import windows
from c2b.pipeline.models import Award, Launch, Offer, Place, PricePoint, Slot


@dataclass(frozen=True, slots=True)
class Plan:
    """What a launch of this offer would be: the price, and units for each pledge (0: none left)."""

    unit_price: int
    units: dict[int, int]
    unaffordable: list[int]
    seed: str

    @property
    def allocated(self) -> int:
        """Units set aside in all."""
        return sum(self.units.values())


def booked_slot(campaign_id: int) -> Slot | None:
    """The slot in which the campaign has a place."""
    return db.session.scalar(
        select(Slot).join(Place, Place.slot_id == Slot.id).where(Place.campaign_id == campaign_id)
    )


def plan_launch(campaign: Campaign, offer: Offer, wanted: Sequence[Wanted]) -> Plan | str:
    """The price that clears and who gets how much; a sentence where it does not work out. Changes nothing."""
    cleared = clear([Tier(tier.from_quantity, tier.unit_price) for tier in offer.tiers], curve(wanted))
    if cleared is None:
        return _("No price of the offer is met by what shoppers would pay.")
    seed = draw_seed(campaign, wanted)
    # A pledge draws by its place in the order of arrival, which anyone can recount, not by a number of ours.
    ranked = [Wanted(n, w.quantity, w.ceiling, w.tolerance) for n, w in enumerate(wanted, start=1)]
    capacity = cleared.units if offer.maximum is None else min(offer.maximum, cleared.units)
    shares = share_out(Rule(campaign.allocation), ranked, cleared, capacity, seed=seed)
    able = {w.key: shares[n] for n, w in enumerate(wanted, start=1) if w.ceiling >= cleared.unit_price}
    plan = Plan(cleared.unit_price, able, [w.key for w in wanted if w.key not in able], seed)
    if plan.allocated < offer.minimum:
        return _("Fewer units are left than the merchant's minimum.")
    return plan


def draw_seed(campaign: Campaign, wanted: Sequence[Wanted]) -> str:
    """What decides a draw: nobody knows it before the last pledge is in, everybody can recompute it after."""
    closed = campaign.closed_at.isoformat() if campaign.closed_at else ""
    pledges = ",".join(f"{w.quantity}+{w.tolerance}@{w.ceiling}" for w in wanted)
    return sha256(f"{campaign.slug}|{closed}|{pledges}".encode()).hexdigest()


def why_not_open(offer: Offer, campaign: Campaign, slot: Slot | None, now: datetime) -> str | None:
    """A launch opens at the hour of the slot in which its campaign has a place."""
    if campaign.state != CampaignState.SCHEDULED or offer.state != "launch" or slot is None:
        return _("It has no launch date.")
    if now < slot.opens_at:
        return _("Its launch date has not come.")
    return None


def open_launch(offer_id: int, *, now: datetime, plan: Plan | str | None = None) -> Launch:
    """Open the sale: price, goods set aside, campaign live, everyone told. Refused before the hour.

    `plan` may be one made in the same transaction. The caller takes the offer out of the pipeline.
    """
    offer = get_or_404(Offer, offer_id)
    campaign = lock(Campaign, offer.campaign_id)
    slot = booked_slot(campaign.id)
    refuse(why_not_open(offer, campaign, slot, now))
    plan = plan or plan_launch(campaign, offer, active_wanted(campaign.id))
    if isinstance(plan, str):
        refuse(plan)
    assert slot is not None and isinstance(plan, Plan)
    return _carry_out(plan, campaign, offer, slot, now)


def _carry_out(plan: Plan, campaign: Campaign, offer: Offer, slot: Slot, now: datetime) -> Launch:
    allocated = {pledge_id: units for pledge_id, units in plan.units.items() if units}
    unfilled = [pledge_id for pledge_id, units in plan.units.items() if not units]
    launch = Launch(
        campaign_id=campaign.id,
        offer_id=offer.id,
        slot_id=slot.id,
        unit_price=plan.unit_price,
        currency=offer.currency,
        minimum=offer.minimum,
        fee_bp=offer.fee_bp,
        allocated=plan.allocated,
        seed=plan.seed,
        opened_at=now,
        mend_until=now + windows.MEND,
        closes_at=max(slot.closes_at, now),
        state_since=now,
    )
    db.session.add(launch)
    db.session.add(
        PricePoint(
            merchant_id=offer.merchant_id,
            campaign_id=campaign.id,
            unit_price=plan.unit_price,
            currency=offer.currency,
            at=now,
        )
    )
    record(launch, "launch.opened", by=None, at=now, unit_price=plan.unit_price, allocated=plan.allocated)
    set_aside(campaign.id, allocated, unfilled, plan.unaffordable, now=now)
    advance(campaign.id, CampaignState.LIVE, by=None, now=now, unit_price=plan.unit_price)
    _tell(launch, campaign, allocated, now)
    return launch


def _tell(launch: Launch, campaign: Campaign, allocated: dict[int, int], now: datetime) -> None:
    shoppers = db.session.execute(
        select(Pledge.id, Pledge.shopper_id).where(Pledge.campaign_id == campaign.id).order_by(Pledge.id)
    )
    notify_many(
        "campaign_launched",
        [
            (
                shopper_id,
                f"{launch.id}:{pledge_id}",
                {
                    "title": campaign.title,
                    "path": f"/c/{campaign.slug}",
                    "unit_price": launch.unit_price,
                    "quantity": allocated[pledge_id],
                    "total": launch.unit_price * allocated[pledge_id],
                    "currency": launch.currency,
                    "mend_until": launch.mend_until.isoformat(),
                },
            )
            for pledge_id, shopper_id in shoppers
            if pledge_id in allocated
        ],
        now=now,
    )


def runner_up_would_clear(campaign: Campaign, wanted: Sequence[Wanted]) -> bool:
    """Whether the next best offer could be launched with the demand that there is."""
    award = db.session.get(Award, campaign.id)
    runner_up = db.session.get(Offer, award.runner_up_id) if award and award.runner_up_id else None
    return runner_up is not None and isinstance(plan_launch(campaign, runner_up, wanted), Plan)
