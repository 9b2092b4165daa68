"""What each price of an offer would bring: how many it reaches, what is left of it and after the cost. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from c2b.demand.clearing import clear
from c2b.demand.curve import Curve, Point, Tier, hidden_points
from c2b.payments.fees import share_of


class DemandPoint(NamedTuple):
    """So many units would be bought at this price (minor units)."""

    price: int
    people: int  # here counted in units, as the tiers are


class Ladder(NamedTuple):
    """The offer's prices on the demand curve."""

    letter: str
    tiers: Sequence[tuple[int, int]]  # (price, quantity), most expensive first
    clears_at: int | None


@dataclass(frozen=True, slots=True)
class Worth:
    """One price tier as its merchant sees it; `margin` is None where the cost is not known."""

    tier: Tier
    reached: Point | None  # at least so many; in groups that hide a person
    rest: int  # of the price, after our share
    margin: int | None  # of one unit
    percent: int | None  # of the price

    @property
    def is_met(self) -> bool:
        """Whether demand reaches the tier today, as far as can be shown."""
        return self.reached is not None and self.reached.units >= self.tier.from_quantity


def worth_of(tiers: Sequence[Tier], demand: Curve, *, unit_cost: int | None, fee_bp: int) -> list[Worth]:
    """One line for each tier."""
    shown = hidden_points(demand.points())
    lines = []
    for tier in tiers:
        above = [point for point in shown if point.price >= tier.unit_price]
        rest = share_of(tier.unit_price, fee_bp).rest
        margin = None if unit_cost is None else rest - unit_cost
        percent = None if margin is None else round(100 * margin / tier.unit_price)
        lines.append(Worth(tier, above[-1] if above else None, rest, margin, percent))
    return lines


def drawn(demand: Curve) -> list[DemandPoint]:
    """The curve as it may be drawn, in groups that hide a person."""
    return [DemandPoint(point.price, point.units) for point in hidden_points(demand.points())]


def on_curve(tiers: Sequence[Tier], demand: Curve) -> list[Ladder]:
    """The offer as the drawing takes it; empty without a price."""
    if not tiers:
        return []
    cleared = clear(tiers, demand)
    prices = [(tier.unit_price, tier.from_quantity) for tier in tiers]
    return [Ladder("A", prices, cleared.unit_price if cleared else None)]
