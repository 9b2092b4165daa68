"""Pledges: placed as a list in one transaction, changed, withdrawn. All under the campaign's lock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from c2b.campaigns import rules
from c2b.campaigns.facts import Facts, facts_of, gather
from c2b.campaigns.fulfilling import place_late, release_pledges, set_aside
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.requests import PledgeChange, PledgeRequest, Refusal, obey
from c2b.campaigns.states import PledgeState
from c2b.campaigns.tally import Amount, Tally, add_demand, take_demand, write_counters
from c2b.campaigns.terms import terms_hash
from c2b.campaigns.tipping import close_early, tip
from c2b.core.db import db, get_or_404, is_sqlite, lock
from c2b.core.errors import NotFound
from c2b.core.events import record, record_many
from c2b.core.outbox import notify_many
from c2b.core.states import move
from c2b.core.text import gettext as _

__all__ = [
    "Answer", "PledgeChange", "PledgeRequest", "change_pledge", "place_late", "place_pledge", "place_pledges",
    "release_pledges", "set_aside", "withdraw_pledge",
]  # fmt: skip

P = PledgeState


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request: a pledge, or a refusal with its code and sentence."""

    pledge_id: int | None = None
    code: str | None = None
    reason: str | None = None


def place_pledges(campaign_id: int, requests: Sequence[PledgeRequest], *, now: datetime) -> list[Answer]:
    """Take a list of pledges for one campaign, in the order given; answers in the same order. Never commits.

    One lock, one look, one insert: the number of statements does not depend on the length of the list. The
    pledge that reaches the threshold tips the campaign in the same transaction; where the close rule ends the
    campaign in the middle of the list, those after it are refused. A repeated request key gets its first answer.
    """
    if not requests:
        return []
    campaign = lock(Campaign, campaign_id)
    facts = gather(campaign, requests)
    looked_at = _look(campaign, facts, requests, now)
    accepted = [request for request, found in zip(requests, looked_at, strict=True) if found is None]
    placed = _insert(campaign, accepted, now)
    _count(campaign, [request for request in accepted if request.shopper_id in placed], placed, now)
    return [
        _answer(request, found, facts, placed) for request, found in zip(requests, looked_at, strict=True)
    ]


def place_pledge(campaign_id: int, request: PledgeRequest, *, now: datetime) -> Pledge:
    """Take one pledge, or raise Refused with the sentence for the person."""
    [answer] = place_pledges(campaign_id, [request], now=now)
    if answer.code is not None and answer.reason is not None:
        obey(Refusal(answer.code, answer.reason))
    return get_or_404(Pledge, answer.pledge_id)


Found = (
    Refusal | int | str | None
)  # a refusal, an earlier pledge, the key of one in this list, or nothing against it


def _look(campaign: Campaign, facts: Facts, requests: Sequence[PledgeRequest], now: datetime) -> list[Found]:
    """Ask the rules for each request in order of arrival, with the counters as those before it leave them."""
    tally, terms = Tally.of(campaign), terms_hash(campaign)
    keys: dict[str, int] = {}
    joined: set[int] = set()
    found: list[Found] = []
    for request in requests:
        found.append(_why_not(campaign, request, facts, tally, terms, keys, joined, now))
        if found[-1] is None:
            tally.add(_amount(request))
            joined.add(request.shopper_id)
            if request.request_key is not None:
                keys[request.request_key] = request.shopper_id
    return found


def _why_not(
    campaign: Campaign,
    request: PledgeRequest,
    facts: Facts,
    tally: Tally,
    terms: str,
    keys: dict[str, int],
    joined: set[int],
    now: datetime,
) -> Found:
    key = request.request_key
    if key is not None and (first := facts.first_answers.get(key)):
        return first[0] if first[1:] == (request.shopper_id, campaign.id) else _key_is_taken()
    if key is not None and key in keys:
        return key if keys[key] == request.shopper_id else _key_is_taken()
    if tally.closed:
        return Refusal("closed", _("This campaign is closed."))
    shopper = facts.of(request.shopper_id)
    if request.shopper_id in joined:
        shopper = replace(shopper, joined=True)
    return rules.why_not_pledge(
        campaign, request, shopper=shopper, units_left=tally.units_left, terms=terms, now=now
    )


