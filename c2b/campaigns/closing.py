"""The end of campaigns' open time, many at once; and their heat. Each function may be called again at any time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select, update

from c2b.campaigns.crowd import remember_people
from c2b.campaigns.fulfilling import release_everyone
from c2b.campaigns.models import Campaign, DemandPoint, Pledge, PriceTier
from c2b.campaigns.states import TAKES_PLEDGES, Basis, CampaignState, PledgeState
from c2b.campaigns.telling import (
    about_of,
    audience,
    campaigns_closing_soon,
    campaigns_to_tell,
    tell,
    tell_all,
)
from c2b.core.db import db
from c2b.core.rows import among
from c2b.core.states import move_many
from c2b.demand.clearing import Cleared, clear
from c2b.demand.curve import Curve, Tier
from c2b.demand.heat import heat, heat_score

__all__ = [
    "audience", "campaigns_closing_soon", "campaigns_to_close", "campaigns_to_tell", "campaigns_to_warm",
    "clears_by_demand", "close_campaigns", "curve_of", "refresh_heat", "tell",
]  # fmt: skip

C = CampaignState
DAY = timedelta(days=1)


def campaigns_to_close(now: datetime) -> list[int]:
    """Campaigns whose time is up and that still stand as open or tipped, longest over first."""
    due = select(Campaign.id).where(Campaign.state.in_(TAKES_PLEDGES), Campaign.closes_at < now)
    return list(db.session.scalars(due.order_by(Campaign.closes_at, Campaign.id)))


def close_campaigns(ids: Sequence[int], *, now: datetime) -> None:
    """End those of these campaigns whose time is up: enough demand is sourced, too little expires. Others are left.

    Conditional demand decides here: where the threshold is missed at the first price, pledges with lower
    ceilings, and what shoppers would also take, may still clear a lower tier.
    """
    due = _lock_due(ids, now)
    missed = [campaign for campaign in due if campaign.state == C.OPEN]
    cleared = _cleared(missed)
    _tip_by_demand(cleared, now)
    over = sorted([campaign.id for campaign in due if campaign.state == C.TIPPED] + list(cleared))
    move_many(Campaign, over, C.TIPPED, C.SOURCING, by=None, now=now, closed_at=Campaign.closes_at)
    _expire([campaign for campaign in missed if campaign.id not in cleared], now)


def _lock_due(ids: Sequence[int], now: datetime) -> Sequence[Any]:
    """Those of these campaigns whose time is up, held until the transaction ends: no pledge comes or goes meanwhile."""
    return db.session.execute(
        select(
            Campaign.id, Campaign.state, Campaign.basis, Campaign.threshold, Campaign.counted_units,
            Campaign.title, Campaign.slug, Campaign.closes_at,
        )
        .where(among(Campaign.id, ids), Campaign.state.in_(TAKES_PLEDGES), Campaign.closes_at < now)
        .order_by(Campaign.id)
        .with_for_update(key_share=True)
    ).all()  # fmt: skip


def _cleared(missed: Sequence[Any]) -> dict[int, Cleared]:
    """What conditional demand clears for these campaigns, where it clears anything."""
    ids = [campaign.id for campaign in missed]
    groups: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    points = select(DemandPoint.campaign_id, *POINT).where(
        among(DemandPoint.campaign_id, ids), DemandPoint.people > 0
    )
    for campaign_id, *point in db.session.execute(points):
        groups[campaign_id].append((point[0], point[1], point[2], point[3]))
    tiers: dict[int, list[Tier]] = defaultdict(list)
    ladders = select(PriceTier.campaign_id, PriceTier.from_quantity, PriceTier.unit_price)
    for campaign_id, quantity, price in db.session.execute(
        ladders.where(among(PriceTier.campaign_id, groups)).order_by(PriceTier.from_quantity)
    ):
        tiers[campaign_id].append(Tier(quantity, price))
    found = {}
    for campaign in missed:
        some, ladder = groups[campaign.id], tiers[campaign.id]
        if ladder and sum(units + more for _ceiling, units, more, _people in some) >= ladder[0].from_quantity:
            cleared = _clears(campaign, ladder, Curve.from_groups(some))
            if cleared is not None:
                found[campaign.id] = cleared
    return found


def _tip_by_demand(cleared: dict[int, Cleared], now: datetime) -> None:
    """All of the demand was there at the closing time, however late this is done."""
    move_many(
        Campaign, sorted(cleared), C.OPEN, C.TIPPED, by=None, now=now, guard=Campaign.closes_at < now,
        notes={id_: {"unit_price": it.unit_price, "units": it.units} for id_, it in cleared.items()},
        tip_by_demand=True, tipped_at=Campaign.closes_at,
    )  # fmt: skip


def _expire(campaigns: Sequence[Any], now: datetime) -> None:
    if not campaigns:
        return
    notes = {campaign.id: {"counted_units": campaign.counted_units} for campaign in campaigns}
    move_many(
        Campaign, list(notes), C.OPEN, C.EXPIRED, by=None, now=now, guard=Campaign.closes_at < now, notes=notes,
        closed_at=Campaign.closes_at,
    )  # fmt: skip
    tell_all("campaign_expired", {campaign.id: about_of(campaign) for campaign in campaigns}, now=now)
    release_everyone(list(notes), now=now)


POINT = (DemandPoint.ceiling, DemandPoint.units, DemandPoint.tolerance, DemandPoint.people)


def curve_of(campaign_id: int) -> Curve:
    """The demand curve from its roll-up."""
    rows = db.session.execute(
        select(*POINT).where(DemandPoint.campaign_id == campaign_id, DemandPoint.people > 0)
    )
    return Curve.from_groups((row[0], row[1], row[2], row[3]) for row in rows)


def clears_by_demand(campaign: Campaign, curve: Curve) -> Cleared | None:
    """The tier that all of the demand reaches, conditional demand included, or None.

    Where the threshold counts people, that many must also be able to afford the price.
    """
    return _clears(campaign, [Tier(tier.from_quantity, tier.unit_price) for tier in campaign.tiers], curve)


def _clears(campaign: Any, tiers: Iterable[Tier], curve: Curve) -> Cleared | None:
    cleared = clear(list(tiers), curve)
    if cleared is None or campaign.basis == Basis.UNITS:
        return cleared
    return cleared if curve.people_at(cleared.unit_price) >= campaign.threshold else None


def campaigns_to_warm(now: datetime) -> list[int]:
    """Campaigns that take pledges and were joined within two days: their pace may have changed."""
    due = select(Campaign.id).where(
        Campaign.state.in_(TAKES_PLEDGES),
        or_(Campaign.joined_last_day > 0, Campaign.last_joined_at >= now - 2 * DAY),
    )
    return list(db.session.scalars(due.order_by(Campaign.id)))


def refresh_heat(campaign_id: int, *, now: datetime) -> None:
    """Count heat and recent joins of one campaign again. For the pages only, so it waits for no lock."""
    campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        return
    joined, last_day, day_before = _recent(campaign, now)
    people = campaign.basis == Basis.PEOPLE
    known = {
        "have": campaign.counted_people if people else campaign.counted_units,
        "need": campaign.threshold,
        "joined_last_day": last_day,
        "joined_day_before": day_before,
    }
    db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(heat=heat(**known), heat_score=heat_score(**known), joined_last_day=joined)
        .execution_options(synchronize_session=False)
    )
    remember_people(campaign, now)
    db.session.expire(campaign)


def _recent(campaign: Campaign, now: datetime) -> tuple[int, int, int]:
    """How many joined in the last 24 hours; and, in the campaign's own basis, how much then and the day before."""
    what = case((Pledge.id.is_not(None), 1)) if campaign.basis == Basis.PEOPLE else Pledge.quantity
    last, before = Pledge.placed_at > now - DAY, Pledge.placed_at <= now - DAY
    joined, last_day, day_before = db.session.execute(
        select(
            func.count().filter(last),
            func.coalesce(func.sum(what).filter(last), 0),
            func.coalesce(func.sum(what).filter(before), 0),
        ).where(
            Pledge.campaign_id == campaign.id,
            Pledge.state == PledgeState.ACTIVE,
            Pledge.placed_at > now - 2 * DAY,
        )
    ).one()
    return joined, int(last_day), int(day_before)
