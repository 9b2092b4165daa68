"""Which offer shoppers gain most from, over the whole demand curve. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from c2b.core.money import digits
from c2b.demand.clearing import Cleared, clear, score, shoppers_gain
from c2b.demand.curve import Curve, Tier

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Ranked:
    """An offer among those of its campaign; the best one is A."""

    offer: Any
    letter: str
    cleared: Cleared | None  # at today's demand
    people: int  # who can afford the price that clears
    gain: int  # minor units that shoppers gain at today's demand
    score: int  # what they can expect to gain when some drop out; ranks the offers
    share: int  # the score in percent of the best one's

    @property
    def shown_score(self) -> int:
        """The score in whole units of money, for a table."""
        one = 10 ** digits(self.offer.currency)
        return int(self.score // one * one)

    @property
    def clears_at(self) -> int | None:
        """The price that everyone would pay, minor units; None while no tier is met."""
        return self.cleared.unit_price if self.cleared else None


def ladder(offer: Any) -> list[Tier]:
    """The offer's tiers as they really work: below its minimum the merchant supplies nothing."""
    cheapest: dict[int, int] = {}
    for tier in offer.tiers:
        quantity = max(tier.from_quantity, offer.minimum)
        cheapest[quantity] = min(tier.unit_price, cheapest.get(quantity, tier.unit_price))
    return [Tier(quantity, cheapest[quantity]) for quantity in sorted(cheapest)]


def rank(demand: Curve, offers: Sequence[Any]) -> list[Ranked]:
    """The offers of one campaign, best first; equal ones in the order in which they were handed in."""
    judged = []
    for offer in offers:
        tiers = ladder(offer)
        cleared = clear(tiers, demand)
        expected = score(tiers, demand, offer.maximum)
        judged.append((offer, tiers, cleared, expected))
    judged.sort(key=lambda j: (j[2] is None, -j[3], j[0].submitted_at or j[0].created_at, j[0].id))
    best = max((j[3] for j in judged), default=0)
    return [
        Ranked(
            offer=offer,
            letter=LETTERS[i] if i < len(LETTERS) else str(i + 1),
            cleared=cleared,
            people=demand.people_at(cleared.unit_price) if cleared else 0,
            gain=shoppers_gain(tiers, demand, offer.maximum),
            score=expected,
            share=100 * expected // best if best else 0,
        )
        for i, (offer, tiers, cleared, expected) in enumerate(judged)
    ]
