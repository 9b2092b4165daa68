"""The moment when a campaign tips, and the moment when it stops taking pledges."""

from datetime import datetime

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState, CloseRule
from c2b.core.states import move

C = CampaignState


def tip(campaign: Campaign, pledge_id: int, *, by: int | None, counted: int, now: datetime) -> None:
    """The campaign tips by this one pledge; its diary names it. The caller holds the campaign's lock."""
    campaign.tipped_at = now
    move(campaign, C.TIPPED, by=by, now=now, pledge=pledge_id, counted=counted, threshold=campaign.threshold)


def close_early(campaign: Campaign, *, now: datetime) -> None:
    """Stop taking pledges where the close rule says so: at once on tipping, or when the last unit is taken."""
    full = campaign.capacity is not None and campaign.units >= campaign.capacity
    at_once = campaign.close_rule == CloseRule.TIPS
    if campaign.state == C.TIPPED and (at_once or (campaign.close_rule == CloseRule.FULL and full)):
        stop_taking(campaign, at=now, now=now)


def stop_taking(campaign: Campaign, *, at: datetime, now: datetime) -> None:
    """A tipped campaign takes no more pledges since `at`, and looks for a merchant."""
    campaign.closed_at = at
    move(campaign, C.SOURCING, by=None, now=now)
