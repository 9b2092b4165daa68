"""Where else a launch could be: open slots for a campaign, launches in each other's way, a month at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.pipeline.models import Award, Offer, Slot
from c2b.pipeline.schedule_queries import Day, SlotView, slots_between
from c2b.pipeline.scheduling import say_day, slot_facts, wish_of
from c2b.pipeline.slot_rules import SlotFacts, Wish, best_slot, why_not_slot

AHEAD = timedelta(days=60)
MOST = 8  # open slots that are offered beside a campaign


@dataclass(frozen=True)
class OpenSlot:
    """A slot in which there is room for the campaign."""

    slot: Slot
    free: int
    best: bool


@dataclass(frozen=True)
class Conflict:
    """Launches of one category that open together, and where one of them could go."""

    opens_at: datetime
    campaigns: Sequence[Campaign]
    moved: Campaign | None = None
    to: Slot | None = None


def _coming(now: datetime) -> list[SlotFacts]:
    return slot_facts(select(Slot.id).where(Slot.opens_at > now, Slot.opens_at <= now + AHEAD))


def _records(ids: Sequence[int]) -> dict[int, Slot]:
    return {slot.id: slot for slot in db.session.scalars(select(Slot).where(Slot.id.in_(ids)))}


def open_slots(wish: Wish, now: datetime, most: int = MOST) -> list[OpenSlot]:
    """The next slots that have room for the campaign, in time; the best fit is among them."""
    facts = _coming(now)
    best = best_slot(wish, facts, now, say_day)
    if best is None:
        return []
    fitting = [slot for slot in facts if why_not_slot(wish, slot, now, say_day) is None]
    first = fitting[:most] if best in fitting[:most] else [*fitting[: most - 1], best]
    records = _records([slot.id for slot in first])
    return [OpenSlot(records[slot.id], slot.free, slot is best) for slot in first]


def conflicts(views: Sequence[SlotView], now: datetime) -> list[Conflict]:
    """Launches that get in each other's way, with a better date for the one that came last."""
    clashing = [view for view in views if view.twins and not view.past]
    if not clashing:
        return []
    facts = _coming(now)
    ids = [campaign.id for view in clashing for campaign in view.twins]
    offers = db.session.scalars(
        select(Offer).join(Award, Award.offer_id == Offer.id).where(Award.campaign_id.in_(ids))
    )
    by_campaign = {offer.campaign_id: offer for offer in offers}
    return [_conflict(view, by_campaign, facts, now) for view in clashing]


def _conflict(
    view: SlotView, offers: dict[int, Offer], facts: Sequence[SlotFacts], now: datetime
) -> Conflict:
    movable = [one for one in view.twins if one.state == CampaignState.SCHEDULED and one.id in offers]
    if movable:
        others = [slot for slot in facts if slot.id != view.slot.id and not slot.of(movable[-1].category)]
        better = best_slot(wish_of(offers[movable[-1].id]), others, now, say_day)
        if better is not None:
            to = db.session.get(Slot, better.id)
            return Conflict(view.slot.opens_at, view.twins, movable[-1], to)
    return Conflict(view.slot.opens_at, view.twins)


def month(first: datetime, now: datetime) -> list[list[Day]]:
    """The weeks of the month that begins then, whole weeks from Monday."""
    zone, start = first.tzinfo, first - timedelta(days=first.weekday())
    end = (first + timedelta(days=32)).replace(day=1)
    weeks = -(-(end.date() - start.date()).days // 7)
    views = slots_between(start, start + timedelta(days=7 * weeks), now)
    days = []
    for number in range(7 * weeks):
        day = start + timedelta(days=number)
        ours = [v for v in views if v.slot.opens_at.astimezone(zone).date() == day.date()]
        slots = {f"{v.slot.opens_at.astimezone(zone):%H:%M}": v for v in ours}
        days.append(Day(day, now.astimezone(zone).date() == day.date(), slots))
    return [days[i : i + 7] for i in range(0, len(days), 7)]


def agenda(start: datetime, now: datetime) -> list[Day]:
    """The next eight weeks, day by day; days on which nothing launches are left out."""
    zone = start.tzinfo
    days: dict[str, Day] = {}
    for view in slots_between(start, start + timedelta(days=56), now):
        if not view.campaigns:
            continue
        local = view.slot.opens_at.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        day = days.setdefault(f"{local:%F}", Day(midnight, local.date() == now.astimezone(zone).date(), {}))
        day.slots[f"{local:%H:%M}"] = view
    return list(days.values())
