"""What the records lack: titles, prices, thresholds, ceilings, times. All from one seed, item by item.

For item `i` and seed `s` everything is drawn from Random("s:i"), so adding items changes none of the others:

- expected price: 9 to 499 yuan, log-uniform, ending in 9; list price 1.3 to 2.2 times as much
- threshold (unless one is given): 55 to 125 % of the units that the records would bring, so that some fall short
- counted in units (4 of 5) or in people; closes at the deadline (8 of 10), when it tips, or when it is full
- open for 7 to 14 days, from one of the first 7 days; pledges come in the order of the records at random times
- a shopper takes 1 unit (8 of 10), 2 or 3, one of ten a further unit if needed, and would pay at most 85 to 130 %
  of the expected price (a quarter less than it: conditional demand)
- 1 in 60 leaves again, 1 in 60 raises the ceiling, 1 in 50 comes after the end
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from c2b.campaigns.categories import Category
from c2b.campaigns.operations import CampaignDraft
from c2b.campaigns.states import Allocation, Basis, CloseRule, Origin
from c2b.demand.curve import Tier
from c2b.replay.records import Item

THINGS = {
    Category.CLOTHING: ("Merino crewneck sweater", "Linen shirt", "Padded jacket", "Wool scarf", "Rain coat"),
    Category.FASHION: ("Tortoiseshell sunglasses", "Field watch", "Leather belt", "Silk scarf", "Cap"),
    Category.BAGS: ("Canvas tote", "Roll-top backpack", "Garden clogs", "Weekender bag", "Trail shoes"),
    Category.APPLIANCES: ("Rice cooker", "Gooseneck kettle", "Desk lamp", "Quiet fan", "Two-slot toaster"),
    Category.FOOD: ("Wo mandarins, 5 kg", "Acacia honey", "Green tea, 250 g", "Walnuts, 1 kg", "Soy sauce"),
    Category.HOME: ("Cast-iron pot", "Celadon tea set", "Oak stool", "Terracotta vase", "Fig candle"),
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One person's wish to join, `after` the opening."""

    person: int
    after: timedelta
    quantity: int
    tolerance: int
    ceiling: int
    leaves: bool = False
    raises: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One item as a campaign: what its starter fills in, when it opens, who comes when."""

    item: Item
    draft: CampaignDraft
    origin: Origin
    opens_after: timedelta
    arrivals: Sequence[Arrival]


def invent(item: Item, *, seed: int, threshold: int | None) -> Story:
    """The item's story; the same for the same seed, on every machine and database."""
    random = Random(f"{seed}:{item.number}")
    expected = _price(random)
    days = random.randint(7, 14)
    arrivals = _arrivals(item, expected, days, random)
    origin = random.choices((Origin.SHOPPER, Origin.PLATFORM, Origin.MERCHANT), (70, 15, 15))[0]
    draft = _draft(item, arrivals, expected, days, origin, threshold, random)
    return Story(item, draft, origin, timedelta(days=random.randint(0, 6)), arrivals)


def _price(random: Random) -> int:
    yuan = round(math.exp(random.uniform(math.log(9), math.log(499))))
    return (yuan // 10 * 10 + 9) * 100


def _arrivals(item: Item, expected: int, days: int, random: Random) -> list[Arrival]:
    times = sorted(random.random() for _ in item.people)
    span = timedelta(days=days)
    arrivals = []
    for person, at in zip(item.people, times, strict=True):
        late = random.random() < 1 / 50
        ceiling = round(
            expected
            * random.choices((random.uniform(0.85, 0.99), 1.0, random.uniform(1.01, 1.3)), (25, 45, 30))[0]
        )
        arrivals.append(
            Arrival(
                person=person,
                after=span * (1.02 if late else at),
                quantity=random.choices((1, 2, 3), (80, 15, 5))[0],
                tolerance=random.choices((0, 1), (90, 10))[0],
                ceiling=max(100, ceiling // 100 * 100),
                leaves=random.random() < 1 / 60,
                raises=random.random() < 1 / 60,
            )
        )
    return sorted(arrivals, key=lambda arrival: arrival.after)


def _draft(
    item: Item,
    arrivals: Sequence[Arrival],
    expected: int,
    days: int,
    origin: Origin,
    threshold: int | None,
    random: Random,
) -> CampaignDraft:
    category = random.choice(list(Category))
    basis = random.choices((Basis.UNITS, Basis.PEOPLE), (80, 20))[0]
    counted = [arrival for arrival in arrivals if arrival.ceiling >= expected]
    reach = sum(arrival.quantity for arrival in counted) if basis == Basis.UNITS else len(counted)
    share = random.uniform(0.55, 1.25)
    needed = threshold or max(2, round(reach * share))
    close_rule = random.choices((CloseRule.DEADLINE, CloseRule.TIPS, CloseRule.FULL), (80, 10, 10))[0]
    first = needed if basis == Basis.UNITS else max(1, round(needed * 1.1))
    tiers = _tiers(first, expected, origin)
    return CampaignDraft(
        title=f"{random.choice(THINGS[category])} no. {item.number}",
        summary=f"Wanted by {len(set(item.people))} people.",
        description="Taken from real group-buying records; names and prices are invented.",
        category=category,
        list_price=max(expected, round(expected * random.uniform(1.3, 2.2)) // 100 * 100),
        list_price_basis="lowest price in shops in the last 30 days",
        expected_price=expected,
        threshold=needed,
        basis=basis,
        tiers=tiers,
        capacity=max(tiers[-1].from_quantity, round(first * 1.4)) if close_rule == CloseRule.FULL else None,
        close_rule=close_rule,
        allocation=random.choice(list(Allocation)),
        days_open=days,
    )


def _tiers(first: int, expected: int, origin: Origin) -> tuple[Tier, ...]:
    """A shopper names one price; the platform and merchants offer a ladder."""
    if origin == Origin.SHOPPER:
        return (Tier(first, expected),)
    ladder = (
        (first, expected),
        (first * 5 // 4 + 1, expected * 93 // 100),
        (first * 8 // 5 + 2, expected * 88 // 100),
    )
    return tuple(
        Tier(quantity, max(1, price // 100 * 100) if index else price)
        for index, (quantity, price) in enumerate(ladder)
    )
