"""Who must send a sample and what is looked at, as data. Pure."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from c2b.campaigns.categories import Category
from c2b.campaigns.states import Fulfilment
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.merchants.states import Grade

# What people put on their skin, eat, or plug in can hurt them: a sample is always asked for.
ALWAYS = frozenset({Category.FOOD, Category.APPLIANCES})
FEW_LAUNCHES = 3  # kept promises after which an advanced merchant is sampled less
ONE_IN = 4  # of the other offers of an advanced merchant


@dataclass(frozen=True)
class Item:
    """One thing to look at."""

    key: str
    msgid: str


COMMON = (
    Item("as_described", _l("It is what the offer describes")),
    Item("as_pictured", _l("It looks like the pictures")),
    Item("complete", _l("Nothing is missing, manual included")),
    Item("sound", _l("No damage, no sharp smell")),
    Item("packed", _l("The packing survives the post")),
)
BY_CATEGORY: dict[Category, tuple[Item, ...]] = {
    Category.FOOD: (
        Item("date", _l("Best before date is at least half of the shelf life away")),
        Item("label", _l("Ingredients and maker are on the label")),
        Item("taste", _l("Smell and taste are as they should be")),
    ),
    Category.APPLIANCES: (
        Item("plug", _l("Plug and rating plate are right for the regions")),
        Item("runs", _l("It runs for ten minutes without heat or noise")),
        Item("mark", _l("The safety mark is on the device")),
    ),
    Category.CLOTHING: (
        Item("size", _l("Measured sizes match the size table")),
        Item("seams", _l("Seams hold, colours do not rub off")),
    ),
    Category.FASHION: (Item("finish", _l("Finish and clasps are clean")),),
    Category.BAGS: (
        Item("seams", _l("Seams hold, colours do not rub off")),
        Item("load", _l("Handles or soles hold the stated load")),
    ),
    Category.HOME: (
        Item("weight", _l("Weight is within a twentieth of what is stated")),
        Item("load", _l("It stands firm under the stated load")),
    ),
}


def checklist(category: Category) -> tuple[Item, ...]:
    """What the sample room looks at for goods of this category."""
    return COMMON + BY_CATEGORY.get(category, ())


WHYS: dict[str, tuple[str, dict[str, int]]] = {
    "category": (_l("Goods of the category “%(category)s” are always looked at."), {}),
    "broken": (_l("This merchant has broken a promise before."), {}),
    "basic": (_l("The merchant has basic certification."), {}),
    "few": (
        _l("The merchant has kept fewer than %(count)s launches so far."),
        {"count": FEW_LAUNCHES},
    ),
    "one_in": (_l("One offer in %(count)s of a proven merchant is looked at."), {"count": ONE_IN}),
}


def why_in_words(why: str, category: str) -> str:
    """Why a sample was asked for, in the reader's language; what somebody wrote themselves stays as it is."""
    if why not in WHYS:
        return _(why) if why else ""
    sentence, values = WHYS[why]
    return _(sentence, category=Category(category).label, **values)


def why_sample(offer: Any) -> str | None:
    """Why a sample is asked for, a key of WHYS; None where none is needed. The same for the same offer, always."""
    campaign, merchant = offer.campaign, offer.merchant
    if campaign.fulfilment == Fulfilment.VOUCHER:
        return None
    if campaign.category in ALWAYS:
        return "category"
    if merchant.broken:
        return "broken"
    if merchant.grade != Grade.ADVANCED:
        return "basic"
    if merchant.kept < FEW_LAUNCHES:
        return "few"
    if int(sha256(f"sample:{offer.id}".encode()).hexdigest(), 16) % ONE_IN == 0:
        return "one_in"
    return None


def why_none(offer: Any) -> str:
    """Why no sample is asked for, in words."""
    if offer.campaign.fulfilment == Fulfilment.VOUCHER:
        return _("A voucher has nothing to look at.")
    return _("The merchant has advanced certification and a clean record.")


def why_not_send(carrier: str, tracking: str) -> str | None:
    """A parcel on its way can be followed."""
    if not carrier.strip() or not tracking.strip():
        return _("Enter the carrier and the tracking number.")
    return None
