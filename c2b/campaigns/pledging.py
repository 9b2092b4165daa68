"""Pledges: placed as a list in one transaction, under the campaigns' locks.

The list is the hot path: it works on sets and plain values, and asks for no record. See docs/architecture.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm.util import identity_key

from c2b.campaigns import rules
from c2b.campaigns.changing import change_pledge, withdraw_pledge
from c2b.campaigns.facts import Asked, gather
from c2b.campaigns.fulfilling import place_late, release_pledges, set_aside
from c2b.campaigns.held import Held, hold
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.requests import PledgeChange, PledgeRequest, Refusal, obey
from c2b.campaigns.states import PledgeState
from c2b.campaigns.tally import Amount, Tally, add_demand, add_joined
from c2b.campaigns.tipping import close_early, tip
from c2b.core.db import db, get_or_404, lock
from c2b.core.events import record_many
from c2b.core.outbox import notify_many
from c2b.core.rows import insert_rows
from c2b.core.text import gettext as _
from c2b.core.text import speaking

__all__ = [
    "Answer", "PledgeChange", "PledgeRequest", "change_pledge", "place_held", "place_late", "place_many",
    "place_pledge", "place_pledges", "release_pledges", "set_aside", "withdraw_pledge",
]  # fmt: skip

P = PledgeState
Wanted = tuple[int, PledgeRequest]  # for which campaign


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request: a pledge, or a refusal with its code and sentence."""

    pledge_id: int | None = None
    code: str | None = None
    reason: str | None = None


def place_many(wanted: Sequence[Wanted], *, now: datetime) -> list[Answer]:
    """Take a list of pledges for any campaigns, in the order given; answers in the same order. Never commits.

    One lock, one look, one insert: the number of statements depends neither on the length of the list nor on the
    number of campaigns. The pledge that reaches a threshold tips its campaign in the same transaction; where the
    close rule ends a campaign in the middle of the list, those after it are refused. A repeated request key gets
    its first answer.
    """
    if not wanted:
        return []
    db.session.flush()
    held = hold(db.session.connection(), {campaign_id for campaign_id, _request in wanted})
    return place_held(held, wanted, now=now)


def place_held(held: dict[int, Held], wanted: Sequence[Wanted], *, now: datetime) -> list[Answer]:
    """What `place_many` does, once the campaigns are held."""
    connection = db.session.connection()
    found = _look(held, wanted, gather(connection, wanted), now)
    accepted = [one for one, no in zip(wanted, found, strict=True) if no is None]
    placed = _insert(held, accepted, now)
    _count(connection, held, [one for one in accepted if _who(*one) in placed], placed, now)
    return [_answer(one, no, placed) for one, no in zip(wanted, found, strict=True)]


def place_pledges(campaign_id: int, requests: Sequence[PledgeRequest], *, now: datetime) -> list[Answer]:
    """Take a list of pledges for one campaign, as `place_many` does."""
    return place_many([(campaign_id, request) for request in requests], now=now)


def place_pledge(campaign_id: int, request: PledgeRequest, *, now: datetime) -> Pledge:
    """Take one pledge, or raise Refused with the sentence for the person."""
    [answer] = place_many([(campaign_id, request)], now=now)
    if answer.code is not None and answer.reason is not None:
        obey(Refusal(answer.code, answer.reason))
    return get_or_404(Pledge, answer.pledge_id)


# A refusal, an earlier pledge, the key of a request that stands before in this list, or nothing against it.
Found = Refusal | int | str | None
Who = tuple[int, int]  # campaign, shopper


def _who(campaign_id: int, request: PledgeRequest) -> Who:
    return campaign_id, request.shopper_id


@dataclass(slots=True)
class _Seen:
    """What those who stand before in the list leave behind."""

    tallies: dict[int, Tally]
    joined: set[Who]
    keys: dict[str, Who]


def _look(
    held: dict[int, Held], wanted: Sequence[Wanted], asked: Sequence[Asked], now: datetime
) -> list[Found]:
    """Ask the rules for each request in order of arrival, with the counters as those before it leave them."""
    seen = _Seen({id_: Tally.of(campaign) for id_, campaign in held.items()}, set(), {})
    found: list[Found] = []
    for (campaign_id, request), facts in zip(wanted, asked, strict=True):
        no = _why_not(held[campaign_id], request, facts, seen, now)
        if isinstance(no, Refusal) and request.language:
            with speaking(request.language):
                no = _why_not(held[campaign_id], request, facts, seen, now)
        found.append(no)
        if no is None:
            seen.tallies[campaign_id].add(_amount(request))
            seen.joined.add(_who(campaign_id, request))
            if request.request_key is not None:
                seen.keys[request.request_key] = _who(campaign_id, request)
    return found


