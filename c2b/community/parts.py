"""What this feature shows on a campaign's own page, and the ladder of the offer that was chosen."""

from datetime import datetime
from typing import Any

from flask import Flask

from c2b.campaigns.hooks import add_part
from c2b.campaigns.models import Campaign
from c2b.campaigns.rules import NOT_YET_PUBLIC
from c2b.campaigns.states import CampaignState
from c2b.community import queries
from c2b.community.makers import badge_of
from c2b.community.states import Badge
from c2b.core.db import db
from c2b.pipeline.models import Offer
from c2b.pipeline.queries import award_of

S = CampaignState
AWARDED = (S.AWARDED, S.SCHEDULED, S.LIVE, S.COMPLETED)
SHOWN = {"news": 2, "questions": 2, "comments": 3}


def what_is_said(campaign: Campaign, user_id: int | None, _now: datetime) -> dict[str, Any]:
    """The newest updates, answers and comments, and how many there are."""
    if campaign.state in NOT_YET_PUBLIC or campaign.opened_at is None:
        return {}
    news = queries.news_of(campaign.id).first(SHOWN["news"])
    questions = queries.questions_of(campaign.id, None, speaks=False).first(SHOWN["questions"])
    comments = queries.comments_of(campaign.id).first(SHOWN["comments"])
    return {
        "community": {
            "counts": queries.counts_of(campaign.id),
            "news": queries.said_news(news),
            "questions": queries.said_questions(questions, None),
            "comments": queries.said_comments(campaign.id, comments, user_id),
            "speaks": badge_of(campaign, user_id) is not Badge.NONE,
        }
    }


def chosen_tiers(campaign: Campaign, _user_id: int | None, _now: datetime) -> dict[str, Any]:
    """The chosen offer's price tiers, as (from units, price): they hold now, not those of the wish."""
    award = award_of(campaign.id) if campaign.state in AWARDED else None
    offer = db.session.get(Offer, award.offer_id) if award else None
    if offer is None:
        return {}
    return {"tiers": [(tier.from_quantity, tier.unit_price) for tier in offer.tiers]}


def register(app: Flask) -> None:
    """Add these to every campaign's page, and what templates ask about follows and reports."""
    add_part(what_is_said)
    add_part(chosen_tiers)
    app.jinja_env.globals.update(
        follows_merchant=queries.follows_merchant,
        followed_merchants=queries.followed_merchants,
        open_reports=queries.open_reports,
    )
