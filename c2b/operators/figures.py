"""The figures of the overview. Each function sends a fixed number of statements, however much there is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, cast, extract, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import Basis, CampaignState
from c2b.core.db import db, is_sqlite
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.pipeline.models import Offer, StageVisit
from c2b.pipeline.stages import PIPELINE
from c2b.pipeline.states import LAUNCHED

C = CampaignState
WAITING = (C.OPEN, C.TIPPED, C.SOURCING, C.AWARDED, C.SCHEDULED)
HOUR = 3600
AN_HOUR = literal_column(str(HOUR), Integer)  # written out, so that the groups are those that are selected


@dataclass(frozen=True)
class Joins:
    """How many joined on each day of a period, on the days before it, and at which hours of the week."""

    days: list[date]
    counts: list[int]
    before: list[int]
    week: list[list[int]]  # Monday first, 24 hours each

    @property
    def total(self) -> int:
        """All who joined in the period."""
        return sum(self.counts)

    @property
    def total_before(self) -> int:
        """All who joined in the period before."""
        return sum(self.before)


@dataclass(frozen=True)
class Stock:
    """How things stand now."""

    people_waiting: int
    open_campaigns: int
    tipped: int  # on the way from tipped to their launch
    by_state: dict[str, int]


@dataclass(frozen=True)
class Sales:
    """Orders of a period, and what was charged for them by currency (minor units)."""

    orders: int
    before: int
    charged: dict[str, int]


@dataclass(frozen=True)
class Passed:
    """How many of the period's offers came to a stage, and how long they had been in the one before it."""

    label: str
    count: int
    took: timedelta | None


def joins(now: datetime, days: int, zone: ZoneInfo) -> Joins:
    """Pledges by day and hour, in site time; one statement."""
    first = (now.astimezone(zone) - timedelta(days=2 * days - 1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    hour = hour_of(Pledge.placed_at)
    rows = db.session.execute(
        select(hour, func.count()).where(Pledge.placed_at >= first, Pledge.placed_at <= now).group_by(hour)
    )
    by_day: dict[date, int] = defaultdict(int)
    week = [[0] * 24 for _ in range(7)]
    dates = [first.date() + timedelta(days=i) for i in range(2 * days)]
    for hours, count in rows:
        local = datetime.fromtimestamp(int(hours) * HOUR, UTC).astimezone(zone)
        by_day[local.date()] += count
        if local.date() >= dates[days]:
            week[local.weekday()][local.hour] += count
    counts = [by_day[day] for day in dates]
    return Joins(dates[days:], counts[days:], counts[:days], week)


def hour_of(column: InstrumentedAttribute[datetime]) -> Any:
    """Whole hours since 1970, by the database."""
    if is_sqlite():
        return cast(func.strftime("%s", column), Integer) // AN_HOUR
    return cast(func.floor(extract("epoch", column) / AN_HOUR), Integer)


def stock() -> Stock:
    """How many wait for what; one statement."""
    rows = db.session.execute(
        select(Campaign.state, func.count(), func.coalesce(func.sum(Campaign.people), 0)).group_by(
            Campaign.state
        )
    ).all()
    counts = {str(state): int(count) for state, count, _people in rows}
    waiting = sum(int(people) for state, _count, people in rows if state in WAITING)
    tipped = sum(counts.get(str(state), 0) for state in WAITING if state != C.OPEN)
    return Stock(waiting, counts.get("open", 0), tipped, counts)


def sales(now: datetime, days: int) -> Sales:
    """Orders that stand; two statements."""
    begin = now - timedelta(days=days)
    stands = Order.state != OrderState.CANCELLED
    rows = db.session.execute(
        select(Order.currency, func.count(), func.sum(Order.total))
        .where(stands, Order.placed_at > begin, Order.placed_at <= now)
        .group_by(Order.currency)
        .order_by(func.sum(Order.total).desc())
    ).all()
    before = db.session.scalar(
        select(func.count()).where(
            stands, Order.placed_at > begin - timedelta(days=days), Order.placed_at <= begin
        )
    )
    charged = {str(currency): int(total) for currency, _count, total in rows}
    return Sales(sum(int(count) for _currency, count, _total in rows), before or 0, charged)


def funnel(now: datetime, days: int) -> list[Passed]:
    """How far the offers registered in the period have come, with median times; two statements."""
    mine = select(Offer.id).where(Offer.created_at > now - timedelta(days=days), Offer.created_at <= now)
    came: dict[str, set[int]] = defaultdict(set)
    took: dict[str, list[float]] = defaultdict(list)
    visits = select(StageVisit.offer_id, StageVisit.stage, StageVisit.entered_at, StageVisit.left_at)
    for offer, stage, entered, left in db.session.execute(visits.where(StageVisit.offer_id.in_(mine))):
        came[stage].add(offer)
        if left is not None:
            took[stage].append((left - entered).total_seconds())
    launched = db.session.scalar(select(func.count()).where(Offer.id.in_(mine), Offer.state == LAUNCHED)) or 0
    keys = [stage.key for stage in PIPELINE]
    times = [timedelta(seconds=median(took[key])) if took[key] else None for key in keys]
    return [
        *(
            Passed(stage.label, len(came[stage.key]), time)
            for stage, time in zip(PIPELINE, [None, *times], strict=False)
        ),
        Passed(LAUNCHED, launched, times[-1]),
    ]


def nearly(limit: int = 4) -> Sequence[Campaign]:
    """Open campaigns that are nearest to what they need."""
    counted = Campaign.counted_units * 1.0 / Campaign.threshold
    return db.session.scalars(
        select(Campaign)
        .where(Campaign.state == C.OPEN, Campaign.basis == Basis.UNITS)
        .order_by(counted.desc(), Campaign.id)
        .limit(limit)
    ).all()


def change(new: int, old: int) -> int | None:
    """By how many per cent the figure changed; None where there was nothing before."""
    return round(100 * (new - old) / old) if old else None


def busiest(week: Sequence[Sequence[int]]) -> tuple[int, int] | None:
    """The weekday (Monday is 0) and the hour at which most join; None where nobody did."""
    most, day, hour = max((n, -d, -h) for d, row in enumerate(week) for h, n in enumerate(row))
    return (-day, -hour) if most else None
