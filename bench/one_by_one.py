"""The plain way to close a campaign, each in a transaction of its own: the yardstick of closing by set."""

from datetime import datetime

from c2b.campaigns.closing import clears_by_demand, curve_of
from c2b.campaigns.fulfilling import release_all
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import TAKES_PLEDGES, CampaignState
from c2b.campaigns.telling import audience, tell
from c2b.campaigns.tipping import stop_taking
from c2b.core.db import db, lock
from c2b.core.states import move

C = CampaignState


def close_campaign(campaign_id: int, *, now: datetime) -> None:
    """End a campaign whose time is up, record by record; leaves the same rows as `close_campaigns`."""
    campaign = lock(Campaign, campaign_id)
    if campaign.state not in TAKES_PLEDGES or campaign.closes_at is None or now <= campaign.closes_at:
        return
    if campaign.state == C.OPEN:
        cleared = clears_by_demand(campaign, curve_of(campaign_id))
        if cleared is None:
            _expire(campaign, now)
            return
        campaign.tip_by_demand = True
        campaign.tipped_at = campaign.closes_at
        move(campaign, C.TIPPED, by=None, now=now, unit_price=cleared.unit_price, units=cleared.units)
    stop_taking(campaign, at=campaign.closes_at, now=now)
    db.session.flush()


def _expire(campaign: Campaign, now: datetime) -> None:
    campaign.closed_at = campaign.closes_at
    move(campaign, C.EXPIRED, by=None, now=now, counted_units=campaign.counted_units)
    people = audience(campaign.id)
    release_all(campaign.id, by=None, now=now)
    tell(campaign, "campaign_expired", people, now=now)
