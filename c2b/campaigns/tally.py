"""The counters of a campaign while a list of pledges is being looked at, and how they are written.

Counters, demand curve and pledges change together, under the campaign's lock. They are the sums over the active
pledges for as long as the campaign takes pledges; from then on they stand still and say what was pledged when it
closed, while the pledges themselves go on to be allocated, ordered or released.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import bindparam, case, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.attributes import set_committed_value

from c2b.campaigns.models import Campaign, DemandPoint
from c2b.campaigns.states import Basis, CampaignState, CloseRule
from c2b.core.db import db, is_sqlite
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

    campaign: Campaign
    people: int
    units: int
    counted_people: int
    counted_units: int
    tipped: bool
    closed: bool = False

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
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


def write_counters(campaign: Campaign, tally: Tally, *, joined: int, now: datetime) -> None:
    """Add the difference to the campaign's counters in one statement, and read back what they are now.

    `joined` is how many joined just now; -1 where one who joined within a day has left.
    """
    columns = {name: getattr(tally, name) - getattr(campaign, name) for name in COUNTERS}
    values: dict[str, Any] = {name: getattr(Campaign, name) + by for name, by in columns.items() if by}
    if joined < 0:
        values["joined_last_day"] = case(
            (Campaign.joined_last_day + joined > 0, Campaign.joined_last_day + joined), else_=0
        )
    if joined > 0:
        warmer = _warmth(campaign, tally, joined)
        values |= {
            "joined_last_day": Campaign.joined_last_day + joined,
            "last_joined_at": now,
            "heat": case((Campaign.heat < warmer["heat"], warmer["heat"]), else_=Campaign.heat),
            "heat_score": case(
                (Campaign.heat_score < warmer["heat_score"], warmer["heat_score"]), else_=Campaign.heat_score
            ),
        }
    if not values:
        return
    names = [*COUNTERS, "joined_last_day", "last_joined_at", "heat", "heat_score"]
    row = db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id)
        .values(values)
        .returning(*(getattr(Campaign, name) for name in names))
        .execution_options(synchronize_session=False)
    ).one()
    for name, value in zip(names, row, strict=True):
        set_committed_value(campaign, name, value)


def _warmth(campaign: Campaign, tally: Tally, joined: int) -> dict[str, int]:
    """Heat from what is at hand. A join never cools; the job counts yesterday too and may."""
    last_day = campaign.joined_last_day + joined
    known = {
        "have": tally.counted,
        "need": campaign.threshold,
        "joined_last_day": last_day,
        "joined_day_before": last_day,
    }
    return {"heat": heat(**known), "heat_score": heat_score(**known)}


def add_demand(campaign_id: int, amounts: Iterable[Amount]) -> None:
    """Add pledges to the demand curve: one row for each ceiling, in one statement."""
    rows: dict[int, dict[str, int]] = {}
    for amount in amounts:
        empty = {
            "campaign_id": campaign_id,
            "ceiling": amount.ceiling,
            "units": 0,
            "tolerance": 0,
            "people": 0,
        }
        row = rows.setdefault(amount.ceiling, empty)
        row["units"] += amount.units
        row["tolerance"] += amount.tolerance
        row["people"] += amount.people
    if not rows:
        return
    points: Any = DemandPoint.__table__
    new: Any = (sqlite if is_sqlite() else postgresql).insert(points)
    more = {name: points.c[name] + new.excluded[name] for name in ("units", "tolerance", "people")}
    db.session.execute(
        new.on_conflict_do_update(index_elements=["campaign_id", "ceiling"], set_=more),
        [rows[ceiling] for ceiling in sorted(rows)],
    )


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
