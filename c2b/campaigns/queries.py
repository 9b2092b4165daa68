"""What pages and other features read about campaigns, each in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from c2b.campaigns.categories import Category
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.rules import Refusal
from c2b.campaigns.states import Origin
from c2b.demand.curve import Curve, Point, Wanted

PER_PAGE = 28
SORTS = ("hot", "near", "ending", "new")


@dataclass(frozen=True, slots=True)
class CardView:
    """One campaign in a list, as templates/macros/campaigns.html shows it."""

    id: int
    slug: str
    title: str
    picture: str | None
    category: Category
    currency: str
    expected_price: int
    list_price: int
    want_count: int
    heat: int  # 1 to 5
    percent: int  # 0 to 100, to the next price
    state_label: str  # open, near, on, closed, scheduled
    closes_at: datetime | None
    next_missing: int | None
    next_price: int | None
    joined: bool


@dataclass(frozen=True, slots=True)
class CardPage:
    """One page of cards. There is a next page where `has_next`; nothing is counted."""

    cards: list[CardView]
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class TierView:
    """One price tier on a campaign's page: done, cur (you are here) or empty."""

    from_quantity: int
    price: int
    currency: str
    state: str
    missing: int
    percent: int  # where its tick stands on the heat bar
    note: str = ""


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything that a campaign's page shows to one person."""

    campaign: Campaign
    card: CardView
    tiers: list[TierView]
    price_now: int | None  # what everyone would pay if it closed now; None while too few joined
    next_price: int | None
    next_missing: int | None
    basis_label: str
    curve: Sequence[Point]  # in groups large enough to hide a person
    heat_reasons: list[str]
    happens: list[tuple[str, str]]  # (icon, sentence): what happens when
    terms: str  # the hash for the form
    starter: str
    my_pledge: Pledge | None  # standing
    following: bool
    units_left: int | None
    why_not: Refusal | None  # why this person cannot join; None for visitors where it is open
    why_not_change: Refusal | None
    why_not_withdraw: Refusal | None


@dataclass(frozen=True, slots=True)
class MyPledge:
    """One of my pledges with its campaign."""

    pledge: Pledge
    card: CardView
    campaign: Campaign
    price_now: int | None


@dataclass(frozen=True, slots=True)
class Stats:
    """What the front page says of the whole site."""

    people_waiting: int
    open_campaigns: int


def demand(campaign_id: int) -> Curve:
    """The demand curve of the campaign's active pledges (after closing: as it stood then)."""
    raise NotImplementedError


def active_wanted(campaign_id: int) -> list[Wanted]:
    """The active pledges in order of arrival; the key is the pledge's id."""
    raise NotImplementedError


def campaign_by_slug(slug: str) -> Campaign:
    """The campaign, or NotFound. Who may see it is for `visible_to`."""
    raise NotImplementedError


def visible_to(campaign: Campaign, user_id: int | None, *, operator: bool = False) -> bool:
    """Whether this person may open its page: everyone once it is public, before that its starter and operators."""
    raise NotImplementedError


def cards(
    *,
    now: datetime,
    category: Category | None = None,
    sort: str = "hot",
    q: str = "",
    origin: Origin | None = None,
    page: int = 1,
    per_page: int = PER_PAGE,
    user_id: int | None = None,
) -> CardPage:
    """Campaigns that take pledges (with `q`: all public ones that match), as cards."""
    raise NotImplementedError


def cards_of(campaigns: Sequence[Campaign], *, now: datetime, user_id: int | None = None) -> list[CardView]:
    """Cards for these campaigns, in their order."""
    raise NotImplementedError


def counts_by_category(now: datetime, origin: Origin | None = None) -> dict[Category, int]:
    """How many campaigns take pledges in each category; every category is a key."""
    raise NotImplementedError


def featured(now: datetime, user_id: int | None = None) -> CardView | None:
    """The open campaign that is nearest to its threshold."""
    raise NotImplementedError


def similar(campaign: Campaign, *, now: datetime, limit: int = 4, user_id: int | None = None) -> list[CardView]:
    """Others of the same category that take pledges, hottest first."""
    raise NotImplementedError


def page_view(campaign: Campaign, user_id: int | None, *, now: datetime) -> PageView:
    """Everything the campaign page shows to this person; None is a visitor."""
    raise NotImplementedError


def my_pledge(campaign_id: int, user_id: int) -> Pledge | None:
    """This person's standing pledge to the campaign, else their last one."""
    raise NotImplementedError


def my_pledges(user_id: int, *, now: datetime, limit: int = 200) -> list[MyPledge]:
    """All pledges of a person, newest first."""
    raise NotImplementedError


def my_wishes(user_id: int, *, limit: int = 200) -> Sequence[Campaign]:
    """Campaigns that a person started, newest first."""
    raise NotImplementedError


def my_follows(user_id: int, *, now: datetime, limit: int = 200) -> list[CardView]:
    """Campaigns that a person follows."""
    raise NotImplementedError


def moderation_queue(limit: int = 200) -> Sequence[Campaign]:
    """Campaigns that wait for a look, longest first."""
    raise NotImplementedError


def public_stats(now: datetime) -> Stats:
    """How many people wait for something, and how many campaigns take pledges."""
    raise NotImplementedError
