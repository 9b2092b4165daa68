"""What can be done with a campaign, one function per verb. None commits."""

from datetime import datetime
from typing import Any

from c2b.campaigns.closing import close_campaign
from c2b.campaigns.models import Campaign
from c2b.campaigns.pledging import (
    Answer,
    PledgeChange,
    PledgeRequest,
    change_pledge,
    place_late,
    place_pledge,
    place_pledges,
    release_pledges,
    set_aside,
    withdraw_pledge,
)
from c2b.campaigns.rules import CampaignDraft
from c2b.campaigns.states import CampaignState, Origin

__all__ = [
    "Answer",
    "CampaignDraft",
    "PledgeChange",
    "PledgeRequest",
    "change_pledge",
    "close_campaign",
    "place_late",
    "place_pledge",
    "place_pledges",
    "release_pledges",
    "set_aside",
    "withdraw_pledge",
]


def start_campaign(
    draft: CampaignDraft, *, starter_id: int, origin: Origin, merchant_id: int | None = None, now: datetime
) -> Campaign:
    """A new draft with its slug and tiers; Refused where prices or quantities make no sense."""
    raise NotImplementedError


def change_campaign(campaign_id: int, draft: CampaignDraft, *, by: int, now: datetime) -> Campaign:
    """Replace a draft's fields; NotFound where it is somebody else's."""
    raise NotImplementedError


def submit_campaign(campaign_id: int, *, by: int, now: datetime) -> Campaign:
    """Hand a complete draft in for a look."""
    raise NotImplementedError


def approve_campaign(campaign_id: int, *, by: int | None, now: datetime) -> Campaign:
    """Open a submitted campaign; it closes `days_open` days from now."""
    raise NotImplementedError


def reject_campaign(campaign_id: int, reason: str, *, by: int, now: datetime) -> Campaign:
    """Turn a submitted campaign down, with a reason for its starter."""
    raise NotImplementedError


def send_back(campaign_id: int, reason: str, *, by: int, now: datetime) -> Campaign:
    """Make a submitted campaign a draft again, so that its starter can mend it."""
    raise NotImplementedError


def cancel_campaign(campaign_id: int, reason: str, *, by: int | None, now: datetime) -> Campaign:
    """Call a campaign off: operators until it is live, its starter until it tips. Everyone is released and told."""
    raise NotImplementedError


def advance(
    campaign_id: int,
    new_state: CampaignState,
    *,
    by: int | None,
    now: datetime,
    merchant_id: int | None = None,
    **data: Any,
) -> Campaign:
    """Take a campaign on its way after closing; for pipeline and orders. `merchant_id` names who won it."""
    raise NotImplementedError


def fail_campaign(campaign_id: int, reason: str, *, by: int | None, now: datetime) -> Campaign:
    """Give a campaign up: active and allocated pledges are released, and everyone is told that nothing was charged."""
    raise NotImplementedError


def follow(campaign_id: int, user_id: int, *, now: datetime) -> None:
    """Hear of a campaign without a pledge; twice is once."""
    raise NotImplementedError


def unfollow(campaign_id: int, user_id: int) -> None:
    """No longer hear of it."""
    raise NotImplementedError
