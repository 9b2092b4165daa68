"""What the demo site shows: things, prices, how many people, and when it all happened (days before the demo's now).

Batches open on Mondays and the demo's now is a Tuesday, so a campaign that tipped `n` weeks ago is in a known part of
the pipeline: this week sign-up, last week samples, two weeks ago final review, three weeks ago launches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from c2b.campaigns.categories import Category
from c2b.campaigns.operations import CampaignDraft
from c2b.campaigns.states import Allocation, Basis, CloseRule, Fulfilment, Origin
from c2b.demand.curve import Tier
from c2b.replay.invention import Arrival, Story
from c2b.replay.records import Item

S, P, M = Origin.SHOPPER, Origin.PLATFORM, Origin.MERCHANT
A, B, C, D, F, H = (
    Category.APPLIANCES, Category.BAGS, Category.CLOTHING, Category.FASHION, Category.FOOD, Category.HOME,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thing:
    """One campaign of the demo. Prices in yuan; `people` come between its opening and its end (or now)."""

    title: str
    picture: str
    category: Category
    list_price: int
    expected: int
    people: int
    tiers: tuple[tuple[int, int], ...]
    opened: float  # days before now
    days: int
    origin: Origin = S
    summary: str = ""
    description: str = ""
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    basis: Basis = Basis.UNITS
    close_rule: CloseRule = CloseRule.DEADLINE
    capacity: int | None = None
    allocation: Allocation = Allocation.FIRST_COME
    fulfilment: Fulfilment = Fulfilment.SHIPPED
    pictures: tuple[str, ...] = ()
    poor_cards: bool = False  # too many of its cards will fail


POT = (
    "Cast in one piece in Luhuo, then dipped three times in matte enamel. At 22 cm it makes dinner for two to four and"
    " fits a small stove. The inside is pale, so you can see the fond; the lid has drip points that keep braises"
    " moist.\n\nWe asked 412 of you what was wrong with the pots at home. You said: too heavy, knob gets hot, lid"
    " rattles. This one is 600 g lighter, has a brass knob that stays cool on the stove, and a ground rim."
)

FIRST_HOUR = 14  # the hour at which the demo's clock begins
PACES = (0.6, 1.8, 3.0, 1.2, 2.4)  # above 1: most came early, and it is cooling; below: it is heating up
SUMMARY = "Well made, simply packed, at a price that we reach together."

OPEN = (
    Thing("Enamelled cast-iron pot, 22 cm", "pot", H, 399, 239, 1150,
          ((300, 319), (700, 279), (1100, 259), (1400, 239), (2000, 219)), 12, 14, M,
          "Lighter than it looks, with a knob that stays cool.", POT, (("Colour", ("Persimmon", "Deep blue")),),
          pictures=("pot2", "pot3", "pot4")),
    Thing("Noise-cancelling over-ear headphones", "headphones", A, 899, 549, 640, ((800, 549), (1200, 519)), 9, 14, P,
          "Forty hours, folds flat, mends with four screws."),
    Thing("Merino crewneck sweater, four colours", "knit", C, 329, 189, 410, ((500, 199), (800, 189)), 8, 14, M,
          "Extra-fine wool, whole garment, no seams.",
          options=(("Colour", ("Sage", "Cream", "Rust", "Navy")), ("Size", ("S", "M", "L", "XL")))),
    Thing("广西沃柑 5 公斤装", "mandarin", F, 79, 45, 900, ((600, 45),), 13.5, 14, P, "树上熟，采后两天发货。"),
    Thing("Two-tone canvas tote with inner pocket", "tote", B, 168, 99, 210, ((250, 99),), 6, 14),
    Thing("Celadon travel tea set for three", "teaset", H, 268, 159, 330, ((400, 169), (600, 159)), 10, 14, P),
    Thing("Articulated desk lamp, warm to neutral", "lamp", A, 299, 179, 110, ((200, 179),), 2, 14),
    Thing("Tortoiseshell sunglasses, polarised", "sunglasses", D, 259, 129, 520, ((700, 129),), 5, 14),
    Thing("Roll-top commuter backpack, 20 L", "backpack", B, 459, 269, 380, ((400, 279), (600, 269)), 11, 14, M,
          basis=Basis.PEOPLE, capacity=700, close_rule=CloseRule.FULL, allocation=Allocation.PRO_RATA),
    Thing("Small rice cooker for two, 1.6 L", "cooker", A, 349, 219, 300, ((600, 219),), 7, 14,
          allocation=Allocation.LOTTERY),
    Thing("Suede clogs with cork sole", "clogs", B, 239, 139, 130, ((250, 139),), 4, 14),
    Thing("Quiet desk fan with tilt head", "fan", A, 199, 119, 60, ((200, 119),), 1, 14),
    Thing("椴树蜂蜜 500 克 + 250 克", "honey", F, 118, 69, 240, ((300, 69),), 9, 14,
          allocation=Allocation.WHOLE_PLEDGES),
    Thing("Minimal watch with leather strap", "watch", D, 599, 329, 90, ((200, 329),), 2, 14),
    Thing("Pour-over kettle with wooden handle", "kettle", H, 259, 149, 170, ((300, 149),), 3, 14),
    Thing("A night at a lake house, two people", "vase", H, 680, 399, 45, ((80, 399),), 3, 14,
          fulfilment=Fulfilment.VOUCHER, summary="A voucher for one night, Sunday to Thursday."),
)  # fmt: skip

# Tipped and closed; by the week in which they joined a batch.
THIS_WEEK = (
    Thing("Insulated bottle with carry loop, 600 ml", "thermos", H, 149, 85, 420, ((300, 85),), 8.2, 8),
    Thing("Two-slot toaster, mint", "toaster", A, 239, 149, 150, ((110, 149),), 7.5, 7, P),
)
LAST_WEEK = (
    Thing("Fig candle with oak lid", "candle", H, 149, 89, 140, ((100, 89),), 14.4, 7),
    Thing("Linen apron with deep pockets", "tote", C, 159, 99, 110, ((80, 99),), 14.2, 7),
)
IN_REVIEW = (
    Thing("Three-legged oak stool", "stool", H, 349, 229, 210, ((150, 239), (220, 219)), 22, 7, P),
    Thing("Ribbed terracotta vase", "vase", H, 188, 119, 190, ((140, 119),), 21.5, 7),
    Thing("Walnut desk lamp, dimmable", "lamp", A, 320, 199, 120, ((90, 199),), 22, 7),
)
ALSO_IN_REVIEW = (
    Thing("Milk pan with a pouring lip", "pot4", H, 159, 95, 60, ((45, 95),), 21.8, 7),
    Thing("Bread bag, waxed linen", "tote", H, 99, 59, 64, ((50, 59),), 21.7, 7),
)
# Chosen, and given an hour of the coming days one after another.
COMING = (
    Thing("Glazed supper bowls, set of two", "teaset", H, 168, 99, 48, ((40, 99),), 28.05, 7),
    Thing("Rice cooker for one, 0.8 L", "cooker", A, 239, 149, 44, ((36, 149),), 28.04, 7),
    Thing("Ribbed wool socks, three pairs", "knit", C, 119, 69, 52, ((40, 69),), 28.03, 7),
    Thing("Orchard honey, 2 × 350 g", "honey", F, 108, 65, 46, ((38, 65),), 28.02, 7),
    Thing("Market tote with long handles", "tote", B, 139, 79, 50, ((40, 79),), 28.01, 7),
)
LAUNCHING = (
    Thing("Cold-brew kettle with steel filter", "kettle", H, 229, 139, 130, ((100, 139),), 28.3, 7),
    Thing("Garden clogs, recycled foam", "clogs", B, 129, 79, 160, ((120, 79),), 28.2, 7),
    Thing("Travel watch with two time zones", "watch", D, 699, 399, 70, ((50, 399),), 28.1, 7),
    Thing("Foldable city backpack", "backpack", B, 199, 119, 110, ((80, 119),), 28, 7),
)
PAST = (
    Thing("Quiet bedroom fan", "fan", A, 259, 159, 120, ((90, 159),), 35.3, 7),
    Thing("Acacia honey, 1 kg", "honey", F, 139, 79, 180, ((140, 79),), 35.2, 7),
    Thing("Brass reading glasses", "sunglasses", D, 219, 129, 44, ((40, 129),), 35, 7, poor_cards=True),
)
VOUCHERS = (
    Thing("Supper for two at the lakeside kitchen", "teaset", F, 398, 228, 60, ((40, 228),), 35.1, 7,
          fulfilment=Fulfilment.VOUCHER, summary="Four courses from what the lake and the garden give that day."),
)  # fmt: skip
COLLECTED = (
    Thing("Mountain oranges, a crate of 8 kg", "mandarin", F, 128, 72, 50, ((35, 72),), 35.15, 7,
          fulfilment=Fulfilment.COLLECTED, summary="Picked in the morning; you collect your crate at the market hall."),
)  # fmt: skip
# Delivered weeks ago: of some the money has been paid out.
SETTLED = (
    Thing("Long-handled enamel ladle", "pot3", H, 149, 89, 44, ((34, 89),), 56.3, 7),
    Thing("Oak table for six, oiled", "stool", H, 4999, 3299, 24, ((17, 3299),), 56.2, 7),
    Thing("Cordless table lamp, brass", "lamp", A, 259, 169, 40, ((30, 169),), 56.1, 7),
)
EXPIRED = (Thing("Heated picnic blanket", "knit", C, 399, 149, 24, ((200, 149),), 21, 14),)
CANCELLED = (Thing("Folding electric bicycle", "headphones", A, 4999, 2999, 35, ((100, 2999),), 12, 14),)

WISHES = (
    (
        Thing("A quiet electric toothbrush without an app", "thermos", A, 199, 99, 0, ((200, 99),), 0, 14),
        "submitted",
    ),
    (
        Thing(
            "阳台种菜套装", "vase", H, 239, 129, 0, ((100, 129),), 0, 14, summary="土、盆、种子，一次到齐。"
        ),
        "submitted",
    ),
    (Thing("A bread knife that stays sharp", "kettle", H, 189, 109, 0, ((120, 109),), 0, 14), "draft"),
    (Thing("Sleeping pills, 60 pieces", "honey", F, 99, 59, 0, ((100, 59),), 0, 14), "rejected"),
)


def with_person(story: Story, person: int) -> Story:
    """The story with one more person, who comes early and would pay the first price and more."""
    first = story.draft.tiers[0].unit_price
    come = Arrival(person, timedelta(hours=20), 1, 0, min(first + 1000, story.draft.list_price))
    return replace(story, arrivals=sorted((*story.arrivals, come), key=lambda arrival: arrival.after))


def stories(things: Sequence[Thing], *, people: int, start: float, poor: int, random: Random) -> list[Story]:
    """The things as stories; `start` is how many days before now the clock begins."""
    return [_story(number, thing, people, start, poor, random) for number, thing in enumerate(things, 1)]


def draft_of(thing: Thing, pictures: Sequence[str]) -> CampaignDraft:
    """What its starter filled in."""
    return CampaignDraft(
        title=thing.title,
        summary=thing.summary or SUMMARY,
        description=thing.description or thing.summary or SUMMARY,
        category=thing.category,
        fulfilment=thing.fulfilment,
        pictures=pictures,
        list_price=thing.list_price * 100,
        list_price_basis="lowest price in the maker’s own shop in the last 30 days",
        expected_price=thing.expected * 100,
        threshold=thing.tiers[0][0],
        basis=thing.basis,
        tiers=tuple(Tier(quantity, price * 100) for quantity, price in thing.tiers),
        capacity=thing.capacity,
        close_rule=thing.close_rule,
        allocation=thing.allocation,
        options=[{"name": name, "values": list(values)} for name, values in thing.options],
        days_open=thing.days,
    )


def _story(number: int, thing: Thing, people: int, start: float, poor: int, random: Random) -> Story:
    joined = random.sample(range(people), thing.people)
    if thing.poor_cards:  # the last people of the crowd have poor cards
        joined = list(range(people - poor, people)) + random.sample(range(people - poor), thing.people - poor)
    item = Item(number, tuple(joined))
    span = timedelta(days=min(thing.days, thing.opened) - 0.05)
    pace = PACES[number % len(PACES)] if thing in OPEN else 0.8
    times = sorted(random.random() ** pace for _person in joined)
    opens = timedelta(days=start - thing.opened)
    hours = Random(f"hours of {number}")
    whens = sorted(_awake(span * at, opens, span, hours) for at in times)
    arrivals = [_arrival(thing, person, at, random) for person, at in zip(joined, whens, strict=True)]
    pictures = [f"demo/{name}" for name in (thing.picture, *thing.pictures)]
    draft = draft_of(thing, pictures)
    return Story(item, draft, thing.origin, opens, arrivals)


def _awake(after: timedelta, opens: timedelta, span: timedelta, random: Random) -> timedelta:
    """Who would come in the small hours sleeps, and mostly comes in the evening instead; the clock begins at 14:00."""
    hour = (FIRST_HOUR + (opens + after) / timedelta(hours=1)) % 24
    later = after + timedelta(hours=random.choice((8, 12, 17, 18)))
    return later if 1 <= hour < 7 and later < span and random.random() < 0.9 else after


def _arrival(thing: Thing, person: int, after: timedelta, random: Random) -> Arrival:
    """Most would pay the first price, some only a lower one, some a little more."""
    first = thing.tiers[0][1] * 100
    prices = [price * 100 for _quantity, price in thing.tiers]
    lower = prices[-1] if len(prices) > 1 else thing.expected * 95
    wishes = (first, random.choice(prices), lower, first + random.randrange(5, 40) * 100)
    ceiling = random.choices(wishes, (50, 22, 10, 18))[0]
    return Arrival(
        person=person,
        after=after,
        quantity=random.choices((1, 2, 3), (88, 9, 3))[0],
        tolerance=random.choices((0, 1), (94, 6))[0],
        ceiling=min(ceiling, thing.list_price * 100),
    )
