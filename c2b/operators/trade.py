"""How trade goes: four figures, each beside the period before it and as a line of its own. One statement each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.operators.figures import HOUR, hour_of
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose

POINTS = 12  # of a line
ANSWERED = (AttemptState.SUCCEEDED, AttemptState.FAILED)


@dataclass(frozen=True)
class Share:
    """So many of so many, in a period and in the one before; None where there was nothing."""

    now: float | None
    before: float | None
    line: list[float]


@dataclass(frozen=True)
class Sum:
    """So much in a period and in the one before, in minor units of one currency."""

    currency: str | None
    now: int
    before: int
    line: list[int]


def tipped(now: datetime, days: int) -> Share:
    """Of the campaigns whose fate was decided, how many tipped."""
    decided = func.coalesce(Campaign.tipped_at, Campaign.closed_at, type_=Campaign.closed_at.type)
    over = Campaign.tipped_at.is_not(None) | (Campaign.state == CampaignState.EXPIRED)
    rows = db.session.execute(
        select(decided, Campaign.tipped_at.is_not(None)).where(
            over, decided > _first(now, days), decided <= now
        )
    )
    return _share(((at, int(yes), 1) for at, yes in rows), now, days)


def charged_at_once(now: datetime, days: int) -> Share:
    """Of the cards that were asked, how many said yes the first time."""
    hour = hour_of(Attempt.started_at)
    rows = db.session.execute(
        select(hour, func.count().filter(Attempt.state == AttemptState.SUCCEEDED), func.count())
        .where(
            Attempt.purpose == Purpose.AUTHORISE, Attempt.generation == 1, Attempt.state.in_(ANSWERED),
            Attempt.started_at > _first(now, days), Attempt.started_at <= now,
        )
        .group_by(hour)
    )  # fmt: skip
    return _share(((_moment(h), yes, n) for h, yes, n in rows), now, days)


def saved(now: datetime, days: int) -> Sum:
    """What people paid less than the list price for what stands, in the currency in which that is most."""
    hour = hour_of(Order.placed_at)
    less = func.sum(Campaign.list_price * Order.quantity - Order.total)
    rows = db.session.execute(
        select(Order.currency, hour, less)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(
            Order.state != OrderState.CANCELLED,
            Order.placed_at > _first(now, days), Order.placed_at <= now,
        )
        .group_by(Order.currency, hour)
    ).all()  # fmt: skip
    totals: dict[str, int] = {}
    for currency, _hour, amount in rows:
        totals[currency] = totals.get(currency, 0) + int(amount)
    main = max(totals, key=lambda c: totals[c], default=None)
    points = _points(((_moment(h), int(n)) for c, h, n in rows if c == main), now, days)
    return Sum(main, sum(points[POINTS:]), sum(points[:POINTS]), points[POINTS:])


def _first(now: datetime, days: int) -> datetime:
    return now - timedelta(days=2 * days)


def _moment(hours: int) -> datetime:
    return datetime.fromtimestamp(int(hours) * HOUR, UTC)


def _points(rows: Iterable[tuple[datetime, int]], now: datetime, days: int) -> list[int]:
    """The sums of both periods, the earlier one first, each in as many parts as a line has points."""
    points, length = [0] * (2 * POINTS), timedelta(days=2 * days) / (2 * POINTS)
    for at, value in rows:
        points[min(max(int((at - _first(now, days)) / length), 0), 2 * POINTS - 1)] += value
    return points


def _share(rows: Iterable[tuple[datetime, int, int]], now: datetime, days: int) -> Share:
    found = list(rows)
    yes = _points(((at, n) for at, n, _all in found), now, days)
    whole = _points(((at, n) for at, _yes, n in found), now, days)
    line: list[float] = []
    for part, of in zip(yes[POINTS:], whole[POINTS:], strict=True):
        line.append(_part(part, of) or (line[-1] if line and not of else 0.0))
    before = _part(sum(yes[:POINTS]), sum(whole[:POINTS]))
    return Share(_part(sum(yes[POINTS:]), sum(whole[POINTS:])), before, line)


def _part(yes: int, of: int) -> float | None:
    return 100.0 * yes / of if of else None
