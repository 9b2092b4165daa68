"""What merchants do with offers, one function per verb. Nothing here commits."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState, Origin
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, Refused, Stale, refuse
from c2b.core.events import history, record
from c2b.core.text import gettext as _
from c2b.merchants.models import Merchant
from c2b.payments.fees import FEE_BP
from c2b.pipeline import engine, offer_rules, stages
from c2b.pipeline.judging import visit_of
from c2b.pipeline.models import Batch, BatchEntry, Offer, VerdictLine
from c2b.pipeline.offer_content import draft_for, hash_of, write_draft
from c2b.pipeline.offer_rules import OfferDraft
from c2b.pipeline.queries import entry_of
from c2b.pipeline.states import RUNNER_UP, WITHDRAWN

__all__ = [
    "OfferDraft",
    "ask_again",
    "batch_of",
    "campaigns_to_give_own_offer",
    "change_offer",
    "give_own_offer",
    "offers_to_submit",
    "own_offer_of_campaign",
    "register_offer",
    "standing_offer",
    "submit_offer",
    "submit_own_offer",
    "withdraw_offer",
]

SIGN_UP = "signup"
FREE_TO_LEAVE = ("signup", "machine_review", "sample", "final_review", RUNNER_UP)


def register_offer(draft: OfferDraft, *, campaign_id: int, merchant_id: int, by: int, now: datetime) -> Offer:
    """Register to supply a campaign; the offer starts as a draft in sign-up."""
    campaign = lock(Campaign, campaign_id)
    merchant = get_or_404(Merchant, merchant_id)
    _must_belong(merchant, by)
    batch = batch_of(campaign_id)
    refuse(
        offer_rules.why_not_register(
            campaign,
            merchant,
            batch=batch,
            standing=standing_offer(campaign_id, merchant_id) is not None,
            now=now,
        )
    )
    return _new_offer(draft, campaign, merchant, batch, by=by, now=now)


def change_offer(
    offer_id: int,
    draft: OfferDraft,
    *,
    by: int,
    now: datetime,
    seen: str | None = None,
    by_itself: bool = False,
) -> Offer:
    """Replace the offer's content. `seen` is the hash of what the person changed; Stale if it is another by now.

    Where a stage waits for the merchant, the mended offer is handed in again at once. What a page keeps `by_itself`
    while somebody types is one line of the diary, and is for drafts alone.
    """
    offer = engine.locked(offer_id)
    _must_belong(offer.merchant, by)
    visit = visit_of(offer)
    waiting = visit is not None and visit.waiting_for is not None
    refuse(offer_rules.why_not_change(offer.state, first=SIGN_UP, waiting=waiting and not by_itself))
    if seen is not None and seen != offer.content_hash:
        raise Stale(_("A colleague has changed this offer since you opened it. Please look again."))
    refuse(offer_rules.why_not_draft(draft))
    before = offer.content_hash
    write_draft(offer, draft)
    offer.saved_at = now
    if offer.content_hash == before or (by_itself and _was_told(offer, by)):
        return offer
    record(offer, "offer.changed", by=by, at=now, content_hash=offer.content_hash)
    if offer.state != SIGN_UP and not _handed_in(offer, by):
        engine.hand_in(offer, by=by, now=now)
    return offer


def submit_offer(offer_id: int, *, by: int, now: datetime) -> Offer:
    """Hand the offer in: from now on it is judged as it is."""
    offer = engine.locked(offer_id)
    _must_belong(offer.merchant, by)
    batch = batch_of(offer.campaign_id)
    refuse(
        offer_rules.why_not_submit(
            offer,
            offer.campaign,
            offer.merchant,
            first=SIGN_UP,
            batch=batch,
            now=now,
        )
    )
    offer.batch_id = batch.id if batch else None
    offer.submitted_at = now
    offer.content_hash = hash_of(offer)
    engine.hand_in(offer, by=by, now=now)
    return offer


def withdraw_offer(offer_id: int, *, by: int, now: datetime, reason: str = "") -> Offer:
    """Take an offer back before it is chosen."""
    offer = engine.locked(offer_id)
    _must_belong(offer.merchant, by)
    refuse(offer_rules.why_not_withdraw(offer.state, before_award=FREE_TO_LEAVE))
    engine.end_offer(offer, WITHDRAWN, by=by, now=now, reason=reason)
    return offer


def ask_again(offer_id: int, *, by: int, now: datetime) -> Offer:
    """Have the machine look once more at the same content, when demand or the firm's standing has changed."""
    offer = engine.locked(offer_id)
    _must_belong(offer.merchant, by)
    visit = visit_of(offer)
    stage = stages.STAGES.get(offer.state)
    if stage is None or stage.decide is None or visit is None or visit.waiting_for is None:
        raise Refused(_("This offer does not wait for anything of yours."))
    visit.waiting_for = None
    record(offer, "offer.asked_again", by=by, at=now)
    return offer


