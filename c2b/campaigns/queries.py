"""What pages and other features read about campaigns, each in a fixed number of statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from c2b.campaigns.cards import (
    PER_PAGE,
    CardPage,
    CardView,
    card_of,
    cards,
    cards_of,
    counts_by_category,
    curves,
    featured,
    marked,
    nearest_id,
    neighbours,
    similar,
    takes_pledges,
)
from c2b.campaigns.closing import campaigns_to_close, campaigns_to_warm
from c2b.campaigns.closing import curve_of as demand
from c2b.campaigns.models import Campaign, Follow, Pledge
from c2b.campaigns.order import SORTS, Place, place_asked
from c2b.campaigns.page import PageView, TierView, page_view
from c2b.campaigns.progress import progress
from c2b.campaigns.search import search
from c2b.campaigns.states import PUBLIC, STANDING, PledgeState
from c2b.campaigns.telling import audience, campaigns_closing_soon, campaigns_to_tell
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.core.rows import among
from c2b.demand.curve import Wanted

__all__ = [
    "PER_PAGE", "SORTS", "CardPage", "CardView", "MyPledge", "PageView", "Place", "Stats", "TierView",
    "active_wanted", "audience", "brought_by", "campaign_by_slug", "campaigns_closing_soon",
    "campaigns_to_close", "campaigns_to_tell", "campaigns_to_warm", "cards", "cards_of", "counts_by_category",
    "demand", "featured", "marked", "my_follows", "my_pledge", "my_pledges", "my_wishes", "nearest_id",
    "neighbours", "page_view", "place_asked", "pledged_by", "public_stats", "search", "similar", "terms_hash",
    "visible_to",
]  # fmt: skip


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


def active_wanted(campaign_id: int) -> list[Wanted]:
    """The active pledges in order of arrival; the key is the pledge's id."""
    rows = db.session.execute(
        select(Pledge.id, Pledge.quantity, Pledge.ceiling, Pledge.tolerance)
        .where(Pledge.campaign_id == campaign_id, Pledge.state == PledgeState.ACTIVE)
        .order_by(Pledge.placed_at, Pledge.id)
    )
    return [Wanted(id_, quantity, ceiling, tolerance) for id_, quantity, ceiling, tolerance in rows]


def campaign_by_slug(slug: str) -> Campaign:
    """The campaign, or NotFound. Who may see it is for `visible_to`."""
    campaign = db.session.scalar(select(Campaign).where(Campaign.slug == slug))
    if campaign is None:
        raise NotFound
    return campaign


def visible_to(campaign: Campaign, user_id: int | None, *, operator: bool = False) -> bool:
    """Whether this person may open its page: everyone once it is public, before that its starter and operators.

    One that was cancelled before it opened never was public.
    """
    public = campaign.state in PUBLIC and campaign.opened_at is not None
    return public or operator or (user_id is not None and user_id == campaign.starter_id)


def my_pledge(campaign_id: int, user_id: int) -> Pledge | None:
    """This person's standing pledge to the campaign, else their last one."""
    mine = select(Pledge).where(Pledge.campaign_id == campaign_id, Pledge.shopper_id == user_id)
    standing = case((Pledge.state.in_(STANDING), 0), else_=1)
    return db.session.scalars(mine.order_by(standing, Pledge.id.desc()).limit(1)).first()


def my_pledges(user_id: int, *, now: datetime, limit: int = 200) -> list[MyPledge]:
    """All pledges of a person, newest first."""
    rows = db.session.execute(
        select(Pledge, Campaign)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(Pledge.shopper_id == user_id)
        .order_by(Pledge.placed_at.desc(), Pledge.id.desc())
        .limit(limit)
    ).all()
    demands = curves(sorted({campaign.id for _pledge, campaign in rows}))
    mine = []
    for pledge, campaign in rows:
        made = progress(campaign, demands[campaign.id])
        card = card_of(campaign, made, joined=pledge.state in STANDING, now=now)
        mine.append(MyPledge(pledge, card, campaign, made.price_now))
    return mine


def my_wishes(user_id: int, *, limit: int = 200) -> Sequence[Campaign]:
    """Campaigns that a person started, newest first."""
    mine = select(Campaign).where(Campaign.starter_id == user_id).order_by(Campaign.id.desc())
    return db.session.scalars(mine.limit(limit)).all()


def my_follows(user_id: int, *, now: datetime, limit: int = 200) -> list[CardView]:
    """Campaigns that a person follows, the latest first."""
    followed = select(Campaign).join(Follow).where(Follow.user_id == user_id).order_by(Follow.id.desc())
    return cards_of(db.session.scalars(followed.limit(limit)).all(), now=now, user_id=user_id)


def public_stats(now: datetime) -> Stats:
    """How many people wait for something, and how many campaigns take pledges."""
    people, count = db.session.execute(
        select(func.coalesce(func.sum(Campaign.people), 0), func.count()).where(takes_pledges(now))
    ).one()
    return Stats(int(people), int(count))


def brought_by(campaign_id: int, user_id: int | None) -> int:
    """How many people stand here because of this person's link."""
    if user_id is None:
        return 0
    count = select(func.count()).where(
        Pledge.campaign_id == campaign_id, Pledge.brought_by == user_id, Pledge.state.in_(STANDING)
    )
    return db.session.scalar(count) or 0


def pledged_by(campaign_id: int, user_ids: Collection[int]) -> set[int]:
    """Which of these people have a standing pledge here; a firm whose people do cannot supply the campaign."""
    standing = select(Pledge.shopper_id).where(
        Pledge.campaign_id == campaign_id, Pledge.state.in_(STANDING), among(Pledge.shopper_id, user_ids)
    )
    return set(db.session.scalars(standing))
