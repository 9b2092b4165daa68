"""Launch slots: what fits where and why not, a proposal, and booking a place."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import format_date
from sqlalchemy import select

from c2b.campaigns.closing import audience
from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import advance
from c2b.campaigns.states import CampaignState
from c2b.core.db import db, lock
from c2b.core.errors import Stale, refuse
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.text import gettext as _
from c2b.pipeline.engine import enter_stage, give_verdict, locked
from c2b.pipeline.models import Award, BatchEntry, Offer, Place, Slot
from c2b.pipeline.people import tell_merchant, why_not_independent
from c2b.pipeline.places import claim_place, free_place
from c2b.pipeline.queries import award_of, place_of
from c2b.pipeline.slot_rules import Assignment, SlotFacts, Wish, assign, why_not_slot
from c2b.pipeline.stage import Ruling

__all__ = ["Assignment", "book_place", "give_back_place", "move_place", "propose", "propose_all"]


def say_day(when: datetime) -> str:
    """A day as people of this site write it."""
    return str(format_date(when, "medium"))


def propose(batch_id: int, now: datetime) -> Sequence[Assignment]:
    """A place for every awarded campaign of the batch that has none yet, best gain first; changes nothing."""
    return assign([wish_of(offer) for offer in backlog(batch_id)], slots_for(batch_id, now), now, say_day)


def propose_all(now: datetime) -> Sequence[Assignment]:
    """A place for every awarded campaign that has none yet, all batches looked at together; changes nothing."""
    waiting = backlog()
    slots: dict[int, SlotFacts] = {}
    for batch_id in sorted({offer.batch_id for offer in waiting if offer.batch_id is not None}):
        slots.update((slot.id, slot) for slot in slots_for(batch_id, now))
    in_time = sorted(slots.values(), key=lambda slot: (slot.opens_at, slot.id))
    return assign([wish_of(offer) for offer in waiting], in_time, now, say_day)


def backlog(batch_id: int | None = None) -> Sequence[Offer]:
    """The chosen offers that have no date yet, best gain first; of one batch or of all."""
    query = (
        select(Offer)
        .join(Award, Award.offer_id == Offer.id)
        .join(Campaign, Campaign.id == Award.campaign_id)
        .outerjoin(Place, Place.campaign_id == Campaign.id)
        .where(Campaign.state == CampaignState.AWARDED, Offer.state == "scheduling", Place.slot_id.is_(None))
        .order_by(Offer.gain.desc(), Offer.id)
    )
    if batch_id is not None:
        query = query.where(
            Offer.campaign_id.in_(select(BatchEntry.campaign_id).where(BatchEntry.batch_id == batch_id))
        )
    return db.session.scalars(query).all()


def wish_of(offer: Offer) -> Wish:
    """What the slots are asked for."""
    return Wish(
        offer.campaign_id,
        offer.campaign.category,
        offer.gain,
        offer.launch_not_before,
        offer.launch_not_after,
    )


def slots_for(batch_id: int, now: datetime) -> list[SlotFacts]:
    """The slots of the batch; when all of them are over, those of later batches."""
    own = slot_facts(select(Slot.id).where(Slot.batch_id == batch_id))
    if any(slot.opens_at > now for slot in own):
        return own
    return slot_facts(select(Slot.id).where(Slot.opens_at > now))


def slot_facts(ids: object) -> list[SlotFacts]:
    """These slots with what is booked, earliest first."""
    rows = db.session.execute(
        select(Slot.id, Slot.opens_at, Place.campaign_id, Campaign.category)
        .join(Place, Place.slot_id == Slot.id)
        .outerjoin(Campaign, Campaign.id == Place.campaign_id)
        .where(Slot.id.in_(ids))  # type: ignore[arg-type]  # ids or a query of ids
        .order_by(Slot.opens_at, Slot.id, Place.number)
    )
    slots: dict[int, SlotFacts] = {}
    for slot_id, opens_at, campaign_id, category in rows:
        slot = slots.setdefault(slot_id, SlotFacts(slot_id, opens_at, 0))
        slot.places += 1
        if campaign_id is not None:
            slot.booked.append(category)
    return list(slots.values())


def book_place(slot_id: int, campaign_id: int, *, by: int, now: datetime) -> Place:
    """Give a campaign a place in a slot: its offer goes on to the launch, the campaign is scheduled."""
    campaign = lock(Campaign, campaign_id)
    slot = lock(Slot, slot_id)
    award = award_of(campaign_id)
    if award is None or campaign.state != CampaignState.AWARDED:
        refuse(_("Only a campaign whose merchant is chosen, and that has no date yet, can be given one."))
    assert award is not None
    offer = locked(award.offer_id)
    [facts] = slot_facts([slot.id])
    refuse(why_not_slot(wish_of(offer), facts, now, say_day))
    place = claim_place(slot.id, campaign_id, by=by, now=now)
    if place is None:
        raise Stale(_("Somebody else took the last place of this slot. Please choose another one."))
    when = slot.opens_at.isoformat()
    record(slot, "slot.booked", by=by, at=now, campaign_id=campaign_id, place=place.number)
    evidence = {"slot": slot.id, "place": place.number, "opens_at": when}
    give_verdict(offer.id, Ruling.PASS, "", by=by, now=now, evidence=evidence)
    advance(campaign_id, CampaignState.SCHEDULED, by=by, now=now, slot_id=slot.id, opens_at=when)
    _tell_date(campaign, offer, slot, now)
    return place


def _tell_date(campaign: Campaign, offer: Offer, slot: Slot, now: datetime) -> None:
    about = {"title": campaign.title, "path": f"/c/{campaign.slug}", "opens_at": slot.opens_at.isoformat()}
    key = f"{campaign.id}:{slot.id}:{now.isoformat()}"  # a date that comes back is told again
    notify_many(
        "campaign_scheduled", [(id_, f"{key}:{id_}", about) for id_ in audience(campaign.id)], now=now
    )
    tell_merchant("offer_scheduled", offer, key, now=now, opens_at=slot.opens_at.isoformat())


def give_back_place(campaign_id: int, *, by: int | None, now: datetime) -> None:
    """Before the launch: the place is free again, offer and campaign go one step back."""
    campaign = lock(Campaign, campaign_id)
    place, award = place_of(campaign_id), award_of(campaign_id)
    if place is None or award is None or campaign.state != CampaignState.SCHEDULED:
        refuse(_("It has no launch date."))
    assert place is not None and award is not None
    slot = lock(Slot, place.slot_id)
    if slot.opens_at <= now:
        refuse(_("The launch has begun, so its date cannot be changed any more."))
    offer = locked(award.offer_id)
    if by is not None:
        refuse(why_not_independent(offer, by))
    free_place(campaign_id)
    record(slot, "slot.given_back", by=by, at=now, campaign_id=campaign_id)
    enter_stage(offer, "scheduling", now=now, by=by)
    advance(campaign_id, CampaignState.AWARDED, by=by, now=now)
    tell_merchant("offer_date_withdrawn", offer, f"{offer.id}:{slot.id}:{now.isoformat()}", now=now)


def move_place(campaign_id: int, slot_id: int, *, by: int, now: datetime) -> Place:
    """Another date before the launch: the old place is given back and the new one taken, or neither."""
    lock(Campaign, campaign_id)
    present = place_of(campaign_id)
    for id_ in sorted({slot_id, present.slot_id} if present else {slot_id}):  # two moves never wait in a ring
        lock(Slot, id_)
    give_back_place(campaign_id, by=by, now=now)
    return book_place(slot_id, campaign_id, by=by, now=now)
