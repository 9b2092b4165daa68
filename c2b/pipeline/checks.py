"""What the pipeline's data must keep, whatever happened."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core.checks import check
from c2b.core.db import db
from c2b.core.events import Event
from c2b.merchants.models import MerchantStaff
from c2b.pipeline import stages
from c2b.pipeline.models import Batch, Launch, Offer, Place, Sample, Slot, StageVisit, VerdictLine
from c2b.pipeline.stage import Ruling
from c2b.pipeline.states import ENDINGS, LAUNCHED, SampleState

AFTER_AWARD = (CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.COMPLETED, CampaignState.FAILED)


@check("I-28 every offer is where its last move took it, by an arrow of its life")
def offers_move_along_their_arrows() -> Iterator[str]:
    """The diary of each offer is a walk along the arrows that ends in its state."""
    at: dict[int, str] = {}
    known, since = set(Offer.machine.states), _in_use_since()
    moves = select(Event.subject_id, Event.kind, Event.at, Event.data).where(Event.subject == "offer")
    for offer_id, kind, moment, data in db.session.execute(moves.order_by(Event.id)):
        if "old" not in data:
            continue
        old, new = data["old"], kind.removeprefix("offer.")
        if at.get(offer_id, old) != old:
            yield f"offer {offer_id} was {at[offer_id]}, then left {old}"
        is_arrow = new in Offer.machine.arrows.get(old, ()) or not {old, new} <= known
        if not is_arrow and not _was_next(old, new, moment, since):
            yield f"offer {offer_id} went from {old} to {new}"
        at[offer_id] = new
    for offer_id, state in db.session.execute(select(Offer.id, Offer.state)):
        if at.get(offer_id, Offer.machine.initial) != state:
            yield f"offer {offer_id} is {state}, but its diary ends with {at.get(offer_id, 'nothing')}"


def _in_use_since() -> dict[str, datetime]:
    """When the first offer entered each stage: a stage may be added while others are on their way."""
    rows = db.session.execute(
        select(StageVisit.stage, func.min(StageVisit.entered_at)).group_by(StageVisit.stage)
    )
    return {row[0]: row[1] for row in rows}


def _was_next(old: str, new: str, moment: datetime, since: dict[str, datetime]) -> bool:
    """Whether all stages between the two were added later."""
    keys = [stage.key for stage in stages.PIPELINE]
    if old not in keys or new not in keys or keys.index(new) < keys.index(old):
        return False
    between = keys[keys.index(old) + 1 : keys.index(new)]
    return all(key not in since or since[key] > moment for key in between)


@check("I-28 an offer in a stage has one open visit of that stage, an ended one has none")
def visits_match_states() -> Iterator[str]:
    """Due dates, reminders and four eyes hang on the open visit."""
    rows = db.session.execute(
        select(Offer.id, Offer.state, StageVisit.stage).outerjoin(
            StageVisit, and_(StageVisit.offer_id == Offer.id, StageVisit.left_at.is_(None))
        )
    )
    for offer_id, state, stage in rows:
        expected = None if state in ENDINGS else state
        if stage != expected:
            yield f"offer {offer_id} is {state}, its open visit is of {stage}"


@check("I-29 nobody judges what they have an interest in")
def four_eyes() -> Iterator[str]:
    """Neither who made the offer nor the merchant's people. That nobody counts twice is the table's own key."""
    own_stage = stages.PIPELINE[0].key
    staff = exists().where(
        MerchantStaff.merchant_id == Offer.merchant_id,
        MerchantStaff.user_id == VerdictLine.by,
        MerchantStaff.since <= VerdictLine.at,
    )
    rows = db.session.execute(
        select(VerdictLine.offer_id, VerdictLine.stage, VerdictLine.by)
        .join(Offer, Offer.id == VerdictLine.offer_id)
        .where(VerdictLine.stage != own_stage, or_(VerdictLine.by == Offer.created_by, staff))
    )
    for offer_id, stage, by in rows:
        yield f"offer {offer_id} was judged in {stage} by user {by}, who belongs to its merchant"


@check("I-30 an offer that launches has a valid approval of each gate it went through")
def launches_are_approved() -> Iterator[str]:
    """Of its present content, by as many different people as the stage asks for. That no gate is skipped is I-28."""
    launching = Offer.state.in_(["launch", LAUNCHED])
    passed: dict[tuple[int, str], set[int | None]] = defaultdict(set)
    rows = db.session.execute(
        select(VerdictLine.offer_id, VerdictLine.stage, VerdictLine.by)
        .join(Offer, Offer.id == VerdictLine.offer_id)
        .where(launching, VerdictLine.ruling == Ruling.PASS, VerdictLine.content_hash == Offer.content_hash)
    )
    for offer_id, key, by in rows:
        passed[offer_id, key].add(by)
    visits = db.session.execute(
        select(StageVisit.offer_id, StageVisit.stage)
        .join(Offer, Offer.id == StageVisit.offer_id)
        .where(launching, StageVisit.stage != "launch")
        .distinct()
        .order_by(StageVisit.offer_id)
    )
    for offer_id, key in visits:
        needed = stages.STAGES[key].passes_needed if key in stages.STAGES else 1
        if len(passed[offer_id, key]) < needed:
            yield f"offer {offer_id} launches without a valid approval of {key}"


@check("I-31 each sample's custody is whole and its result comes from an outsider")
def samples_are_sound() -> Iterator[str]:
    """Asked for, posted, received, looked at: in this order; never by the merchant's own people."""
    for sample in db.session.scalars(select(Sample)):
        steps = [sample.requested_at, sample.sent_at, sample.received_at, sample.inspected_at]
        known = [step for step in steps if step is not None]
        if known != sorted(known):
            yield f"sample {sample.id} has its dates in the wrong order"
        looked_at = sample.state in (SampleState.PASSED, SampleState.FAILED)
        if looked_at and (sample.inspected_at is None or sample.received_at is None):
            yield f"sample {sample.id} has a result but was not received and looked at"
    rows = db.session.execute(
        select(Sample.id, Sample.inspected_by)
        .join(Offer, Offer.id == Sample.offer_id)
        .join(
            MerchantStaff,
            and_(
                MerchantStaff.merchant_id == Offer.merchant_id,
                MerchantStaff.user_id.in_([Sample.inspected_by, Sample.received_by]),
                MerchantStaff.since <= Sample.inspected_at,
            ),
        )
    )
    for sample_id, by in rows:
        yield f"sample {sample_id} was handled by user {by}, who belongs to its merchant"