def standing_offer(campaign_id: int, merchant_id: int) -> Offer | None:
    """The merchant's offer for the campaign that is still on its way, or has been chosen."""
    over = [WITHDRAWN, "rejected", "lapsed"]
    return db.session.scalar(
        select(Offer).where(
            Offer.campaign_id == campaign_id, Offer.merchant_id == merchant_id, Offer.state.not_in(over)
        )
    )


def batch_of(campaign_id: int) -> Batch | None:
    """The batch in which the campaign takes, or took, offers; its dates say whether it does now."""
    entry = entry_of(campaign_id)
    return entry.batch if entry else None


def own_offer_of_campaign(campaign_id: int) -> Offer | None:
    """The offer that a merchant-started campaign carries from its start, whatever became of it."""
    return db.session.scalar(
        select(Offer)
        .join(Campaign, Campaign.id == Offer.campaign_id)
        .where(
            Offer.campaign_id == campaign_id,
            Campaign.origin == Origin.MERCHANT,
            Offer.merchant_id == Campaign.merchant_id,
        )
        .order_by(Offer.id.desc())
        .limit(1)
    )


def campaigns_to_give_own_offer(now: datetime) -> list[int]:
    """Merchant-started campaigns that are open or beyond, and carry no offer yet."""
    carried = select(Offer.id).where(
        Offer.campaign_id == Campaign.id, Offer.merchant_id == Campaign.merchant_id
    )
    # Put in order here: an order by number would have SQLite read all campaigns in that order.
    return sorted(
        db.session.scalars(
            select(Campaign.id).where(
                Campaign.origin == Origin.MERCHANT,
                Campaign.merchant_id.is_not(None),
                Campaign.state.in_((CampaignState.OPEN, *offer_rules.TAKES_OFFERS)),
                ~carried.exists(),
            )
        )
    )


def give_own_offer(campaign_id: int, *, now: datetime) -> Offer:
    """Make the offer that a merchant-started campaign carries, from what the campaign says."""
    campaign = lock(Campaign, campaign_id)
    if campaign.origin != Origin.MERCHANT or campaign.merchant_id is None:
        raise NotFound
    if carried := own_offer_of_campaign(campaign_id):
        return carried
    merchant = get_or_404(Merchant, campaign.merchant_id)
    batch = batch_of(campaign_id)
    return _new_offer(draft_for(campaign), campaign, merchant, batch, by=campaign.starter_id, now=now)


def offers_to_submit(now: datetime) -> list[int]:
    """Own offers of merchant-started campaigns that have tipped and whose sign-up is open."""
    return list(
        db.session.scalars(
            select(Offer.id)
            .join(Campaign, Campaign.id == Offer.campaign_id)
            .join(BatchEntry, BatchEntry.campaign_id == Campaign.id)
            .join(Batch, Batch.id == BatchEntry.batch_id)
            .where(
                Offer.state == SIGN_UP,
                Campaign.origin == Origin.MERCHANT,
                Offer.merchant_id == Campaign.merchant_id,
                Campaign.state.in_(offer_rules.TAKES_OFFERS),
                Batch.opens_at <= now,
                Batch.signup_closes_at > now,
            )
            .distinct()
            .order_by(Offer.id)
        )
    )


def submit_own_offer(offer_id: int, *, now: datetime) -> None:
    """Hand in the offer that a merchant-started campaign carries, in the name of who made it."""
    offer = get_or_404(Offer, offer_id)
    if offer.state == SIGN_UP:
        submit_offer(offer_id, by=offer.created_by, now=now)


def _new_offer(
    draft: OfferDraft,
    campaign: Campaign,
    merchant: Merchant,
    batch: Batch | None,
    *,
    by: int,
    now: datetime,
) -> Offer:
    refuse(offer_rules.why_not_draft(draft))
    offer = Offer(
        campaign_id=campaign.id,
        merchant_id=merchant.id,
        batch_id=batch.id if batch else None,
        currency=campaign.currency,
        fee_bp=FEE_BP,
        created_by=by,
        created_at=now,
        saved_at=now,
        state_since=now,
    )
    write_draft(offer, draft)
    try:
        with db.session.begin_nested():
            db.session.add(offer)
    except IntegrityError:
        raise Stale(_("Your firm has an offer for this campaign already.")) from None
    record(offer, "offer.registered", by=by, at=now, content_hash=offer.content_hash)
    engine.enter_stage(offer, SIGN_UP, now=now, by=by)
    return offer


def _was_told(offer: Offer, by: int) -> bool:
    """Whether the last line of the diary says already that this person changes it."""
    last = history(offer)[-1:]
    return bool(last) and (last[0].kind, last[0].by) == ("offer.changed", by)


def _handed_in(offer: Offer, by: int) -> bool:
    """Whether this person has stood by this very content before, during the present stay."""
    visit = visit_of(offer)
    return (
        visit is not None
        and db.session.scalar(
            select(VerdictLine.id).where(
                VerdictLine.visit_id == visit.id,
                VerdictLine.by == by,
                VerdictLine.content_hash == offer.content_hash,
            )
        )
        is not None
    )


def _must_belong(merchant: Merchant, user_id: int) -> None:
    if user_id not in {row.user_id for row in merchant.staff}:
        raise NotFound
