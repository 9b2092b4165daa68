"""What follows from a provider's answers: notices, dropped pledges, orders. In the transaction that books them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.core.rows import among
from c2b.core.states import move_many
from c2b.orders import rules
from c2b.orders.placing import place_orders
from c2b.orders.releasing import charged_too_late, let_go
from c2b.orders.telling import pledges, tell_dropped, tell_failed
from c2b.payments import declines, windows
from c2b.payments.attempts import Answered, Request, follows
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch

Rows = Sequence[tuple[Request, str | None]]


@follows(Purpose.AUTHORISE, Purpose.CAPTURE, Purpose.VOID)
def follow(news: Answered, now: datetime) -> None:
    """All that follows from answers about pledges' money."""
    for launch_id in sorted({request.launch_id for request, _outcome in news if request.launch_id}):
        launch = db.session.get_one(Launch, launch_id, populate_existing=True)
        mine = [(r, o.code) for r, o in news if r.launch_id == launch_id]
        states = {r.attempt_id: o.state for r, o in news}
        for purpose, state, follow in FOLLOWS:
            rows = [(r, code) for r, code in mine if r.purpose == purpose and states[r.attempt_id] == state]
            if rows:
                follow(launch, rows, now)


def _held(launch: Launch, rows: Rows, now: datetime) -> None:
    """What turns up after its pledge was given up is let go again (F-38)."""
    let_go(launch, _given_up([request.pledge_id for request, _code in rows]), now)


def _given_up(ids: Sequence[int]) -> list[int]:
    """Those of these pledges that have no goods any more; looked at under their locks, as they may just lose them."""
    rows = db.session.execute(
        select(Pledge.id, Pledge.state)
        .where(among(Pledge.id, ids))
        .order_by(Pledge.id)
        .with_for_update(key_share=True)
    )
    return [row.id for row in rows if row.state not in (PledgeState.ALLOCATED, PledgeState.ORDERED)]


def _authorisation_failed(launch: Launch, rows: Rows, now: datetime) -> None:
    codes = {request.pledge_id: code for request, code in rows}
    found = pledges(codes)
    drop(launch, {p.id: codes[p.id] for p in found if rules.one_chance(launch, p)}, now)
    for request, code in rows:
        at = declines.retry_at(code, launch.opened_at, launch.mend_until, now, windows.RETRY_AFTER)
        if at is not None and not rules.one_chance(launch, None):
            _try_again(request.attempt_id, at)
    quiet = _tried_by_itself(rows) | {id_ for id_, code in codes.items() if code == "never_arrived"}
    told = [p for p in found if p.id not in quiet and not rules.one_chance(launch, p)]
    tell_failed(launch, told, {request.pledge_id: request for request, _code in rows}, codes, now)


def _try_again(attempt_id: int, at: datetime) -> None:
    db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id)
        .values(retry_at=at)
        .execution_options(synchronize_session=False)
    )


def _tried_by_itself(rows: Rows) -> set[int]:
    """Pledges whose card was tried again without anybody asking: their shoppers were told of the first failure."""
    tried = [request.attempt_id for request, _code in rows if request.generation > 1]
    if not tried:
        return set()
    before = aliased(Attempt)
    query = (
        select(Attempt.pledge_id)
        .join(before, before.pledge_id == Attempt.pledge_id)
        .where(
            among(Attempt.id, tried),
            before.purpose == Purpose.AUTHORISE,
            before.generation == Attempt.generation - 1,
            before.retry_at.is_not(None),
        )
    )
    return set(db.session.scalars(query))


def _needs_the_shopper(launch: Launch, rows: Rows, now: datetime) -> None:
    codes: dict[int, str | None] = {request.pledge_id: "requires_action" for request, _code in rows}
    attempts = {request.pledge_id: request for request, _code in rows}
    tell_failed(launch, pledges(codes), attempts, codes, now)


def _captured(launch: Launch, rows: Rows, now: datetime) -> None:
    captures = [request for request, _code in rows]
    ordered = place_orders(launch, captures, now)
    charged_too_late([request for request in captures if request.pledge_id not in ordered], now)


