"""Batches open by themselves, follow their dates, and campaigns join them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core.db import db, lock
from c2b.core.errors import refuse
from c2b.core.events import record
from c2b.core.outbox import notify
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.pipeline.awarding import award, campaigns_to_award, campaigns_without_winner, replace_winner
from c2b.pipeline.models import Batch, BatchEntry, Offer, Place, Slot
from c2b.pipeline.queries import entry_of, open_batch
from c2b.pipeline.rhythm import WEEKLY, Dates, Rhythm, dates_of, latest_opening, slot_times
from c2b.pipeline.states import ENDINGS, BatchState

__all__ = [
    "award",
    "campaigns_to_award",
    "campaigns_to_join",
    "campaigns_without_winner",
    "ensure_batches",
    "entry_of",
    "join_batch",
    "open_batch",
    "replace_winner",
]

JOINS = (CampaignState.TIPPED, CampaignState.SOURCING)


def ensure_batches(now: datetime, *, zone: str = "Asia/Shanghai", rhythm: Rhythm = WEEKLY) -> Batch:
    """The batch whose sign-up is open, made with its slots if there is none; others follow their dates."""
    for batch in db.session.scalars(
        select(Batch).where(Batch.state != BatchState.FINISHED).order_by(Batch.id)
    ):
        follow_dates(batch, now)
    present = open_batch(now)
    if present is not None:
        return present
    local = ZoneInfo(zone)
    dates = dates_of(latest_opening(now, local, rhythm), rhythm)
    batch = _new_batch(dates, now)
    _make_slots(batch, dates, local, rhythm)
    return batch


def follow_dates(batch: Batch, now: datetime) -> None:
    """Move a batch on as far as its dates, and what is decided by now, allow."""
    if batch.state == BatchState.OPEN and batch.signup_closes_at <= now:
        move(batch, BatchState.REVIEW, by=None, now=now)
    if batch.state == BatchState.REVIEW and batch.review_at <= now and not _undecided(batch):
        move(batch, BatchState.DECIDED, by=None, now=now)
    if batch.state == BatchState.DECIDED and batch.launch_until <= now:
        move(batch, BatchState.FINISHED, by=None, now=now)


def campaigns_to_join(now: datetime, *, rhythm: Rhythm = WEEKLY) -> list[int]:
    """Tipped campaigns that are in no batch yet, while merchants still have time to sign up."""
    batch = open_batch(now)
    if batch is None or batch.signup_closes_at - now < rhythm.time_to_sign_up:
        return []
    entered = select(BatchEntry.campaign_id)
    return list(
        db.session.scalars(
            select(Campaign.id)
            .where(Campaign.state.in_(JOINS), Campaign.id.not_in(entered))
            .order_by(Campaign.tipped_at, Campaign.id)
        )
    )


def join_batch(campaign_id: int, *, now: datetime) -> BatchEntry:
    """Give a tipped campaign its place in the batch whose sign-up is open; twice is once."""
    campaign = lock(Campaign, campaign_id)
    if entry := entry_of(campaign_id):
        return entry
    batch = open_batch(now)
    if batch is None or campaign.state not in JOINS:
        refuse(_("Only a campaign that has tipped can join a batch whose sign-up is open."))
    assert batch is not None
    entry = BatchEntry(campaign_id=campaign_id, batch_id=batch.id, attempt=1, at=now)
    db.session.add(entry)
    db.session.flush()
    db.session.execute(  # a merchant's own offer has waited for this
        update(Offer)
        .where(Offer.campaign_id == campaign_id, Offer.batch_id.is_(None), Offer.state.not_in(list(ENDINGS)))
        .values(batch_id=batch.id)
    )
    record(campaign, "campaign.joined_batch", by=None, at=now, batch=batch.number)
    notify(
        "batch_joined",
        campaign.starter_id,
        key=str(entry.id),
        now=now,
        campaign=campaign.title,
        path=f"/c/{campaign.slug}",
        batch=batch.number,
        signup_closes_at=batch.signup_closes_at.isoformat(),
    )
    return entry


def _undecided(batch: Batch) -> bool:
    """Whether a campaign of this batch still waits for its merchant."""
    later = aliased(BatchEntry)
    return (
        db.session.scalar(
            select(BatchEntry.id)
            .join(Campaign, Campaign.id == BatchEntry.campaign_id)
            .outerjoin(
                later, (later.campaign_id == BatchEntry.campaign_id) & (later.attempt > BatchEntry.attempt)
            )
            .where(BatchEntry.batch_id == batch.id, Campaign.state.in_(JOINS), later.id.is_(None))
            .limit(1)
        )
        is not None
    )


def _new_batch(dates: Dates, now: datetime) -> Batch:
    number = (db.session.scalar(select(func.max(Batch.number))) or 0) + 1
    batch = Batch(
        number=number,
        opens_at=dates.opens_at,
        signup_closes_at=dates.signup_closes_at,
        samples_due_at=dates.samples_due_at,
        review_at=dates.review_at,
        launch_from=dates.launch_from,
        launch_until=dates.launch_until,
        state_since=now,
    )
    db.session.add(batch)
    record(batch, "batch.opened", by=None, at=now, number=number)
    return batch


def _make_slots(batch: Batch, dates: Dates, zone: ZoneInfo, rhythm: Rhythm) -> None:
    """The launch hours of a batch; an hour that another batch has already is left to it."""
    db.session.flush()
    taken = set(
        db.session.scalars(
            select(Slot.opens_at).where(
                Slot.channel == "home", Slot.opens_at.between(dates.launch_from, dates.launch_until)
            )
        )
    )
    for at in slot_times(dates, zone, rhythm):
        if at in taken:
            continue
        slot = Slot(
            batch_id=batch.id,
            shown_from=at - rhythm.shown_before,
            opens_at=at,
            closes_at=at + rhythm.slot_lasts,
        )
        slot.places = [Place(number=number) for number in range(1, rhythm.places + 1)]
        db.session.add(slot)
    db.session.flush()
