"""Campaigns as cards: lists of them, in a fixed number of statements however long the list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from c2b.campaigns.categories import Category
from c2b.campaigns.models import Campaign, DemandPoint, Pledge
from c2b.campaigns.order import NEARNESS, Key, Place, order_of, ordered, page_of
from c2b.campaigns.progress import Progress, progress
from c2b.campaigns.search import matches
from c2b.campaigns.states import PUBLIC, STANDING, TAKES_PLEDGES, Basis, CampaignState, Origin
from c2b.core.db import db
from c2b.demand.curve import Curve

PER_PAGE = 28
NEARLY = 80  # percent of the threshold
MOST_PAGES, COUNTED_PAGES = 10_000, 20
C = CampaignState


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
    counts: Basis = Basis.UNITS  # what is missing: units, or people


@dataclass(frozen=True, slots=True)
class CardPage:
    """One page of cards. There is a next page where `has_next`; nothing is counted."""

    cards: list[CardView]
    page: int
    has_next: bool
    begin: str = ""  # the places of its first and its last card
    end: str = ""


def curves(campaign_ids: Sequence[int]) -> dict[int, Curve]:
    """The demand curves of many campaigns, in one statement; one without pledges has an empty curve."""
    rows = db.session.execute(
        select(
            DemandPoint.campaign_id,
            DemandPoint.ceiling,
            DemandPoint.units,
            DemandPoint.tolerance,
            DemandPoint.people,
        ).where(DemandPoint.campaign_id.in_(campaign_ids), DemandPoint.people > 0)
    )
    points: dict[int, list[tuple[int, int, int, int]]] = {id_: [] for id_ in campaign_ids}
    for campaign_id, *point in rows:
        points[campaign_id].append((point[0], point[1], point[2], point[3]))
    return {id_: Curve.from_groups(found) for id_, found in points.items()}


def cards_of(campaigns: Sequence[Campaign], *, now: datetime, user_id: int | None = None) -> list[CardView]:
    """Cards for these campaigns, in their order."""
    ids = [campaign.id for campaign in campaigns]
    demand, mine = curves(ids), _joined(ids, user_id)
    return [
        card_of(campaign, progress(campaign, demand[campaign.id]), joined=campaign.id in mine, now=now)
        for campaign in campaigns
    ]


def card_of(campaign: Campaign, made: Progress, *, joined: bool, now: datetime) -> CardView:
    """One card, from what is known already."""
    return CardView(
        id=campaign.id,
        slug=campaign.slug,
        title=campaign.title,
        picture=campaign.pictures[0] if campaign.pictures else None,
        category=campaign.category,
        currency=campaign.currency,
        expected_price=campaign.expected_price,
        list_price=campaign.list_price,
        want_count=campaign.people,
        heat=campaign.heat,
        percent=made.percent,
        state_label=state_label(campaign, made, now),
        closes_at=campaign.closes_at,
        next_missing=made.next_missing,
        next_price=made.next_price,
        joined=joined,
        counts=campaign.basis if campaign.tipped_at is None else Basis.UNITS,
    )


def state_label(campaign: Campaign, made: Progress, now: datetime) -> str:
    """The word for its badge; once its time is up it is closed, whatever the jobs have done so far."""
    if campaign.state == C.SCHEDULED:
        return "scheduled"
    over = campaign.closes_at is not None and now > campaign.closes_at
    if campaign.state not in (*TAKES_PLEDGES, C.DRAFT, C.SUBMITTED) or over:
        return "closed"
    if campaign.state == C.TIPPED:
        return "on"
    return "near" if made.percent >= NEARLY else "open"


def _joined(campaign_ids: Sequence[int], user_id: int | None) -> set[int]:
    if user_id is None or not campaign_ids:
        return set()
    standing = select(Pledge.campaign_id).where(
        Pledge.shopper_id == user_id, Pledge.campaign_id.in_(campaign_ids), Pledge.state.in_(STANDING)
    )
    return set(db.session.scalars(standing))


def marked(found: CardPage, user_id: int | None) -> CardPage:
    """The same page of cards with what this person has joined."""
    mine = _joined([card.id for card in found.cards], user_id)
    if not mine:
        return found
    return replace(found, cards=[replace(card, joined=card.id in mine) for card in found.cards])


def takes_pledges(now: datetime) -> ColumnElement[bool]:
    """The campaigns that can be joined now: by state and by clock."""
    return Campaign.state.in_(TAKES_PLEDGES) & (Campaign.closes_at >= now)


def cards(
    *,
    now: datetime,
    category: Category | None = None,
    sort: str = "hot",
    q: str = "",
    origin: Origin | None = None,
    page: int = 1,
    at: Place | None = None,
    per_page: int = PER_PAGE,
    user_id: int | None = None,
) -> CardPage:
    """Campaigns that take pledges (with `q`: all public ones that match, those that can be joined first)."""
    wanted, keys = select(Campaign), order_of(sort)
    if q.strip():
        condition = matches(q)
        if condition is None:
            return CardPage([], page, False)
        wanted = wanted.where(condition, Campaign.state.in_(PUBLIC))
        keys = [first_open(now), *keys]
    else:
        wanted = wanted.where(takes_pledges(now))
    if category is not None:
        wanted = wanted.where(Campaign.category == category)
    if origin is not None:
        wanted = wanted.where(Campaign.origin == origin)
    return card_page(wanted, keys, now=now, page=page, at=at, per_page=per_page, user_id=user_id)


def neighbours(found: CardPage) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What the addresses of the pages before and after this one say; None where there is none."""
    earlier = {"before": found.begin, "page": found.page - 1} if found.page > 2 and found.begin else {}
    later = {"after": found.end, "page": found.page + 1}
    return earlier if found.page > 1 else None, later if found.has_next else None


