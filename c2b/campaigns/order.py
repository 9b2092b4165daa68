"""The orders in which campaigns stand, and pages of them that begin after a campaign, not at a number.

So the thousandth page costs what the first one costs, and nobody sees a campaign twice because others moved up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, or_

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import Basis
from c2b.core.db import db

SORTS = ("hot", "near", "ending", "new")
LARGEST = 2**62
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

# Thousandths of the threshold, the same whole numbers on both databases.
NEARNESS = (
    case((Campaign.basis == Basis.UNITS, Campaign.counted_units), else_=Campaign.counted_people)
    * 1000
    // Campaign.threshold
)


class Key(NamedTuple):
    """One thing that an order goes by."""

    by: Any
    down: bool = True
    is_moment: bool = False


class Place(NamedTuple):
    """Where a page begins, or with `back` ends: the keys of the campaign beside it."""

    values: tuple[int, ...]
    back: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Some campaigns, the places of the first and the last one, and whether there are more that way."""

    campaigns: Sequence[Campaign]
    begin: str
    end: str
    more: bool


def order_of(sort: str) -> list[Key]:
    """What comes first; the newest where all else is equal, so that both databases agree."""
    orders = {
        "near": [Key(case((Campaign.tipped_at.is_(None), 0), else_=1), down=False), Key(NEARNESS)],
        "ending": [Key(Campaign.closes_at, down=False, is_moment=True)],
        "new": [Key(Campaign.opened_at, is_moment=True)],
    }
    return [*orders.get(sort, [Key(Campaign.heat_score), Key(Campaign.people)]), Key(Campaign.id)]


def ordered(statement: Select[Any], keys: Sequence[Key], *, back: bool = False) -> Select[Any]:
    """The statement in this order, or in its opposite."""
    return statement.order_by(*(key.by.desc() if key.down != back else key.by.asc() for key in keys))


def place_of(text: str, *, back: bool = False) -> Place | None:
    """The place that an address names; None for nonsense, which is the first page."""
    if not text or len(text) > 120 or not all(c.isascii() and (c.isdecimal() or c in "~-") for c in text):
        return None
    try:
        values = tuple(int(part) for part in text.split("~"))
    except ValueError:
        return None
    return Place(values, back) if all(abs(value) < LARGEST for value in values) else None


def place_asked(address: Mapping[str, str]) -> Place | None:
    """The place that the words of an address name, after a campaign or before one."""
    return place_of(address.get("after", "")) or place_of(address.get("before", ""), back=True)


def page_of(wanted: Select[Any], keys: Sequence[Key], at: Place | None, per: int, *, skip: int = 0) -> Found:
    """So many campaigns from that place on, or before it; without a place, from the beginning."""
    values = _values(keys, at) if at is not None else None
    back = values is not None and at is not None and at.back
    if values is not None:
        wanted = wanted.where(_beyond(keys, values, back=back))
    elif skip:
        wanted = wanted.offset(skip)
    rows = db.session.execute(
        ordered(wanted, keys, back=back).add_columns(*(key.by for key in keys)).limit(per + 1)
    ).all()
    shown = rows[:per][::-1] if back else rows[:per]
    ends = [_written(keys, shown[0][1:]), _written(keys, shown[-1][1:])] if shown else ["", ""]
    return Found([row[0] for row in shown], ends[0], ends[1], len(rows) > per)


def _beyond(keys: Sequence[Key], values: Sequence[Any], *, back: bool) -> ColumnElement[bool]:
    """What comes after these values: it is further on by the first key in which it differs."""
    further = [
        and_(
            *(before.by == value for before, value in zip(keys[:at], values[:at], strict=True)),
            key.by < values[at] if key.down != back else key.by > values[at],
        )
        for at, key in enumerate(keys)
    ]
    first, value = keys[0], values[0]  # said once more, so that an index on the first key is used
    return and_(first.by <= value if first.down != back else first.by >= value, or_(*further))


def _values(keys: Sequence[Key], at: Place) -> list[Any] | None:
    if len(at.values) != len(keys):
        return None
    try:
        pairs = zip(keys, at.values, strict=True)
        return [EPOCH + value * MICROSECOND if key.is_moment else value for key, value in pairs]
    except OverflowError:
        return None


def _written(keys: Sequence[Key], values: Sequence[Any]) -> str:
    pairs = zip(keys, values, strict=True)
    return "~".join(str((value - EPOCH) // MICROSECOND if key.is_moment else value) for key, value in pairs)
