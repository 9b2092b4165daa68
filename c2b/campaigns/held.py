"""Campaigns held for pledges: locked in the order of their numbers, and read as the rules need them, in one statement.

What people agreed to when a campaign opened (prices, choices, terms) is read with the rest, and worked out once.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Text,
    bindparam,
    cast,
    func,
    select,
)

from c2b.campaigns.models import Campaign, PriceTier
from c2b.campaigns.states import Allocation, Basis, CampaignState, CloseRule, Fulfilment
from c2b.campaigns.terms import terms_hash
from c2b.core.db import is_sqlite
from c2b.core.errors import NotFound
from c2b.demand.curve import Tier


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a pledge binds to."""

    id: int
    title: str
    currency: str
    threshold: int
    basis: Basis
    capacity: int | None
    close_rule: CloseRule
    closes_at: datetime | None
    allocation: Allocation
    fulfilment: Fulfilment
    options: list[Any]
    regions: list[str]
    tiers: list[Tier]


@dataclass(slots=True)
class Held:
    """A campaign while it is held: what the record says under the same names, and the hash of its terms."""

    id: int
    title: str
    currency: str
    threshold: int
    basis: Basis
    capacity: int | None
    close_rule: CloseRule
    closes_at: datetime | None
    allocation: Allocation
    fulfilment: Fulfilment
    options: list[Any]
    regions: list[str]
    tiers: list[Tier]
    slug: str
    list_price: int
    per_shopper: int
    state: CampaignState
    people: int
    units: int
    counted_people: int
    counted_units: int
    joined_last_day: int
    heat: int
    terms: str
    first_price: int


AGREED = tuple(Agreed.__slots__)
PLAIN, AS_TEXT = AGREED[:-3], AGREED[-3:-1]
MORE = (
    "slug", "list_price", "per_shopper", "state", "people", "units", "counted_people", "counted_units",
    "joined_last_day", "heat",
)  # fmt: skip


def hold(connection: Connection, ids: Collection[int]) -> dict[int, Held]:
    """These campaigns by number, held until the transaction ends; NotFound where one is missing."""
    sqlite = is_sqlite()
    wanted: Any = sorted(ids)
    rows = connection.execute(_statement(sqlite), {"ids": json.dumps(wanted) if sqlite else wanted})
    found = {row[0]: _held(tuple(row)) for row in rows}
    if len(found) < len(wanted):
        raise NotFound
    return found


@cache
def _statement(sqlite: bool) -> Select[Any]:
    tier = func.json_array if sqlite else func.json_build_array
    tiers = func.json_group_array if sqlite else func.json_agg
    ladder = select(tiers(tier(PriceTier.from_quantity, PriceTier.unit_price)))
    ladder = ladder.where(PriceTier.campaign_id == Campaign.id)
    one_of_them: ColumnElement[bool]
    if sqlite:
        sent = func.json_each(bindparam("ids", type_=String)).table_valued("value")
        one_of_them = Campaign.id.in_(select(sent.c.value))
    else:
        one_of_them = Campaign.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
    columns = Campaign.__table__.c
    texts = [cast(columns[name], Text) for name in AS_TEXT]
    return (
        select(
            *(columns[name] for name in PLAIN), *texts, cast(ladder.scalar_subquery(), Text),
            *(columns[name] for name in MORE),
        )
        .where(one_of_them)
        .order_by(Campaign.id)
        .with_for_update(key_share=True, of=Campaign.__table__)
    )  # fmt: skip


def _held(row: tuple[Any, ...]) -> Held:
    count = len(AGREED)
    agreed, terms = _agreed(row[:count])
    lists = (agreed.options, agreed.regions, agreed.tiers)
    return Held(*(*row[: count - 3], *lists, *row[count:], terms, agreed.tiers[0].unit_price))


@lru_cache(maxsize=10_240)
def _agreed(values: tuple[Any, ...]) -> tuple[Agreed, str]:
    """The lists out of their texts, and the hash of all; the same values have the same hash."""
    *plain, options, regions, tiers = values
    ladder = [Tier(*pair) for pair in sorted(json.loads(tiers))]
    agreed = Agreed(*(*plain, json.loads(options), json.loads(regions), ladder))
    return agreed, terms_hash(agreed)