def _key_is_taken() -> Refusal:
    return Refusal("key_taken", _("This form was sent for something else. Please open the page again."))


def _amount(request: PledgeRequest) -> Amount:
    return Amount(request.ceiling, request.quantity, request.tolerance)


def _insert(campaign: Campaign, accepted: Sequence[PledgeRequest], now: datetime) -> dict[int, int]:
    """Write all pledges at once: {shopper: pledge}. Where one stands already, the index keeps the second out."""
    if not accepted:
        return {}
    table = Pledge.__table__
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(table)
    rows = db.session.execute(
        insert.on_conflict_do_nothing().returning(table.c.shopper_id, table.c.id),
        [_row(campaign, request, now) for request in accepted],
    )
    return dict(rows.all())


def _row(campaign: Campaign, request: PledgeRequest, now: datetime) -> dict[str, Any]:
    return {
        "campaign_id": campaign.id,
        "shopper_id": request.shopper_id,
        "quantity": request.quantity,
        "tolerance": request.tolerance,
        "ceiling": request.ceiling,
        "counts": request.ceiling >= campaign.first_price,
        "options": dict(request.options),
        "region": request.region,
        "address_id": request.address_id,
        "mandate_id": request.mandate_id,
        "terms": request.terms,
        "request_key": request.request_key,
        "brought_by": None if request.brought_by == request.shopper_id else request.brought_by,
        "late": False,
        "placed_at": now,
        "state": P.ACTIVE,
        "state_since": now,
        "allocated": 0,
    }


def _count(
    campaign: Campaign, written: Sequence[PledgeRequest], placed: dict[int, int], now: datetime
) -> None:
    """Counters, demand curve, diary and notices of the pledges that were written; the one that tips, tips."""
    if not written:
        return
    tally, tipping = Tally.of(campaign), None
    for request in written:
        if tally.add(_amount(request)):
            tipping = (request, tally.counted)
    write_counters(campaign, tally, joined=len(written), now=now)
    add_demand(campaign.id, map(_amount, written))
    record_many([_line(request, placed[request.shopper_id], now) for request in written])
    if tipping is not None:
        first, counted = tipping
        tip(campaign, placed[first.shopper_id], by=first.shopper_id, counted=counted, now=now)
    _tell(campaign, written, placed, now)
    close_early(campaign, now=now)
    db.session.flush()


def _line(request: PledgeRequest, pledge_id: int, now: datetime) -> dict[str, Any]:
    data = {"quantity": request.quantity, "ceiling": request.ceiling, "tolerance": request.tolerance}
    return {
        "subject": "pledge",
        "subject_id": pledge_id,
        "kind": "pledge.placed",
        "by": request.shopper_id,
        "at": now,
        "data": data,
    }


def _tell(
    campaign: Campaign, written: Sequence[PledgeRequest], placed: dict[int, int], now: datetime
) -> None:
    about = {
        "title": campaign.title,
        "path": f"/c/{campaign.slug}",
        "currency": campaign.currency,
        "closes_at": campaign.closes_at.isoformat() if campaign.closes_at else None,
        "tipped": campaign.tipped_at is not None,
    }
    notify_many(
        "pledge_placed",
        [
            (r.shopper_id, str(placed[r.shopper_id]), about | {"quantity": r.quantity, "ceiling": r.ceiling})
            for r in written
        ],
        now=now,
    )


def _answer(request: PledgeRequest, found: Found, facts: Facts, placed: dict[int, int]) -> Answer:
    if isinstance(found, Refusal):
        return Answer(code=found.code, reason=found.reason)
    if isinstance(found, int):
        return Answer(found)
    if request.shopper_id in placed:
        return Answer(placed[request.shopper_id])
    # Only a writer who went round the lock gets here: the index kept the second pledge out.
    return Answer(code="already", reason=_("You have joined this campaign already."))


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
    add_demand(campaign.id, [after])
    tally.add(_minus(before))
    tips = tally.add(after)
    write_counters(campaign, tally, joined=0, now=now)
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
        write_counters(campaign, tally, joined=-1 if lately else 0, now=now)
    db.session.flush()


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