def _capture_failed(launch: Launch, rows: Rows, now: datetime) -> None:
    """A hold that ran out is made again, a passing trouble asked for again; else the pledge is given up."""
    for_good: dict[int, str | None] = {}
    for request, code in rows:
        if code in declines.HOLD_GONE and request.generation < declines.MOST_TRIES:
            _has_run_out(request.pledge_id, now)
        elif not declines.may_ask_again(code, request.generation):
            for_good[request.pledge_id] = code
    drop(launch, for_good, now)
    let_go(
        launch, _given_up([request.pledge_id for request, code in rows if code not in declines.NOT_HELD]), now
    )


def _has_run_out(pledge_id: int, now: datetime) -> None:
    """The provider has let go of the money, whatever it said before of how long it would hold it."""
    db.session.execute(
        update(Attempt)
        .where(
            Attempt.pledge_id == pledge_id,
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state == AttemptState.SUCCEEDED,
            or_(Attempt.expires_at.is_(None), Attempt.expires_at > now),
        )
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )


def _let_go(launch: Launch, rows: Rows, now: datetime) -> None:
    """What waited for the shopper's yes waits no longer; where that was the only chance, the pledge ends with it."""
    ids = [request.pledge_id for request, _code in rows]
    waiting = db.session.scalars(
        select(Attempt.id).where(
            among(Attempt.pledge_id, ids),
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state == AttemptState.REQUIRES_ACTION,
        )
    ).all()
    move_many(
        Attempt,
        waiting,
        AttemptState.REQUIRES_ACTION,
        AttemptState.EXPIRED,
        by=None,
        now=now,
        decided_at=now,
        look_up_at=None,
    )
    drop(launch, {p.id: "not_confirmed" for p in pledges(ids) if rules.one_chance(launch, p)}, now)


def _not_let_go(launch: Launch, rows: Rows, now: datetime) -> None:
    """A release that failed because nothing is held is as good; else it is asked for again, then a case."""
    _let_go(launch, [(request, code) for request, code in rows if code in declines.NOT_HELD], now)
    refused = [(request, code) for request, code in rows if code not in declines.NOT_HELD]
    again = [request for request, code in refused if declines.may_ask_again(code, request.generation)]
    let_go(launch, [request.pledge_id for request in again], now)
    cases = [request.attempt_id for request, _code in refused if request not in again]
    if cases:
        db.session.execute(
            update(Attempt)
            .where(among(Attempt.id, cases))
            .values(case_at=now)
            .execution_options(synchronize_session=False)
        )


def drop(launch: Launch, codes: Mapping[int, str | None], now: datetime) -> None:
    """Give up pledges whose payment failed for good; their shoppers are told, and late units are for sale again.

    A launch that lets everybody go gives up nobody for the payment's sake.
    """
    if launch.state in rules.LETS_ALL_GO:
        return
    gone = move_many(Pledge, list(codes), PledgeState.ALLOCATED, PledgeState.DROPPED, by=None, now=now)
    dropped = pledges(gone)
    tell_dropped(launch, dropped, codes, now)
    back = sum(p.allocated for p in dropped if p.late)
    if back:
        db.session.execute(
            update(Launch).where(Launch.id == launch.id).values(leftover=Launch.leftover + back)
        )
        db.session.refresh(launch)


FOLLOWS = (
    (Purpose.AUTHORISE, AttemptState.SUCCEEDED, _held),
    (Purpose.AUTHORISE, AttemptState.FAILED, _authorisation_failed),
    (Purpose.AUTHORISE, AttemptState.REQUIRES_ACTION, _needs_the_shopper),
    (Purpose.CAPTURE, AttemptState.SUCCEEDED, _captured),
    (Purpose.CAPTURE, AttemptState.FAILED, _capture_failed),
    (Purpose.VOID, AttemptState.SUCCEEDED, _let_go),
    (Purpose.VOID, AttemptState.FAILED, _not_let_go),
)
