"""The week as the operator sees it: slots by hour and day, what is in them, and what has no date yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask_babel import format_date, get_locale
from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.core.db import db
from c2b.pipeline.models import Offer, Place, Slot
from c2b.pipeline.scheduling import propose_all, say_day, slot_facts, wish_of
from c2b.pipeline.slot_rules import Wish, best_slot, why_not_slot

TONES = {"clothing": "c", "fashion": "c", "bags": "c", "appliances": "a", "food": "f", "home": "h"}


@dataclass
class SlotView:
    """One slot of the week; `why_not` is about the campaign that a place is looked for."""

    slot: Slot
    campaigns: list[Campaign] = field(default_factory=list)
    places: int = 0
    past: bool = False
    why_not: str | None = None
    best: bool = False

    @property
    def free(self) -> int:
        """Places that nobody holds."""
        return self.places - len(self.campaigns)

    @property
    def twins(self) -> list[Campaign]:
        """Launches of one category that open together; empty where there are none."""
        kinds = [campaign.category for campaign in self.campaigns]
        return [campaign for campaign in self.campaigns if kinds.count(campaign.category) > 1]


@dataclass(frozen=True)
class Day:
    """One day of the week."""

    starts_at: datetime
    today: bool
    slots: dict[str, SlotView]  # by hour, "20:00"

    @property
    def weekday(self) -> str:
        """Mon."""
        return str(format_date(self.starts_at.date(), "EEE"))

    @property
    def number(self) -> int:
        """The day of the month."""
        return self.starts_at.day

    @property
    def shown(self) -> bool:
        """Whether there is anything to see or to fill on this day."""
        return any(view.campaigns or not view.past for view in self.slots.values())

    @property
    def load(self) -> int:
        """How full the day is, in percent."""
        places = sum(view.places for view in self.slots.values())
        return 100 * sum(len(view.campaigns) for view in self.slots.values()) // places if places else 0


@dataclass(frozen=True)
class Week:
    """Seven days from Monday."""

    monday: datetime
    days: Sequence[Day]
    hours: Sequence[str]

    @property
    def last(self) -> datetime:
        """Its Sunday."""
        return self.monday + timedelta(days=6)


@dataclass(frozen=True)
class PlanLine:
    """Where one campaign would launch, why there, and why not elsewhere."""

    campaign: Campaign
    slot: Slot | None
    reason: str
    refused: Sequence[tuple[Slot, str]]


def plan(now: datetime) -> list[PlanLine]:
    """What is proposed for everything that has no date, all batches together."""
    assignments = propose_all(now)
    slot_ids = {id_ for one in assignments for id_ in (one.slot_id, *one.refused) if id_ is not None}
    slots = {slot.id: slot for slot in db.session.scalars(select(Slot).where(Slot.id.in_(slot_ids)))}
    ids = [one.campaign_id for one in assignments]
    campaigns = {c.id: c for c in db.session.scalars(select(Campaign).where(Campaign.id.in_(ids)))}
    return [
        PlanLine(
            campaigns[one.campaign_id],
            slots[one.slot_id] if one.slot_id is not None else None,
            one.reason,
            [(slots[id_], why) for id_, why in one.refused.items()],
        )
        for one in assignments
    ]


def monday_of(now: datetime, zone: ZoneInfo) -> datetime:
    """Midnight at the start of the week."""
    local = now.astimezone(zone)
    return (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def week(monday: datetime, now: datetime, *, wish: Wish | None = None) -> Week:
    """The slots of the week that begins then; with a wish, where it would fit best and why not elsewhere."""
    zone = monday.tzinfo
    views = slots_between(monday, monday + timedelta(days=7), now)
    if wish is not None:
        _say_why_not(views, wish, now)
    days = []
    for number in range(7):
        start = monday + timedelta(days=number)
        ours = [v for v in views if v.slot.opens_at.astimezone(zone).date() == start.date()]
        slots = {f"{v.slot.opens_at.astimezone(zone):%H:%M}": v for v in ours}
        days.append(Day(start, now.astimezone(zone).date() == start.date(), slots))
    hours = sorted({hour for day in days for hour in day.slots})
    return Week(monday, days, hours)


def slots_between(start: datetime, end: datetime, now: datetime) -> list[SlotView]:
    """The slots that open then, with what is in them."""
    slots = db.session.scalars(
        select(Slot).where(Slot.opens_at >= start, Slot.opens_at < end).order_by(Slot.opens_at, Slot.id)
    )
    views = {slot.id: SlotView(slot, past=slot.opens_at <= now) for slot in slots}
    rows = db.session.execute(
        select(Place.slot_id, Campaign)
        .outerjoin(Campaign, Campaign.id == Place.campaign_id)
        .where(Place.slot_id.in_(list(views)))
        .order_by(Place.slot_id, Place.number)
    )
    for slot_id, campaign in rows:
        views[slot_id].places += 1
        if campaign is not None:
            views[slot_id].campaigns.append(campaign)
    return list(views.values())


def _say_why_not(views: Sequence[SlotView], wish: Wish, now: datetime) -> None:
    facts = {fact.id: fact for fact in slot_facts([view.slot.id for view in views])}
    best = best_slot(wish, list(facts.values()), now, say_day)
    for view in views:
        view.why_not = why_not_slot(wish, facts[view.slot.id], now, say_day)
        view.best = best is not None and best.id == view.slot.id


def chosen_wish(backlog: Sequence[Offer], campaign_id: str) -> tuple[Offer, Wish] | None:
    """The campaign of the backlog that a place is looked for, from the address."""
    offer = next((offer for offer in backlog if str(offer.campaign_id) == campaign_id), None)
    return (offer, wish_of(offer)) if offer else None


def month_name(when: datetime) -> str:
    """May 2025."""
    return str(format_skeleton("yMMMM", when, tzinfo=when.tzinfo, locale=get_locale()))


def first_week_with_room(now: datetime, zone: ZoneInfo) -> datetime:
    """The week of the next slot that has a free place; this week where there is none."""
    at = db.session.scalar(
        select(Slot.opens_at)
        .join(Place, Place.slot_id == Slot.id)
        .where(Slot.opens_at > now, Place.campaign_id.is_(None))
        .order_by(Slot.opens_at)
        .limit(1)
    )
    return monday_of(at or now, zone)


def upcoming(now: datetime) -> list[tuple[Slot, Campaign]]:
    """What launches from now on, earliest first."""
    rows = db.session.execute(
        select(Slot, Campaign)
        .join(Place, Place.slot_id == Slot.id)
        .join(Campaign, Campaign.id == Place.campaign_id)
        .where(Slot.closes_at > now)
        .order_by(Slot.opens_at, Place.number)
    )
    return [(slot, campaign) for slot, campaign in rows]
