"""Telling those who follow, by a job: a maker's press must not wait for ten thousand notices."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select

from c2b.campaigns.closing import audience
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import TAKES_PLEDGES, Origin
from c2b.community.models import MerchantFollow, News
from c2b.core.db import db, get_or_404, lock
from c2b.core.events import Event, record
from c2b.core.outbox import notify_many
from c2b.merchants.models import Merchant

TOLD = "campaign.followers_told"
FRESH = timedelta(days=3)  # older ones are no news to who follows now


def news_to_tell(now: datetime) -> list[int]:
    """Updates whose readers were not told yet, oldest first."""
    del now
    waiting = select(News.id).where(News.told_at.is_(None), News.hidden_at.is_(None))
    return list(db.session.scalars(waiting.order_by(News.id)))


def tell_news(news_id: int, *, now: datetime) -> None:
    """Tell everyone who joined or follows of an update; once."""
    news = lock(News, news_id)
    if news.told_at is not None or news.hidden_at is not None:
        return
    news.told_at = now
    campaign = get_or_404(Campaign, news.campaign_id)
    about = {"title": campaign.title, "headline": news.title, "path": f"/c/{campaign.slug}/updates"}
    people = [user for user in audience(campaign.id) if user != news.author_id]
    notify_many("campaign_news", [(user, f"{news.id}:{user}", about) for user in people], now=now)


def starts_to_tell(now: datetime) -> list[int]:
    """Campaigns that a followed merchant has just started and whose followers were not told yet."""
    told = exists().where(Event.subject == "campaign", Event.subject_id == Campaign.id, Event.kind == TOLD)
    followed = exists().where(MerchantFollow.merchant_id == Campaign.merchant_id)
    fresh = select(Campaign.id).where(
        Campaign.origin == Origin.MERCHANT,
        Campaign.state.in_(TAKES_PLEDGES),
        Campaign.opened_at > now - FRESH,
        followed,
        ~told,
    )
    return list(db.session.scalars(fresh.order_by(Campaign.opened_at, Campaign.id)))


def tell_start(campaign_id: int, *, now: datetime) -> None:
    """Tell those who follow the merchant that it has started a campaign; once."""
    campaign = lock(Campaign, campaign_id)
    if campaign_id not in starts_to_tell(now) or campaign.merchant_id is None:
        return
    firm = get_or_404(Merchant, campaign.merchant_id)
    following = select(MerchantFollow.user_id).where(
        MerchantFollow.merchant_id == firm.id, MerchantFollow.at <= now
    )
    people = sorted(db.session.scalars(following))
    about = {"title": campaign.title, "firm": firm.name, "path": f"/c/{campaign.slug}"}
    notify_many("merchant_campaign", [(user, f"{campaign.id}:{user}", about) for user in people], now=now)
    record(campaign, TOLD, by=None, at=now, people=len(people))
