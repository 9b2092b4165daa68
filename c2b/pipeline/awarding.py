"""Which merchant gets the campaign: the best offer wins, the second stands by, none means another try."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from c2b.campaigns.closing import audience, tell
from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import advance, fail_campaign
from c2b.campaigns.states import CampaignState
from c2b.core.db import db, lock
from c2b.core.events import record
from c2b.core.text import gettext as _
from c2b.pipeline.engine import end_offer, enter_stage
from c2b.pipeline.models import Award, Batch, BatchEntry, Offer
from c2b.pipeline.people import tell_merchant
from c2b.pipeline.places import free_place
from c2b.pipeline.queries import (
    award_of,
    curves_of,
    entry_of,
    offers_in,
    open_batch,
    passed_by_campaign,
    pending_by_campaign,
    stages_before,
)
from c2b.pipeline.ranking import Ranked, rank
from c2b.pipeline.states import LAPSED, LAUNCHED, NOT_CHOSEN, RUNNER_UP

ATTEMPTS = 2  # batches that a campaign may be in


def campaigns_to_award(now: datetime) -> list[int]:
    """Campaigns in sourcing whose batch has come to its review day, or whose offers are all decided."""
    rows = db.session.execute(
        select(BatchEntry, Batch)
        .join(Batch, Batch.id == BatchEntry.batch_id)
        .join(Campaign, Campaign.id == BatchEntry.campaign_id)
        .where(Campaign.state == CampaignState.SOURCING)
        .order_by(BatchEntry.campaign_id, BatchEntry.attempt)
    ).all()
    latest = {entry.campaign_id: batch for entry, batch in rows}
    pending, passed = pending_by_campaign(list(latest)), passed_by_campaign(list(latest))
    return [
        id_ for id_, batch in latest.items() if _is_time(batch, pending.get(id_, 0), passed.get(id_, 0), now)
    ]


def _is_time(batch: Batch, pending: int, passed: int, now: datetime) -> bool:
    """At once with nothing pending, else on the review day; late reviewers cost nobody the only offer."""
    if now < batch.signup_closes_at:
        return False
    if pending == 0:
        return True
    return now >= (batch.review_at if passed else batch.launch_from)


def award(campaign_id: int, *, now: datetime) -> Award | None:
    """Choose the offer that shoppers gain most from; none: the next batch once, then the campaign fails."""
    campaign = lock(Campaign, campaign_id)
    entry = entry_of(campaign_id)
    if campaign.state != CampaignState.SOURCING or entry is None:
        return None
    pending = len(offers_in(campaign_id, stages_before("scheduling")))
    candidates = offers_in(campaign_id, ["scheduling"])
    if not _is_time(entry.batch, pending, len(candidates), now):
        return None
    for late in offers_in(campaign_id, stages_before("scheduling", after_signup=False)):
        _let_go(late, LAPSED, _("The review was over before this offer was ready."), now)
    ranked = rank(curves_of([campaign_id])[campaign_id], candidates)
    for place in ranked:
        place.offer.gain = place.score
    able = [place for place in ranked if place.cleared is not None]
    for place in ranked:
        if place.cleared is None:
            _let_go(place.offer, NOT_CHOSEN, _("No price of this offer is met by those who pledged."), now)
    if not able:
        _try_again_or_fail(campaign, entry, now)
        return None
    return _choose(campaign, able, now)


def _choose(campaign: Campaign, able: Sequence[Ranked], now: datetime) -> Award:
    winner, *others = [place.offer for place in able]
    for place in others[1:]:
        _let_go(place, NOT_CHOSEN, _("Shoppers gain more from another offer."), now)
    runner_up = others[0] if others else None
    if runner_up is not None:
        _let_go(runner_up, RUNNER_UP, _("Second best: it takes over if the chosen offer falls out."), now)
    awarded = Award(
        campaign_id=campaign.id, offer_id=winner.id, runner_up_id=runner_up.id if runner_up else None, at=now
    )
    db.session.add(awarded)
    _crown(campaign, winner, now)
    return awarded


def _crown(campaign: Campaign, winner: Offer, now: datetime) -> None:
    advance(
        campaign.id,
        CampaignState.AWARDED,
        by=None,
        now=now,
        merchant_id=winner.merchant_id,
        offer_id=winner.id,
    )
    record(winner, "offer.awarded", by=None, at=now, gain=winner.gain)
    tell_merchant("offer_awarded", winner, f"{winner.id}", now=now)
    tell(campaign, "campaign_awarded", audience(campaign.id), now=now)


def _let_go(offer: Offer, ending: str, reason: str, now: datetime) -> None:
    end_offer(offer, ending, by=None, now=now, reason=reason)
    tell_merchant(f"offer_{ending}", offer, f"{offer.id}", now=now, reason=reason)


def _try_again_or_fail(campaign: Campaign, entry: BatchEntry, now: datetime) -> None:
    """Once into the next batch; then everybody is released. Without an open batch it waits for one."""
    if entry.attempt >= ATTEMPTS:
        fail_campaign(campaign.id, _("No merchant could offer this at a price that works."), by=None, now=now)
        return
    batch = open_batch(now)
    if batch is None or batch.id == entry.batch_id:
        return
    db.session.add(BatchEntry(campaign_id=campaign.id, batch_id=batch.id, attempt=entry.attempt + 1, at=now))
    record(campaign, "campaign.joined_batch", by=None, at=now, batch=batch.number, attempt=entry.attempt + 1)
    told = sorted({campaign.starter_id, *audience(campaign.id)})
    tell(campaign, "campaign_next_batch", told, now=now, batch=batch.number)


def campaigns_without_winner(now: datetime) -> list[int]:
    """Campaigns whose awarded offer fell out before the launch."""
    return list(
        db.session.scalars(
            select(Award.campaign_id)
            .join(Campaign, Campaign.id == Award.campaign_id)
            .join(Offer, Offer.id == Award.offer_id)
            .where(
                Campaign.state.in_([CampaignState.AWARDED, CampaignState.SCHEDULED]),
                Offer.state.not_in(["scheduling", "launch", LAUNCHED]),
            )
            .order_by(Award.campaign_id)
        )
    )


def replace_winner(campaign_id: int, *, now: datetime) -> Award | None:
    """The runner-up takes over; without one the campaign goes to the next batch once, or fails."""
    campaign = lock(Campaign, campaign_id)
    awarded = award_of(campaign_id)
    if awarded is None or campaign_id not in campaigns_without_winner(now):
        return awarded
    free_place(campaign_id)
    if campaign.state == CampaignState.SCHEDULED:
        advance(campaign_id, CampaignState.AWARDED, by=None, now=now)
    advance(campaign_id, CampaignState.SOURCING, by=None, now=now)
    runner_up = db.session.get(Offer, awarded.runner_up_id) if awarded.runner_up_id else None
    if runner_up is not None and runner_up.state == RUNNER_UP:
        awarded.offer_id, awarded.runner_up_id, awarded.at = runner_up.id, None, now
        enter_stage(runner_up, "scheduling", now=now)
        _crown(campaign, runner_up, now)
        return awarded
    db.session.delete(awarded)
    entry = entry_of(campaign_id)
    if entry is not None:
        _try_again_or_fail(campaign, entry, now)
    return None
