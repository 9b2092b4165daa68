"""A demand curve to look at before signing up: made-up numbers with an offer on them, and what they come to."""

from typing import NamedTuple


class Demand(NamedTuple):
    """So many would pay this price (minor units)."""

    price: int
    people: int


class Ladder(NamedTuple):
    """An offer on the curve."""

    letter: str
    tiers: list[tuple[int, int]]  # (price, quantity), most expensive first
    clears_at: int | None


CURRENCY = "CNY"
WOULD_PAY = {189: 1610, 199: 1450, 219: 1190, 239: 860, 249: 640, 259: 410, 289: 150, 319: 40}
DEMAND = [Demand(price * 100, people) for price, people in WOULD_PAY.items()]
LADDER = Ladder("A", [(25900, 300), (23900, 600), (21900, 1000), (19900, 1600)], 21900)
REACHED = next(point.people for point in DEMAND if point.price == LADDER.clears_at)
