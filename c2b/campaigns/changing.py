"""A pledge changed or withdrawn by the one who made it, under the campaign's lock."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from c2b.campaigns import rules
from c2b.campaigns.facts import facts_of
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.requests import PledgeChange, obey
from c2b.campaigns.states import PledgeState
from c2b.campaigns.tally import Amount, Tally, add_demand, take_demand, write_counters
from c2b.campaigns.tipping import close_early, tip
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound
from c2b.core.events import record
from c2b.core.states import move

P = PledgeState


def change_pledge(pledge_id: int, change: PledgeChange, *, by: int, now: datetime) -> Pledge:
    """Change one's own pledge; NotFound where it is somebody else's. A change may tip the campaign."""
    campaign, pledge = _lock_mine(pledge_id, by)
    tally = Tally.of(campaign)
    no = rules.why_not_change(
        campaign, pledge, change, shopper=facts_of(campaign, by), units_left=tally.units_left, now=now
    )
    obey(no)
    before = Amount(pledge.ceiling, pledge.quantity, pledge.tolerance)
    changed = _apply(campaign, pledge, change)
    after = Amount(pledge.ceiling, pledge.quantity, pledge.tolerance)
    record(pledge, "pledge.changed", by=by, at=now, **changed)
    if before == after:
        return pledge
    take_demand(campaign.id, before)
    add_demand(db.session.connection(), [(campaign.id, after)])
    tally.add(_minus(before))
    tips = tally.add(after)
    write_counters(campaign, tally)
    if tips:
        tip(campaign, pledge.id, by=by, counted=tally.counted, now=now)
    close_early(campaign, now=now)
    db.session.flush()
    return pledge


def withdraw_pledge(pledge_id: int, *, by: int, now: datetime) -> None:
    """Leave a campaign; NotFound where the pledge is somebody else's, Refused once the campaign has tipped."""
    campaign, pledge = _lock_mine(pledge_id, by)
    no = rules.why_not_withdraw(campaign, pledge, now)
    obey(no)
    counted = pledge.state == P.ACTIVE
    move(pledge, P.WITHDRAWN, by=by, now=now)
    if counted:
        amount = Amount(pledge.ceiling, pledge.quantity, pledge.tolerance)
        tally = Tally.of(campaign)
        tally.add(_minus(amount))
        take_demand(campaign.id, amount)
        lately = pledge.placed_at > now - timedelta(days=1)
        write_counters(campaign, tally, left=1 if lately else 0)
    if pledge.placed_at == campaign.last_joined_at:
        campaign.last_joined_at = _last_joined(campaign.id)
    db.session.flush()


def _last_joined(campaign_id: int) -> datetime | None:
    """When the last of those joined who are in, by the ends of an index."""
    lasts = [
        select(func.max(Pledge.placed_at)).where(Pledge.campaign_id == campaign_id, Pledge.state == state)
        for state in (P.ACTIVE, P.RECONFIRM)
    ]
    found = [at for at in map(db.session.scalar, lasts) if at is not None]
    return max(found, default=None)


def _lock_mine(pledge_id: int, by: int) -> tuple[Campaign, Pledge]:
    """The pledge and its campaign, both held, the campaign first; somebody else's pledge does not exist."""
    seen = get_or_404(Pledge, pledge_id)
    if seen.shopper_id != by:
        raise NotFound
    return lock(Campaign, seen.campaign_id), lock(Pledge, pledge_id)


def _minus(amount: Amount) -> Amount:
    return Amount(amount.ceiling, -amount.units, -amount.tolerance, -1)


def _apply(campaign: Campaign, pledge: Pledge, change: PledgeChange) -> dict[str, Any]:
    """Write the new values; returns {field: [old, new]} of those that are different, for the diary."""
    fields = ("quantity", "ceiling", "tolerance", "options", "region", "address_id", "mandate_id")
    changed: dict[str, Any] = {}
    for name in fields:
        new, old = getattr(change, name), getattr(pledge, name)
        if new is None or new == old:
            continue
        new = dict(new) if name == "options" else new
        changed[name] = [old, new]
        setattr(pledge, name, new)
    pledge.counts = pledge.ceiling >= campaign.first_price
    return changed
