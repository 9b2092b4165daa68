"""Requests for money: written down with their key, sent, answered. The three steps of every call to a provider.

1. `begin_…` writes the attempts; the caller commits them.
2. `ask` sends them, or looks up those whose answer is missing, with no transaction open.
3. `write_outcomes` books the answers, in one transaction for all.

Whatever dies in between is found again by its state: the same key is looked up and, if it never arrived, sent again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from c2b.core.db import db, is_sqlite, must_be_outside_transaction
from c2b.core.states import move_many
from c2b.payments.gateway import Gateway, Outcome, gateway
from c2b.payments.models import Attempt, Mandate
from c2b.payments.states import AttemptState, Purpose

WORKERS = 16
UNANSWERED = (AttemptState.STARTED, AttemptState.UNKNOWN)
IN_FLIGHT = (*UNANSWERED, AttemptState.REQUIRES_ACTION)
FINAL = (AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt with all that the provider is told."""

    attempt_id: int
    launch_id: int
    pledge_id: int
    purpose: Purpose
    key: str
    amount: int
    currency: str
    state: AttemptState
    token: str
    hold: str | None  # the provider's name for what was authorised


@dataclass(frozen=True, slots=True)
class Wish:
    """What an attempt is to be about, before it has a number."""

    pledge_id: int
    mandate_id: int
    amount: int
    generation: int = 1


Answered = list[tuple[Request, Outcome]]


def key_of(purpose: Purpose, pledge_id: int, generation: int) -> str:
    """The key by which the provider knows a request (I-22)."""
    return f"{purpose}-{pledge_id}-{generation}"


def begin(
    launch_id: int, currency: str, purpose: Purpose, wishes: Sequence[Wish], now: datetime
) -> list[Request]:
    """Write attempts down; those that another process has begun meanwhile are left to it."""
    if not wishes:
        return []
    dialect: Any = sqlite if is_sqlite() else postgresql
    ids = db.session.scalars(
        dialect.insert(Attempt.__table__).on_conflict_do_nothing().returning(Attempt.__table__.c.id),
        [_row(launch_id, currency, purpose, wish, now) for wish in wishes],
    ).all()
    return read(requests().where(Attempt.id.in_(ids)))


def _row(launch_id: int, currency: str, purpose: Purpose, wish: Wish, now: datetime) -> dict[str, Any]:
    return {
        "pledge_id": wish.pledge_id,
        "launch_id": launch_id,
        "mandate_id": wish.mandate_id,
        "purpose": purpose,
        "generation": wish.generation,
        "key": key_of(purpose, wish.pledge_id, wish.generation),
        "amount": wish.amount,
        "currency": currency,
        "state": AttemptState.STARTED,
        "state_since": now,
        "started_at": now,
    }


def requests() -> Any:
    """Attempts as requests, without what they hold; to be narrowed by the caller and read by `read`."""
    return (
        select(
            Attempt.id.label("attempt_id"),
            Attempt.launch_id,
            Attempt.pledge_id,
            Attempt.purpose,
            Attempt.key,
            Attempt.amount,
            Attempt.currency,
            Attempt.state,
            Mandate.token,
        )
        .join(Mandate, Mandate.id == Attempt.mandate_id)
        .order_by(Attempt.id)
    )


def read(query: Any) -> list[Request]:
    """The requests that a query found, with what was authorised for their pledges."""
    rows: Any = db.session.execute(query).all()
    holds = _holds([row.pledge_id for row in rows if row.purpose != Purpose.AUTHORISE])
    return [Request(**row._mapping, hold=holds.get(row.pledge_id)) for row in rows]


def _holds(pledge_ids: list[int]) -> dict[int, str | None]:
    if not pledge_ids:
        return {}
    rows = db.session.execute(
        select(Attempt.pledge_id, Attempt.reference).where(
            Attempt.pledge_id.in_(pledge_ids),
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state.in_((AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)),
        )
    )
    return {row.pledge_id: row.reference for row in rows}


def ask(asked: Sequence[Request]) -> Answered:
    """Send these requests and wait for the answers; no transaction may be open.

    An attempt that was just begun is sent. Of any other it is looked up what became of it.
    """
    must_be_outside_transaction()
    provider = gateway()
    return _in_threads(lambda request: _send(provider, request), asked)


def find_out(asked: Sequence[Request]) -> Answered:
    """Look up requests whose answer is missing; one that never arrived is sent again with its own key."""
    must_be_outside_transaction()
    provider = gateway()

    def look(request: Request) -> Outcome:
        found = provider.look_up(request.key)
        return found if found is not None else _send(provider, request)

    return _in_threads(look, asked)


def _in_threads(call: Callable[[Request], Outcome], asked: Sequence[Request]) -> Answered:
    if len(asked) < 2:
        return [(request, call(request)) for request in asked]
    with ThreadPoolExecutor(min(WORKERS, len(asked))) as pool:
        return list(zip(asked, pool.map(call, asked), strict=True))


def _send(provider: Gateway, request: Request) -> Outcome:
    if request.purpose == Purpose.AUTHORISE:
        about = {"pledge": str(request.pledge_id), "launch": str(request.launch_id)}
        return provider.authorise(request.key, request.token, request.amount, request.currency, about)
    if request.hold is None:
        return Outcome(AttemptState.FAILED, code="nothing_held")
    if request.purpose == Purpose.CAPTURE:
        return provider.capture(request.key, request.hold, request.amount)
    return provider.void(request.key, request.hold)


def write_outcomes(answered: Answered, now: datetime) -> Answered:
    """Book the answers; returns those that changed something, as another process may have booked some already."""
    news = [(request, outcome) for request, outcome in answered if outcome.state != request.state]
    if not news:
        return []
    db.session.execute(
        update(Attempt.__table__)  # type: ignore[arg-type]  # the table itself, for many rows at once
        .where(Attempt.id == bindparam("attempt"), Attempt.state == bindparam("old"))
        .values(reference=bindparam("reference"), code=bindparam("code")),
        [
            {"attempt": r.attempt_id, "old": r.state, "reference": o.reference, "code": o.code}
            for r, o in news
        ],
    )
    moved: set[int] = set()
    for old, new in sorted({(request.state, outcome.state) for request, outcome in news}):
        ids = [r.attempt_id for r, o in news if (r.state, o.state) == (old, new)]
        more = {"decided_at": now} if new in FINAL else {}
        moved.update(move_many(Attempt, ids, old, new, by=None, now=now, **more))
    return [(request, outcome) for request, outcome in news if request.attempt_id in moved]
