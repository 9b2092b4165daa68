"""The waiting list moves up: what others could not pay for goes to those for whom there was not enough.

Once for each launch, when its window to mend cards is over; in the order that the campaign has announced.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import STANDING, PledgeState
from c2b.core.db import db
from c2b.core.outbox import notify_many
from c2b.core.states import move, move_many
from c2b.demand.allocation import Rule, allocate
from c2b.demand.curve import Wanted
from c2b.orders.telling import pledges
from c2b.pipeline.models import Launch, Offer
from c2b.pipeline.states import LaunchState

P = PledgeState


def units_to_top_up(launch: Launch, kept: int) -> dict[int, int]:
    """{pledge: units} for those on the waiting list, if only `kept` units stay set aside; empty where none move up."""
    maximum = db.session.scalar(select(Offer.maximum).where(Offer.id == launch.offer_id))
    if maximum is None or maximum <= kept:
        return {}
    waiting = _waiting(launch)
    if not waiting:
        return {}
    rule = db.session.scalar(select(Campaign.allocation).where(Campaign.id == launch.campaign_id))
    places = [Wanted(row.place, row.quantity, row.ceiling) for row in waiting]
    units = allocate(Rule(str(rule)), places, maximum - kept, seed=launch.seed)
    return {row.id: units[row.place] for row in waiting if units[row.place]}


def _waiting(launch: Launch) -> Sequence[Any]:
    """Who got nothing, can afford the price and has not bought otherwise, with the place in the order of arrival.

    The places are those of the launch, so that a draw goes on where it stopped.
    """
    in_it = and_(
        Pledge.campaign_id == launch.campaign_id,
        Pledge.late.is_(False),
        Pledge.state.not_in((P.WITHDRAWN, P.RECONFIRM)),
        or_(Pledge.state != P.RELEASED, Pledge.state_since >= launch.opened_at),
    )
    order = (Pledge.placed_at, Pledge.id)
    placed = (
        select(
            Pledge.id, Pledge.shopper_id, Pledge.quantity, Pledge.ceiling, Pledge.state,
            func.row_number().over(order_by=order).label("place"),
        ).where(in_it)
    ).subquery()  # fmt: skip
    other = aliased(Pledge)
    elsewhere = exists().where(
        other.campaign_id == launch.campaign_id,
        other.shopper_id == placed.c.shopper_id,
        other.state.in_(STANDING),
    )
    return db.session.execute(
        select(placed.c.id, placed.c.place, placed.c.quantity, placed.c.ceiling)
        .where(placed.c.state == P.UNFILLED, placed.c.ceiling >= launch.unit_price, ~elsewhere)
        .order_by(placed.c.place)
    ).all()


def top_up(launch: Launch, units: dict[int, int], now: datetime) -> None:
    """Set these units aside, tell their shoppers, and have their cards asked; the caller holds the launch's lock."""
    by_units: dict[int, list[int]] = {}
    for pledge_id, n in units.items():
        by_units.setdefault(n, []).append(pledge_id)
    moved: list[int] = []
    for n, ids in sorted(by_units.items()):
        moved += move_many(Pledge, ids, P.UNFILLED, P.ALLOCATED, by=None, now=now, allocated=n)
    launch.topped_up_at = now
    more = sum(units[pledge_id] for pledge_id in moved)
    move(launch, LaunchState.AUTHORISING, by=None, now=now, topped_up=more)
    notify_many(
        "pledge_moved_up",
        [
            (
                p.shopper_id,
                str(p.id),
                {
                    "title": p.title,
                    "path": f"/c/{p.slug}",
                    "unit_price": launch.unit_price,
                    "quantity": p.allocated,
                    "total": launch.unit_price * p.allocated,
                    "currency": launch.currency,
                },
            )
            for p in pledges(moved)
        ],
        now=now,
    )
