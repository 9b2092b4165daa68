"""How far a campaign is: the price if it closed now, what comes next, and how much of the way is done."""

from dataclasses import dataclass

from c2b.campaigns.closing import clears_by_demand
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import Basis, missing
from c2b.demand.clearing import clear, next_tier
from c2b.demand.curve import Curve, Tier


@dataclass(frozen=True, slots=True)
class Progress:
    """`price_now` is what everyone would pay if it closed now; None while too few joined."""

    price_now: int | None
    next_price: int | None
    next_missing: int | None
    percent: int  # of the way to the next price, 0 to 100


def ladder(campaign: Campaign) -> list[Tier]:
    """The campaign's tiers as the arithmetic sees them."""
    return [Tier(tier.from_quantity, tier.unit_price) for tier in campaign.tiers]


def progress(campaign: Campaign, curve: Curve) -> Progress:
    """Before it tips the next thing is the threshold; afterwards, the nearest cheaper tier."""
    tiers = ladder(campaign)
    if campaign.tipped_at is None:
        more = missing(campaign)
        cleared = clears_by_demand(campaign, curve)
        price_now = cleared.unit_price if cleared else None
        return Progress(price_now, campaign.first_price, more, _share(campaign.threshold, more))
    cleared = clear(tiers, curve)
    price_now = cleared.unit_price if cleared else campaign.first_price
    following = next_tier(tiers, curve)
    if following is None or following[0].unit_price >= price_now:
        return Progress(price_now, None, None, 100)
    tier, more = following
    return Progress(price_now, tier.unit_price, more, _share(tier.from_quantity, more))


def on_the_ladder(campaign: Campaign, curve: Curve, made: Progress) -> int:
    """How much of the whole ladder is done, 0 to 100; its tiers stand at their own quantities."""
    if campaign.basis == Basis.PEOPLE or len(campaign.tiers) < 2:
        return made.percent
    price = made.price_now or campaign.first_price
    return min(100, curve.units_with_tolerance_at(price) * 100 // campaign.tiers[-1].from_quantity)


def _share(needed: int, more: int) -> int:
    return max(0, needed - more) * 100 // needed
