"""Which price clears, what is missing to the next one, and what an offer's ladder is worth to shoppers.

A ladder is a sequence of tiers whose quantities strictly rise and whose prices strictly fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from c2b.core.text import gettext as _
from c2b.demand.curve import Curve, Tier

# Some shoppers drop out between pledge and charge: an offer is judged with so many percent left.
SHARES_LEFT = (100, 90, 80, 70)


@dataclass(frozen=True, slots=True)
class Cleared:
    """The one price that everybody pays, and how many units of tolerance it takes to get there."""

    tier: Tier
    unit_price: int
    base_units: int
    tolerance_units_needed: int

    @property
    def units(self) -> int:
        """Units to hand out at this price; never fewer than the tier asks for."""
        return self.base_units + self.tolerance_units_needed


def why_not_tiers(tiers: Sequence[Tier], capacity: int | None = None) -> str | None:
    """Why these tiers are no ladder (or one that this capacity cannot keep), or None."""
    if not tiers:
        return _("Add at least one price tier.")
    if any(tier.from_quantity < 1 for tier in tiers):
        return _("Each price tier starts at 1 unit or more.")
    if any(tier.unit_price < 1 for tier in tiers):
        return _("Each price tier needs a price above zero.")
    if any(below.from_quantity <= above.from_quantity for above, below in pairwise(tiers)):
        return _("Each price tier must start at more units than the one before it.")
    if any(below.unit_price >= above.unit_price for above, below in pairwise(tiers)):
        return _("Each price tier must cost less than the one before it.")
    if capacity is not None and tiers[-1].from_quantity > capacity:
        return _("The last price tier starts at more units than you can supply.")
    return None


def clear(tiers: Sequence[Tier], demand: Curve) -> Cleared | None:
    """The cheapest tier whose quantity is met by pledges that can afford it, or None.

    Tolerance counts towards meeting a tier. More pledges, larger ones or higher ceilings never raise the
    price, and the order of pledges never changes it, because demand at a price only ever adds up.
    """
    met = [t for t in tiers if demand.units_with_tolerance_at(t.unit_price) >= t.from_quantity]
    if not met:
        return None
    tier = min(met, key=lambda t: t.unit_price)
    base = demand.units_at(tier.unit_price)
    return Cleared(tier, tier.unit_price, base, max(0, tier.from_quantity - base))


def next_tier(tiers: Sequence[Tier], demand: Curve) -> tuple[Tier, int] | None:
    """The cheaper tier that is nearest, and how many more units at its price are missing; None at the last.

    Exactly that many make exactly that price the price for all; one fewer changes nothing. Nearest is
    fewest missing units, and the cheapest where two are equally near: usually the next tier in the ladder,
    but conditional demand can bring a lower one closer, and then that is the true sentence to show.
    """
    now = clear(tiers, demand)
    cheaper = [
        (tier.from_quantity - demand.units_with_tolerance_at(tier.unit_price), tier)
        for tier in tiers
        if now is None or tier.unit_price < now.unit_price
    ]
    if not cheaper:
        return None
    missing, tier = min(cheaper, key=lambda found: (found[0], found[1].unit_price))
    return tier, missing


def shoppers_gain(tiers: Sequence[Tier], demand: Curve, cap: int | None = None) -> int:
    """What shoppers save against their own ceilings at the price that clears, in minor units.

    The sum of (ceiling - price) x units over the pledges that get goods; nothing if no tier clears. Where
    `cap` units do not serve all, the highest ceilings are counted first: who is really served is up to the
    allocation rule, and counted this way a cheaper ladder, more capacity or more demand never gains less.
    Tolerance helps to reach a tier but adds no gain, since nobody asked for those units.
    """
    cleared = clear(tiers, demand)
    if cleared is None:
        return 0
    left = cleared.base_units if cap is None else min(cap, cleared.base_units)
    gain = 0
    for group in reversed(demand.groups):
        units = min(left, group.units)  # at most base_units in all, so none goes below the price
        gain += (group.ceiling - cleared.unit_price) * units
        left -= units
    return gain


def score(tiers: Sequence[Tier], demand: Curve, cap: int | None = None) -> int:
    """What shoppers can expect to gain with this ladder, in minor units; the best offer has the highest.

    It is the mean of what they gain if 100 %, 90 %, 80 % and 70 % of all demand is left when cards are
    charged, rounded down once at the end. So an offer whose low price hangs on the very last pledge ranks
    below one that keeps its price when some shoppers drop: the whole curve counts, not one point of it.
    """
    # Count in hundredths of a unit, so that 90 % of 7 units is exactly 630 and nothing is rounded.
    ladder = [Tier(tier.from_quantity * 100, tier.unit_price) for tier in tiers]
    capacity = None if cap is None else cap * 100
    total = sum(shoppers_gain(ladder, demand.times(share), capacity) for share in SHARES_LEFT)
    return total // (100 * len(SHARES_LEFT))
