"""What the firms of a replay would offer, and where they go wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from c2b.campaigns.categories import Category
from c2b.demand.curve import Tier
from c2b.pipeline.offer_rules import short_title
from c2b.pipeline.offers import OfferDraft
from c2b.replay.invention import Story
from c2b.replay.materials import Pictures

CERTIFICATES = {Category.FOOD: "food_licence", Category.APPLIANCES: "ccc"}


@dataclass(frozen=True, slots=True)
class Firm:
    """A certified firm and the person who acts for it."""

    merchant_id: int
    owner_id: int
    offers: bool = True  # for what it likes; otherwise only for what it is told to


class Flaw(StrEnum):
    """What is wrong with an offer at first."""

    NONE = "none"
    PAPERS = "papers"  # the certificate is missing
    LIST_PRICE = "list_price"  # a list price that nobody ever paid
    BANNED = "banned"  # words that are not allowed: rejected for good
    DEAR = "dear"  # above what shoppers pledged


@dataclass(frozen=True, slots=True)
class Plan:
    """One firm's offer for one campaign, and what will become of its goods."""

    firm: Firm
    tiers: tuple[Tier, ...]
    maximum: int | None
    flaw: Flaw
    mends: bool
    sends: bool  # a sample
    good: bool  # the sample is
    pleases: bool  # the reviewers

    def draft(self, story: Story, pictures: Pictures, papers: str, *, mended: bool) -> OfferDraft:
        """What the firm fills in; `mended`: after it was told what is wrong."""
        flaw = Flaw.NONE if mended else self.flaw
        wish = story.draft
        certificate = CERTIFICATES.get(wish.category)
        draft = OfferDraft(
            title=short_title(wish.title),
            selling_line="Made to order for everyone who joined.",
            list_price=wish.list_price,
            lowest_price_7_days=wish.list_price,
            tiers=self.tiers,
            minimum=self.tiers[0].from_quantity,
            maximum=self.maximum,
            per_shopper=wish.per_shopper,
            lead_days=20,
            options=wish.options,
            pictures=[
                pictures(next(iter(wish.pictures), ""), story.item.number * 100 + self.firm.merchant_id)
            ],
            certificates=[{"file": papers, "name": "certificate.pdf", "kind": certificate}]
            if certificate
            else [],
            origin="CN",
            hs_code="732393",
            regions=["CN"],
        )
        if flaw == Flaw.PAPERS:
            return replace(draft, certificates=[])
        if flaw == Flaw.LIST_PRICE:
            return replace(draft, lowest_price_7_days=wish.list_price * 8 // 10)
        if flaw == Flaw.BANNED:
            return replace(draft, selling_line="Original replica, first-copy quality.")
        if flaw == Flaw.DEAR:
            return replace(draft, tiers=(Tier(self.tiers[0].from_quantity, wish.list_price * 99 // 100),))
        return draft


def plans_for(story: Story, firms: Sequence[Firm], random: Random, *, attempt: int) -> list[Plan]:
    """Who offers for this campaign: nobody for one in twenty at first, else one to three firms."""
    how_many = random.choices((0, 1, 2, 3), (5, 45, 35, 15) if attempt == 1 else (50, 40, 10, 0))[0]
    return [
        _plan(story, firm, random)
        for firm in random.sample([firm for firm in firms if firm.offers], how_many)
    ]


def own_plan(story: Story, firm: Firm, random: Random) -> Plan:
    """The offer that a merchant's own campaign carries from its start: its ladder, nothing wrong with it."""
    return replace(_plan(story, firm, random), tiers=tuple(story.draft.tiers), maximum=story.draft.capacity,
                   flaw=Flaw.NONE)  # fmt: skip


def sound_plan(story: Story, firm: Firm, random: Random, *, sends: bool, short: bool = False) -> Plan:
    """An offer that nobody can say anything against, for a demo."""
    plan = _plan(story, firm, random)
    least = max(plan.tiers[-1].from_quantity, story.draft.tiers[0].from_quantity)
    return replace(
        plan,
        maximum=least if short else None,
        flaw=Flaw.NONE,
        mends=True,
        sends=sends,
        good=True,
        pleases=True,
    )


def _plan(story: Story, firm: Firm, random: Random) -> Plan:
    wish = story.draft
    first = wish.tiers[0]
    share = random.uniform(0.86, 1.0)
    minimum = max(1, round(first.from_quantity * random.uniform(0.6, 0.95)))
    ladder = [
        Tier(minimum, max(1, round(first.unit_price * share) // 100 * 100)),
        Tier(minimum * 3 // 2 + 1, max(1, round(first.unit_price * share * 0.94) // 100 * 100)),
    ]
    if ladder[1].unit_price >= ladder[0].unit_price:
        ladder.pop()
    wanted = sum(arrival.quantity for arrival in story.arrivals)
    least = max(minimum, first.from_quantity)
    maximum = random.choices(
        (None, max(least, round(wanted * 0.8)), round(wanted * 1.3) + least), (40, 25, 35)
    )[0]
    if maximum is not None:
        ladder = [tier for tier in ladder if tier.from_quantity <= maximum]
    return Plan(
        firm=firm,
        tiers=tuple(ladder),
        maximum=maximum,
        flaw=random.choices(list(Flaw), (78, 7, 7, 3, 5))[0],
        mends=random.random() < 0.9,
        sends=random.random() < 0.95,
        good=random.random() < 0.93,
        pleases=random.random() < 0.92,
    )
