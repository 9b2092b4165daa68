"""What becomes of pledges once the campaign takes no more: goods set aside, late ones added, the rest let go.

None of this touches the campaign's counters: they keep saying what was pledged when it closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from c2b.campaigns import rules
from c2b.campaigns.facts import facts_of
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.requests import PledgeRequest, obey
from c2b.campaigns.states import PledgeState
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db, lock
from c2b.core.errors import Stale
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.rows import among
from c2b.core.states import move, move_all, move_many
from c2b.core.text import gettext as _

P = PledgeState
CAN_BE_RELEASED = (P.ACTIVE, P.RECONFIRM, P.ALLOCATED)


def set_aside(
    campaign_id: int,
    allocated: Mapping[int, int],
    unfilled: Sequence[int],
    released: Sequence[int],
    *,
    now: datetime,
) -> None:
    """At the launch: `allocated` is {pledge: units}, `unfilled` get no goods, `released` cannot afford the price.

    All must be active pledges of this campaign, else Stale. Writes the notices pledge_unfilled and pledge_released.
    """
    campaign = lock(Campaign, campaign_id)
    by_units: dict[int, list[int]] = {}
    for pledge_id, units in allocated.items():
        by_units.setdefault(units, []).append(pledge_id)
    for units, ids in sorted(by_units.items()):
        _move_all(ids, P.ALLOCATED, now, allocated=units)
    _move_all(unfilled, P.UNFILLED, now)
    _move_all(released, P.RELEASED, now)
    _tell(campaign, "pledge_unfilled", unfilled, now)
    _tell(campaign, "pledge_released", released, now)


def _move_all(ids: Sequence[int], new: PledgeState, now: datetime, **values: Any) -> None:
    if len(move_many(Pledge, ids, P.ACTIVE, new, by=None, now=now, **values)) != len(ids):
        raise Stale(_("Some of these pledges have changed since you looked. Please look again."))


def release_pledges(pledge_ids: Sequence[int], *, by: int | None, now: datetime) -> list[int]:
    """Let active and allocated pledges go, uncharged; returns those that were still standing. Tells nobody."""
    gone: list[int] = []
    for state in CAN_BE_RELEASED:
        gone += move_many(Pledge, list(pledge_ids), state, P.RELEASED, by=by, now=now)
    return gone


def release_all(campaign_id: int, *, by: int | None, now: datetime) -> list[int]:
    """Let every pledge of a campaign go that is not ordered or over already."""
    standing = select(Pledge.id).where(Pledge.campaign_id == campaign_id, Pledge.state.in_(CAN_BE_RELEASED))
    return release_pledges(db.session.scalars(standing.order_by(Pledge.id)).all(), by=by, now=now)


def release_everyone(campaign_ids: Sequence[int], *, now: datetime) -> None:
    """Let every pledge of these campaigns go that is not ordered or over already; their campaigns are locked."""
    for state in CAN_BE_RELEASED:
        move_all(Pledge, among(Pledge.campaign_id, campaign_ids), state, P.RELEASED, by=None, now=now)


def place_late(campaign_id: int, request: PledgeRequest, unit_price: int, *, now: datetime) -> Pledge:
    """A pledge from what a launch left over, at its price and already allocated. Raises Refused.

    The caller has taken the units from what is left. It counts for nothing but itself.
    """
    campaign = lock(Campaign, campaign_id)
    if earlier := _first_answer(campaign, request):
        return earlier
    request = replace(request, ceiling=unit_price, tolerance=0)
    shopper = facts_of(campaign, request.shopper_id)
    no = rules.why_not_late(campaign, request, shopper=shopper, terms=terms_hash(campaign))
    obey(no)
    pledge = _late_pledge(campaign, request, now)
    db.session.add(pledge)
    record(pledge, "pledge.placed", by=request.shopper_id, at=now, quantity=request.quantity, late=True)
    move(pledge, P.ALLOCATED, by=request.shopper_id, now=now)
    return pledge


def _late_pledge(campaign: Campaign, request: PledgeRequest, now: datetime) -> Pledge:
    return Pledge(
        campaign_id=campaign.id,
        shopper_id=request.shopper_id,
        quantity=request.quantity,
        ceiling=request.ceiling,
        counts=False,
        options=dict(request.options),
        region=request.region,
        address_id=request.address_id,
        mandate_id=request.mandate_id,
        terms=request.terms,
        request_key=request.request_key,
        late=True,
        placed_at=now,
        state_since=now,
        allocated=request.quantity,
    )


def _first_answer(campaign: Campaign, request: PledgeRequest) -> Pledge | None:
    if request.request_key is None:
        return None
    return db.session.scalar(
        select(Pledge).where(
            Pledge.request_key == request.request_key,
            Pledge.shopper_id == request.shopper_id,
            Pledge.campaign_id == campaign.id,
        )
    )


def _tell(campaign: Campaign, kind: str, ids: Sequence[int], now: datetime) -> None:
    """One notice to the shopper of each of these pledges."""
    if not ids:
        return
    about = {"title": campaign.title, "path": f"/c/{campaign.slug}", "currency": campaign.currency}
    wanted = set(ids)
    rows = db.session.execute(
        select(Pledge.id, Pledge.shopper_id, Pledge.quantity, Pledge.ceiling).where(
            Pledge.campaign_id == campaign.id, Pledge.state.in_((P.UNFILLED, P.RELEASED))
        )
    )
    notify_many(
        kind,
        [
            (shopper_id, str(id_), about | {"quantity": quantity, "ceiling": ceiling})
            for id_, shopper_id, quantity, ceiling in rows
            if id_ in wanted
        ],
        now=now,
    )