def _why_not(campaign: Held, request: PledgeRequest, facts: Asked, seen: _Seen, now: datetime) -> Found:
    key, who, first = request.request_key, _who(campaign.id, request), facts.first
    if request.session is not None and request.session != facts.session:
        return Refusal("session_ended", _("Your session has ended. Sign in again."))
    if first is not None:
        return first.pledge_id if (first.campaign_id, first.shopper_id) == who else _key_is_taken()
    if key is not None and key in seen.keys:
        return key if seen.keys[key] == who else _key_is_taken()
    tally, shopper = seen.tallies[campaign.id], facts.shopper
    if tally.closed:
        return Refusal("closed", _("This campaign is closed."))
    if who in seen.joined:
        shopper = replace(shopper, joined=True)
    return rules.why_not_pledge(
        campaign, request, shopper=shopper, units_left=tally.units_left, terms=campaign.terms, now=now
    )


def _key_is_taken() -> Refusal:
    return Refusal("key_taken", _("This form was sent for something else. Please open the page again."))


def _amount(request: PledgeRequest) -> Amount:
    return Amount(request.ceiling, request.quantity, request.tolerance)


def _insert(held: dict[int, Held], accepted: Sequence[Wanted], now: datetime) -> dict[Who, int]:
    """Write all pledges at once: {who: pledge}. Where one stands already, the index keeps the second out."""
    if not accepted:
        return {}
    rows = [_row(held[campaign_id], request) for campaign_id, request in accepted]
    placed = insert_rows(
        Pledge, rows, only_new=True, returning=("campaign_id", "shopper_id", "id"),
        late=False, placed_at=now, state=P.ACTIVE, state_since=now, allocated=0,
    )  # fmt: skip
    return {(campaign_id, shopper_id): id_ for campaign_id, shopper_id, id_ in placed}


def _row(campaign: Held, request: PledgeRequest) -> dict[str, Any]:
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
    }


def _count(
    connection: Connection,
    held: dict[int, Held],
    written: Sequence[Wanted],
    placed: dict[Who, int],
    now: datetime,
) -> None:
    """Counters, demand curves, diary and notices of the pledges that were written; those that tip, tip."""
    if not written:
        return
    tallies = {id_: Tally.of(campaign) for id_, campaign in held.items()}
    tipping, lines, messages = [], [], []
    for campaign_id, request in written:
        tally, pledge_id = tallies[campaign_id], placed[campaign_id, request.shopper_id]
        tally.joined += 1
        if tally.add(_amount(request)):
            tipping.append((campaign_id, pledge_id, request.shopper_id, tally.counted))
        lines.append(_line(request, pledge_id, now))
        messages.append((request.shopper_id, str(pledge_id), _said(held[campaign_id], request, tally.tipped)))
    add_joined(connection, tallies.values(), now)
    add_demand(connection, [(campaign_id, _amount(request)) for campaign_id, request in written])
    record_many(lines)
    _expire(held)
    for campaign_id, pledge_id, shopper_id, counted in tipping:
        tip(lock(Campaign, campaign_id), pledge_id, by=shopper_id, counted=counted, now=now)
    notify_many("pledge_placed", messages, now=now)
    for campaign_id, tally in tallies.items():
        if tally.closed and tally.joined:
            close_early(lock(Campaign, campaign_id), now=now)
    db.session.flush()


def _expire(ids: Iterable[int]) -> None:
    """A record of these campaigns that somebody holds in their hands is read again when it is next looked at."""
    known = db.session().identity_map
    for id_ in ids:
        if (campaign := known.get(identity_key(Campaign, id_))) is not None:
            db.session.expire(campaign)


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


def _said(campaign: Held, request: PledgeRequest, tipped: bool) -> dict[str, Any]:
    """What the notice says."""
    return {
        "title": campaign.title,
        "path": f"/c/{campaign.slug}",
        "currency": campaign.currency,
        "closes_at": campaign.closes_at.isoformat() if campaign.closes_at else None,
        "tipped": tipped,
        "quantity": request.quantity,
        "ceiling": request.ceiling,
    }


def _answer(one: Wanted, found: Found, placed: dict[Who, int]) -> Answer:
    if isinstance(found, Refusal):
        return Answer(code=found.code, reason=found.reason)
    if isinstance(found, int):
        return Answer(found)
    if (id_ := placed.get(_who(*one))) is not None:
        return Answer(id_)
    # Only a writer who went round the lock gets here: the index kept the second pledge out.
    return Answer(code="already", reason=_("You have joined this campaign already."))