@check("I-32 a place is held by an approved campaign, and none was booked in the past")
def places_are_sound() -> Iterator[str]:
    """That a slot cannot hold more than it has is the table's own key."""
    winner = aliased(Offer)
    rows = db.session.execute(
        select(Place.slot_id, Place.number, Place.campaign_id, Place.booked_at, Slot.opens_at, Campaign.state)
        .join(Slot, Slot.id == Place.slot_id)
        .join(Campaign, Campaign.id == Place.campaign_id)
    )
    for slot_id, number, campaign_id, booked_at, opens_at, state in rows:
        if booked_at is None or booked_at >= opens_at:
            yield f"place {number} of slot {slot_id} was booked when the slot had opened"
        if state not in AFTER_AWARD and state != CampaignState.CANCELLED:
            yield f"place {number} of slot {slot_id} is held by campaign {campaign_id}, which is {state}"
    homeless = (
        select(Campaign.id)
        .join(winner, winner.campaign_id == Campaign.id)
        .outerjoin(Place, Place.campaign_id == Campaign.id)
        .where(Campaign.state == CampaignState.SCHEDULED, winner.state == "launch", Place.slot_id.is_(None))
    )
    for campaign_id in db.session.scalars(homeless):
        yield f"campaign {campaign_id} has a launch date but no place"


@check("I-32 every launch was in the slot that it had a place in")
def launches_are_in_their_slot() -> Iterator[str]:
    """A launch never opens before its slot, nor after that has closed."""
    rows = db.session.execute(
        select(Launch.id, Launch.opened_at, Slot.opens_at).join(Slot, Slot.id == Launch.slot_id)
    )
    for launch_id, opened_at, opens_at in rows:
        if opened_at < opens_at:
            yield f"launch {launch_id} opened before its slot"


@check("I-32 a batch's slots lie in its launch window")
def slots_are_in_their_window() -> Iterator[str]:
    """The order of the batch's own dates is a constraint of the table."""
    rows = db.session.execute(
        select(Slot.id, Batch.number)
        .join(Batch, Batch.id == Slot.batch_id)
        .where(or_(Slot.opens_at < Batch.launch_from, Slot.opens_at >= Batch.launch_until))
    )
    for slot_id, number in rows:
        yield f"slot {slot_id} is outside the launch window of batch {number}"