def first_open(now: datetime) -> Key:
    """Those that can be joined come first."""
    return Key(case((takes_pledges(now), 0), else_=1), down=False)


def card_page(
    wanted: Select[Any],
    keys: Sequence[Key],
    *,
    now: datetime,
    page: int,
    at: Place | None,
    per_page: int = PER_PAGE,
    user_id: int | None = None,
) -> CardPage:
    """A page of cards, begun at a place; an address that only names a number is found among the first pages."""
    page = min(max(page, 1), MOST_PAGES if at else COUNTED_PAGES)
    found = page_of(wanted, keys, at, per_page, skip=(page - 1) * per_page)
    back = at is not None and at.back
    return CardPage(
        cards_of(found.campaigns, now=now, user_id=user_id), page, back or found.more, found.begin, found.end
    )


def counts_by_category(now: datetime, origin: Origin | None = None) -> dict[Category, int]:
    """How many campaigns take pledges in each category; every category is a key."""
    wanted = select(Campaign.category, func.count()).where(takes_pledges(now)).group_by(Campaign.category)
    if origin is not None:
        wanted = wanted.where(Campaign.origin == origin)
    counted = dict(db.session.execute(wanted).all())
    return {category: counted.get(category, 0) for category in Category}


def nearest_id(now: datetime) -> int | None:
    """The open campaign that is nearest to its threshold."""
    wanted = select(Campaign.id).where(takes_pledges(now), Campaign.state == C.OPEN)
    return db.session.scalar(wanted.order_by(NEARNESS.desc(), Campaign.id.desc()).limit(1))


def featured(campaign_id: int | None, now: datetime) -> CardView | None:
    """The card of that campaign, if it can still be joined."""
    found = db.session.scalars(select(Campaign).where(Campaign.id == campaign_id, takes_pledges(now))).all()
    return next(iter(cards_of(found, now=now)), None)


def similar(
    campaign: Campaign, *, now: datetime, limit: int = 4, user_id: int | None = None
) -> list[CardView]:
    """Others of the same category that take pledges, hottest first."""
    wanted = select(Campaign).where(
        takes_pledges(now), Campaign.category == campaign.category, Campaign.id != campaign.id
    )
    found = db.session.scalars(ordered(wanted, order_of("hot")).limit(limit)).all()
    return cards_of(found, now=now, user_id=user_id)
