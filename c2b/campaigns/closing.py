"""The end of a campaign's open time, and who is told of what. Each function may be called again at any time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, or_, select, union, update

from c2b.campaigns.fulfilling import release_all
from c2b.campaigns.models import Campaign, DemandPoint, Follow, Pledge
from c2b.campaigns.states import STANDING, TAKES_PLEDGES, Basis, CampaignState, PledgeState
from c2b.campaigns.tipping import stop_taking
from c2b.core.db import db, lock
from c2b.core.events import Event, record
from c2b.core.outbox import notify_many
from c2b.core.states import move
from c2b.demand.clearing import Cleared, clear
from c2b.demand.curve import Curve, Tier
from c2b.demand.heat import heat, heat_score

C = CampaignState
REMIND_BEFORE = timedelta(hours=48)
DAY = timedelta(days=1)


def campaigns_to_close(now: datetime) -> list[int]:
    """Campaigns whose time is up and that still stand as open or tipped, longest over first."""
    due = select(Campaign.id).where(Campaign.state.in_(TAKES_PLEDGES), Campaign.closes_at < now)
    return list(db.session.scalars(due.order_by(Campaign.closes_at, Campaign.id)))


def close_campaign(campaign_id: int, *, now: datetime) -> None:
    """End a campaign whose time is up: enough demand is sourced, too little expires. Else do nothing.

    Conditional demand decides here: where the threshold is missed at the first price, pledges with lower
    ceilings, and what shoppers would also take, may still clear a lower tier.
    """
    campaign = lock(Campaign, campaign_id)
    if campaign.state not in TAKES_PLEDGES or campaign.closes_at is None or now <= campaign.closes_at:
        return
    if campaign.state == C.OPEN:
        cleared = clears_by_demand(campaign, curve_of(campaign_id))
        if cleared is None:
            _expire(campaign, now)
            return
        campaign.tip_by_demand = True
        campaign.tipped_at = campaign.closes_at  # all of the demand was there then, however late this job is
        move(campaign, C.TIPPED, by=None, now=now, unit_price=cleared.unit_price, units=cleared.units)
    stop_taking(campaign, at=campaign.closes_at, now=now)
    db.session.flush()


def curve_of(campaign_id: int) -> Curve:
    """The demand curve from its roll-up."""
    points = select(DemandPoint.ceiling, DemandPoint.units, DemandPoint.tolerance, DemandPoint.people)
    rows = db.session.execute(points.where(DemandPoint.campaign_id == campaign_id, DemandPoint.people > 0))
    return Curve.from_groups((row[0], row[1], row[2], row[3]) for row in rows)


def clears_by_demand(campaign: Campaign, curve: Curve) -> Cleared | None:
    """The tier that all of the demand reaches, conditional demand included, or None.

    Where the threshold counts people, that many must also be able to afford the price.
    """
    cleared = clear([Tier(tier.from_quantity, tier.unit_price) for tier in campaign.tiers], curve)
    if cleared is None or campaign.basis == Basis.UNITS:
        return cleared
    return cleared if curve.people_at(cleared.unit_price) >= campaign.threshold else None


def _expire(campaign: Campaign, now: datetime) -> None:
    campaign.closed_at = campaign.closes_at
    move(campaign, C.EXPIRED, by=None, now=now, counted_units=campaign.counted_units)
    people = audience(campaign.id)
    release_all(campaign.id, by=None, now=now)
    tell(campaign, "campaign_expired", people, now=now)


def audience(campaign_id: int) -> list[int]:
    """Everyone with a standing pledge, and everyone who follows."""
    joined = select(Pledge.shopper_id).where(Pledge.campaign_id == campaign_id, Pledge.state.in_(STANDING))
    following = select(Follow.user_id).where(Follow.campaign_id == campaign_id)
    return sorted(db.session.scalars(union(joined, following)))


def tell(campaign: Campaign, kind: str, people: Iterable[int], *, now: datetime, **more: Any) -> None:
    """Leave one notice of this kind about the campaign for each of these people; once each."""
    closes = campaign.closes_at.isoformat() if campaign.closes_at else None
    about = {"title": campaign.title, "path": f"/c/{campaign.slug}", "closes_at": closes, **more}
    notify_many(kind, [(user_id, f"{campaign.id}:{user_id}", about) for user_id in people], now=now)


def campaigns_closing_soon(now: datetime) -> list[int]:
    """Campaigns that close within 48 hours and whose people were not reminded yet.

    One that is open for less than that from the start needs no reminder.
    """
    rows = db.session.execute(
        select(Campaign.id, Campaign.opened_at, Campaign.closes_at)
        .where(
            Campaign.state.in_(TAKES_PLEDGES),
            Campaign.closes_at > now,
            Campaign.closes_at <= now + REMIND_BEFORE,
            ~_was_told("campaign.reminded"),
        )
        .order_by(Campaign.closes_at, Campaign.id)
    )
    return [id_ for id_, opened, closes in rows if opened and closes and closes - opened > REMIND_BEFORE]


def remind_closing(campaign_id: int, *, now: datetime) -> None:
    """Tell everyone who joined or follows that the campaign closes soon; once."""
    campaign = lock(Campaign, campaign_id)
    if campaign.state in TAKES_PLEDGES and not _has_line(campaign, "campaign.reminded"):
        people, tipped = audience(campaign_id), campaign.tipped_at is not None
        joined = _can_change(campaign_id)
        change = f"/c/{campaign.slug}/change"
        tell(campaign, "campaign_closing_soon", joined, now=now, tipped=tipped, change=change)
        others = sorted(set(people) - set(joined))
        tell(campaign, "campaign_closing_soon", others, now=now, tipped=tipped)
        record(campaign, "campaign.reminded", by=None, at=now, people=len(people))


def _can_change(campaign_id: int) -> list[int]:
    """Who joined and may still change the most they would pay; their reminder leads there."""
    active = select(Pledge.shopper_id).where(
        Pledge.campaign_id == campaign_id, Pledge.state == PledgeState.ACTIVE
    )
    return sorted(db.session.scalars(active))


def campaigns_to_tell(now: datetime) -> list[int]:
    """Campaigns that tipped and whose people were not told yet.

    Telling is a job's work: written with the pledge that tips, ten thousand notices would keep everyone who
    is joining at that moment waiting for the campaign's lock.
    """
    del now
    tipped = (C.TIPPED, C.SOURCING, C.AWARDED, C.SCHEDULED)
    due = select(Campaign.id).where(Campaign.state.in_(tipped), ~_was_told("campaign.told"))
    return list(db.session.scalars(due.order_by(Campaign.tipped_at, Campaign.id)))


def tell_tipped(campaign_id: int, *, now: datetime) -> None:
    """Tell everyone who joined or follows that the campaign is on; once. Who joins later is told when joining."""
    campaign = lock(Campaign, campaign_id)
    if campaign.tipped_at is not None and not _has_line(campaign, "campaign.told"):
        people = audience(campaign_id)
        still_open = campaign.state == C.TIPPED
        tell(
            campaign,
            "campaign_tipped",
            people,
            now=now,
            still_open=still_open,
            by_demand=campaign.tip_by_demand,
        )
        record(campaign, "campaign.told", by=None, at=now, people=len(people))


def _was_told(kind: str) -> Any:
    return exists().where(Event.subject == "campaign", Event.subject_id == Campaign.id, Event.kind == kind)


def _has_line(campaign: Campaign, kind: str) -> bool:
    line = select(Event.id).where(
        Event.subject == "campaign", Event.subject_id == campaign.id, Event.kind == kind
    )
    return db.session.scalar(line.limit(1)) is not None


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


__all__ = [
    "audience", "campaigns_closing_soon", "campaigns_to_close", "campaigns_to_tell",
    "campaigns_to_warm", "clears_by_demand", "close_campaign", "curve_of", "refresh_heat", "remind_closing", "tell",
    "tell_tipped",
]  # fmt: skip
