"""What can be done with a campaign, one function per verb. None commits."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from c2b.accounts.models import User
from c2b.campaigns import rules
from c2b.campaigns.closing import close_campaigns, refresh_heat
from c2b.campaigns.fulfilling import place_late, release_all, release_pledges, set_aside
from c2b.campaigns.hooks import stop_sale
from c2b.campaigns.models import Campaign, Follow, PriceTier
from c2b.campaigns.pledging import (
    Answer,
    change_pledge,
    place_pledge,
    place_pledges,
    withdraw_pledge,
)
from c2b.campaigns.requests import CampaignDraft, PledgeChange, PledgeRequest, obey
from c2b.campaigns.search import search_text
from c2b.campaigns.slugs import slug_for
from c2b.campaigns.states import CampaignState, Origin
from c2b.campaigns.telling import audience, remind_closing, tell, tell_tipped
from c2b.campaigns.terms import terms_of
from c2b.core.access import Role
from c2b.core.db import db, get_or_404, is_sqlite, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.events import record
from c2b.core.outbox import notify
from c2b.core.states import move
from c2b.core.text import gettext as _

__all__ = [
    "Answer", "CampaignDraft", "PledgeChange", "PledgeRequest", "change_pledge", "close_campaigns", "place_late",
    "place_pledge", "place_pledges", "refresh_heat", "release_all", "release_pledges", "remind_closing", "set_aside",
    "tell_tipped", "withdraw_pledge",
]  # fmt: skip

C = CampaignState
SAME = (
    "title", "category", "list_price", "expected_price", "threshold", "summary", "description", "fulfilment",
    "currency", "list_price_basis", "basis", "capacity", "per_shopper", "close_rule", "allocation", "days_open",
)  # fmt: skip


def start_campaign(
    draft: CampaignDraft, *, starter_id: int, origin: Origin, merchant_id: int | None = None, now: datetime
) -> Campaign:
    """A new draft with its slug and tiers; Refused where prices or quantities make no sense."""
    obey(rules.why_not_draft(draft))
    campaign = Campaign(
        slug=uuid4().hex,  # until its number is known
        origin=origin,
        starter_id=starter_id,
        merchant_id=merchant_id,
        created_at=now,
        state_since=now,
    )
    _fill(campaign, draft)
    db.session.add(campaign)
    db.session.flush()
    campaign.slug = slug_for(campaign.title, campaign.id)
    record(campaign, "campaign.started", by=starter_id, at=now)
    db.session.flush()
    return campaign


def change_campaign(campaign_id: int, draft: CampaignDraft, *, by: int, now: datetime) -> Campaign:
    """Replace a draft's fields; NotFound where it is somebody else's."""
    campaign = _lock_mine(campaign_id, by)
    obey(rules.why_not_edit(campaign) or rules.why_not_draft(draft))
    campaign.tiers.clear()
    db.session.flush()
    _fill(campaign, draft)
    campaign.slug = slug_for(campaign.title, campaign.id)
    record(campaign, "campaign.changed", by=by, at=now)
    db.session.flush()
    return campaign


def _fill(campaign: Campaign, draft: CampaignDraft) -> None:
    for name in SAME:
        setattr(campaign, name, getattr(draft, name))
    campaign.title = draft.title.strip()
    campaign.pictures = list(draft.pictures)
    campaign.picture_alts = {ref: words for ref, words in draft.picture_alts.items() if ref in draft.pictures}
    campaign.options = [dict(option) for option in draft.options]
    campaign.regions = list(draft.regions)
    campaign.tiers = [
        PriceTier(from_quantity=tier.from_quantity, unit_price=tier.unit_price)
        for tier in rules.tiers_of(draft)
    ]
    campaign.search_text = search_text(draft.title, draft.summary, draft.description)


def submit_campaign(campaign_id: int, *, by: int, now: datetime) -> Campaign:
    """Hand a complete draft in for a look; NotFound where it is somebody else's."""
    campaign = _lock_mine(campaign_id, by)
    obey(rules.why_not_submit(campaign))
    move(campaign, C.SUBMITTED, by=by, now=now)
    return campaign


def approve_campaign(campaign_id: int, *, by: int | None, now: datetime) -> Campaign:
    """Open a submitted campaign; it closes `days_open` days from now. Its terms go into the diary."""
    campaign = lock(Campaign, campaign_id)
    campaign.opened_at = now
    campaign.closes_at = now + timedelta(days=campaign.days_open)
    move(campaign, C.OPEN, by=by, now=now, terms=terms_of(campaign))
    _tell_starter(campaign, "campaign_approved", now, closes_at=campaign.closes_at.isoformat())
    return campaign


