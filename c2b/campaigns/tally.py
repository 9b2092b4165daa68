"""The counters of a campaign while a list of pledges is being looked at, and how they are written.

Counters, demand curve and pledges change together, under the campaign's lock. They are the sums over the active
pledges for as long as the campaign takes pledges; from then on they stand still and say what was pledged when it
closed, while the pledges themselves go on to be allocated, ordered or released.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Self

from sqlalchemy import BigInteger, Connection, Update, bindparam, case, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.attributes import set_committed_value

from c2b.campaigns.held import Held
from c2b.campaigns.models import Campaign, DemandPoint
from c2b.campaigns.states import Basis, CampaignState, CloseRule
from c2b.core.db import UtcDateTime, db, is_sqlite
from c2b.core.rows import as_sent, sent_rows
from c2b.demand.heat import heat, heat_score

COUNTERS = ("people", "units", "counted_people", "counted_units")


@dataclass(slots=True)
class Amount:
    """What one pledge adds to the demand at its ceiling."""

    ceiling: int
    units: int
    tolerance: int
    people: int = 1


@dataclass(slots=True)
class Tally:
    """Running counters: who tips the campaign, and when it is closed to those after."""

    campaign: Campaign | Held
    people: int
    units: int
    counted_people: int
    counted_units: int
    tipped: bool
    closed: bool = False
    joined: int = 0  # new pledges

    @classmethod
    def of(cls, campaign: Campaign | Held) -> Self:
        """The counters as they stand."""
        return cls(
            campaign,
            people=campaign.people,
            units=campaign.units,
            counted_people=campaign.counted_people,
            counted_units=campaign.counted_units,
            tipped=campaign.state != CampaignState.OPEN,
        )

    @property
    def units_left(self) -> int | None:
        """How many units the capacity still allows; None where there is none."""
        return None if self.campaign.capacity is None else self.campaign.capacity - self.units

    @property
    def counted(self) -> int:
        """What is held against the threshold."""
        return self.counted_units if self.campaign.basis == Basis.UNITS else self.counted_people

    def add(self, amount: Amount) -> bool:
        """Count one pledge (or a change of one); True where it is the one that tips the campaign."""
        self.people += amount.people
        self.units += amount.units
        if amount.ceiling >= self.campaign.first_price:
            self.counted_people += amount.people
            self.counted_units += amount.units
        tips = not self.tipped and self.counted >= self.campaign.threshold
        self.tipped = self.tipped or tips
        rule = self.campaign.close_rule
        full = rule == CloseRule.FULL and self.units_left is not None and self.units_left <= 0
        self.closed = self.tipped and (rule == CloseRule.TIPS or full)
        return tips


def add_joined(connection: Connection, tallies: Iterable[Tally], now: datetime) -> None:
    """Add what has joined to the counters of all these campaigns, in one statement.

    Heat rises with a join and the score with it; what cools is for the job. Between two degrees of heat nothing
    that is indexed changes, so on PostgreSQL the row's new version stays beside the old one.
    """
    changed = [tally for tally in tallies if tally.joined]
    if not changed:
        return
    connection.execute(
        _add_joined(is_sqlite()), as_sent([_joined_row(tally) for tally in changed]) | {"at": now}
    )


def _joined_row(tally: Tally) -> dict[str, int]:
    campaign = tally.campaign
    last_day = campaign.joined_last_day + tally.joined
    known = {
        "have": tally.counted,
        "need": campaign.threshold,
        "joined_last_day": last_day,
        "joined_day_before": last_day,
    }
    return {
        "id": campaign.id,
        "joined": tally.joined,
        **{name: getattr(tally, name) - getattr(campaign, name) for name in COUNTERS},
        "heat": heat(**known),
        "heat_score": heat_score(**known),
    }


@cache
def _add_joined(sqlite: bool) -> Update:
    names = ("id", "joined", *COUNTERS, "heat", "heat_score")
    sent = sent_rows(sqlite, **dict.fromkeys(names, BigInteger)).c
    campaign: Any = Campaign.__table__
    warmer = campaign.c.heat < sent.heat
    values = {name: campaign.c[name] + sent[name] for name in COUNTERS}
    return (
        update(campaign)
        .where(campaign.c.id == sent.id)
        .values(
            **values,
            joined_last_day=campaign.c.joined_last_day + sent.joined,
            last_joined_at=bindparam("at", type_=UtcDateTime()),
            heat=case((warmer, sent.heat), else_=campaign.c.heat),
            heat_score=case((warmer, sent.heat_score), else_=campaign.c.heat_score),
        )
    )


def write_counters(campaign: Campaign, tally: Tally, *, left: int = 0) -> None:
    """Add the difference to the campaign's counters in one statement, and read back what they are now.

    `left` is how many who joined within a day have left.
    """
    columns = {name: getattr(tally, name) - getattr(campaign, name) for name in COUNTERS}
    values: dict[str, Any] = {name: getattr(Campaign, name) + by for name, by in columns.items() if by}
    if left:
        values["joined_last_day"] = case(
            (Campaign.joined_last_day > left, Campaign.joined_last_day - left), else_=0
        )
    if not values:
        return
    names = [*COUNTERS, "joined_last_day"]
    row = db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id)
        .values(values)
        .returning(*(getattr(Campaign, name) for name in names))
        .execution_options(synchronize_session=False)
    ).one()
    for name, value in zip(names, row, strict=True):
        set_committed_value(campaign, name, value)


def add_demand(connection: Connection, amounts: Iterable[tuple[int, Amount]]) -> None:
    """Add pledges (campaign, amount) to the demand curves: one row for each ceiling, all in one statement."""
    rows: dict[tuple[int, int], dict[str, int]] = {}
    for campaign_id, amount in amounts:
        key = campaign_id, amount.ceiling
        row = rows.get(key)
        if row is None:
            row = rows[key] = {
                "campaign_id": campaign_id, "ceiling": amount.ceiling, "units": 0, "tolerance": 0, "people": 0,
            }  # fmt: skip
        row["units"] += amount.units
        row["tolerance"] += amount.tolerance
        row["people"] += amount.people
    if rows:
        connection.execute(_add_demand(is_sqlite()), as_sent([rows[key] for key in sorted(rows)]))


@cache
def _add_demand(on_sqlite: bool) -> Any:
    names = ("campaign_id", "ceiling", "units", "tolerance", "people")
    points: Any = DemandPoint.__table__
    sent = sent_rows(on_sqlite, **dict.fromkeys(names, BigInteger))
    new: Any = (sqlite if on_sqlite else postgresql).insert(points)
    new = new.from_select(names, select(*sent.c).where(true()))
    more = {name: points.c[name] + new.excluded[name] for name in names[2:]}
    return new.on_conflict_do_update(index_elements=names[:2], set_=more)


def take_demand(campaign_id: int, amount: Amount) -> None:
    """Take one pledge out of the demand curve."""
    points: Any = DemandPoint.__table__
    db.session.execute(
        update(points)
        .where(points.c.campaign_id == campaign_id, points.c.ceiling == bindparam("at"))
        .values(
            units=points.c.units - amount.units,
            tolerance=points.c.tolerance - amount.tolerance,
            people=points.c.people - amount.people,
        ),
        {"at": amount.ceiling},
    )