def reject_campaign(campaign_id: int, reason: str, *, by: int, now: datetime) -> Campaign:
    """Turn a submitted campaign down for good, with a reason for its starter."""
    campaign = lock(Campaign, campaign_id)
    campaign.reason = _given(reason)
    move(campaign, C.REJECTED, by=by, now=now, reason=campaign.reason)
    _tell_starter(campaign, "campaign_rejected", now, reason=campaign.reason, path="/me/wishes", final=True)
    return campaign


def send_back(campaign_id: int, reason: str, *, by: int, now: datetime) -> Campaign:
    """Make a submitted campaign a draft again, so that its starter can mend it."""
    campaign = lock(Campaign, campaign_id)
    campaign.reason = _given(reason)
    move(campaign, C.DRAFT, by=by, now=now, reason=campaign.reason)
    path = f"/w/{campaign.slug}/edit"
    _tell_starter(campaign, "campaign_rejected", now, reason=campaign.reason, path=path, final=False)
    return campaign


def cancel_campaign(campaign_id: int, reason: str, *, by: int | None, now: datetime) -> Campaign:
    """Call a campaign off: operators until it is completed, its starter until it tips. Everyone is told.

    Who only pledged is released at once. Once live, its sale stops at once and the goods that are set aside are let go
    when nothing is held on a card for them any more. `by` None is the clock, which may what operators may.
    NotFound for anybody else.
    """
    campaign = lock(Campaign, campaign_id)
    operator = by is None or get_or_404(User, by).has_role(Role.OPERATOR)
    if not operator and campaign.starter_id != by:
        raise NotFound
    obey(rules.why_not_cancel(campaign, operator=operator, starter=campaign.starter_id == by))
    campaign.reason = _given(reason)
    wound_up = campaign.state == C.LIVE and stop_sale(campaign.id, by, now)
    _end(campaign, C.CANCELLED, "campaign_cancelled", by=by, now=now, wound_up=wound_up)
    return campaign


def fail_campaign(campaign_id: int, reason: str, *, by: int | None, now: datetime) -> Campaign:
    """Give a campaign up: active and allocated pledges are released, everyone is told that nothing was charged."""
    campaign = lock(Campaign, campaign_id)
    campaign.reason = _given(reason)
    _end(campaign, C.FAILED, "campaign_failed", by=by, now=now)
    return campaign


def _end(
    campaign: Campaign,
    state: CampaignState,
    kind: str,
    *,
    by: int | None,
    now: datetime,
    wound_up: bool = False,
) -> None:
    """Its last state, with everyone released; who it was for is asked before they are.

    Where its sale is wound up, goods that are set aside are let go later, when no card holds money for them any more.
    """
    people = {*audience(campaign.id), campaign.starter_id}
    if campaign.opened_at is not None and campaign.closed_at is None:
        campaign.closed_at = now
    move(campaign, state, by=by, now=now, reason=campaign.reason)
    if not wound_up:
        release_all(campaign.id, by=by, now=now)
    tell(campaign, kind, sorted(people), now=now, reason=campaign.reason, charged=wound_up)
    db.session.flush()


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
    campaign = lock(Campaign, campaign_id)
    if merchant_id is not None:
        campaign.merchant_id = merchant_id
        data["merchant_id"] = merchant_id
    move(campaign, new_state, by=by, now=now, **data)
    return campaign


def follow(campaign_id: int, user_id: int, *, now: datetime) -> None:
    """Hear of a campaign without a pledge; twice is once."""
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(Follow.__table__)
    db.session.execute(
        insert.values(campaign_id=campaign_id, user_id=user_id, at=now).on_conflict_do_nothing()
    )


def unfollow(campaign_id: int, user_id: int) -> None:
    """No longer hear of it."""
    db.session.execute(
        delete(Follow)
        .where(Follow.campaign_id == campaign_id, Follow.user_id == user_id)
        .execution_options(synchronize_session=False)
    )


def _lock_mine(campaign_id: int, by: int) -> Campaign:
    campaign = lock(Campaign, campaign_id)
    if campaign.starter_id != by:
        raise NotFound
    return campaign


def _given(reason: str) -> str:
    """The reason, which must be there: people read it."""
    if not reason.strip():
        refuse(_("Give a reason: the people concerned read it."))
    return reason.strip()


def _tell_starter(campaign: Campaign, kind: str, now: datetime, **more: Any) -> None:
    about = {"title": campaign.title, "path": f"/c/{campaign.slug}", **more}
    notify(kind, campaign.starter_id, key=f"{campaign.id}:{now.isoformat()}", now=now, **about)
