"""Requests for money: written down with their key, sent, answered. The three steps of every call to a provider.

1. `begin` writes the attempts; the caller commits them.
2. `ask` sends them, with no transaction open; `find_out` looks up those whose answer is missing.
3. `book` writes the answers down with all that follows from them, in one transaction.

Whatever dies in between is found again by its state: the same key is looked up and, if it never arrived, sent again.
What follows from an answer is up to the feature that asked: it registers with `follows`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from c2b.core.db import db, is_sqlite, must_be_outside_transaction
from c2b.core.states import move_many
from c2b.payments import gateway as door
from c2b.payments.gateway import Asked, Gateway, Outcome, gateway
from c2b.payments.models import Attempt, Mandate, Refund
from c2b.payments.states import AttemptState, Purpose

WORKERS = 16
UNANSWERED = (AttemptState.STARTED, AttemptState.UNKNOWN)
IN_FLIGHT = (*UNANSWERED, AttemptState.REQUIRES_ACTION)
FINAL = (AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt with all that the provider is told."""

    attempt_id: int
    purpose: Purpose
    subject_id: int  # the pledge, refund or payout
    launch_id: int | None
    key: str
    amount: int
    currency: str
    state: AttemptState
    epoch: (
        int  # grows with each process that takes its look-up over; an answer of an earlier one is not booked
    )
    started_at: datetime
    token: str  # the saved card
    payment: str | None  # the provider's name for what was authorised
    destination: str | None  # the bank account of a payout

    @property
    def pledge_id(self) -> int:
        """The pledge it is about, for the purposes that are about one."""
        return self.subject_id


@dataclass(frozen=True, slots=True)
class Wish:
    """What an attempt is to be about, before it has a number."""

    subject_id: int  # the pledge, refund or payout
    amount: int
    currency: str
    launch_id: int | None = None
    mandate_id: int | None = None
    generation: int = 1


Answered = list[tuple[Request, Outcome]]
Follower = Callable[[Answered, datetime], None]


SUBJECTS = {Purpose.REFUND: "refund_id", Purpose.PAYOUT: "payout_id"}  # all others are about pledges
FIRST_LOOK_UP = timedelta(minutes=1)


def subject_column(purpose: Purpose) -> str:
    """The column that says what an attempt of this purpose is about."""
    return SUBJECTS.get(purpose, "pledge_id")


def key_of(purpose: Purpose, subject_id: int, generation: int) -> str:
    """The key by which the provider knows a request (I-22)."""
    return f"{purpose}-{subject_id}-{generation}"


def begin(purpose: Purpose, wishes: Sequence[Wish], now: datetime) -> list[Request]:
    """Write attempts down; those that another process has begun meanwhile are left to it."""
    if not wishes:
        return []
    dialect: Any = sqlite if is_sqlite() else postgresql
    ids = db.session.scalars(
        dialect.insert(Attempt.__table__).on_conflict_do_nothing().returning(Attempt.__table__.c.id),
        [_row(purpose, wish, now) for wish in wishes],
    ).all()
    return read(requests().where(Attempt.id.in_(ids)))


def _row(purpose: Purpose, wish: Wish, now: datetime) -> dict[str, Any]:
    return {
        subject_column(purpose): wish.subject_id,
        "launch_id": wish.launch_id,
        "mandate_id": wish.mandate_id,
        "purpose": purpose,
        "generation": wish.generation,
        "key": key_of(purpose, wish.subject_id, wish.generation),
        "amount": wish.amount,
        "currency": wish.currency,
        "state": AttemptState.STARTED,
        "state_since": now,
        "started_at": now,
        "look_up_at": now + FIRST_LOOK_UP,
    }


def requests() -> Any:
    """Attempts as requests, without the names that the provider gave; to be narrowed and read by `read`."""
    return (
        select(
            Attempt.id.label("attempt_id"),
            Attempt.purpose,
            func.coalesce(Attempt.pledge_id, Attempt.refund_id, Attempt.payout_id).label("subject_id"),
            Attempt.launch_id,
            Attempt.key,
            Attempt.amount,
            Attempt.currency,
            Attempt.state,
            Attempt.epoch,
            Attempt.started_at,
            func.coalesce(Mandate.token, "").label("token"),
        )
        .outerjoin(Mandate, Mandate.id == Attempt.mandate_id)
        .order_by(Attempt.id)
    )


def read(query: Any) -> list[Request]:
    """The requests that a query found, each with the provider's name for what it builds on."""
    rows: Any = db.session.execute(query).all()
    on_holds = [row.subject_id for row in rows if row.purpose in (Purpose.CAPTURE, Purpose.VOID)]
    holds = _references(Attempt.pledge_id, on_holds)
    charges = _charges([row.subject_id for row in rows if row.purpose == Purpose.REFUND])
    places = DESTINATIONS([row.subject_id for row in rows if row.purpose == Purpose.PAYOUT])
    found = []
    for row in rows:
        by_purpose = {Purpose.REFUND: charges, Purpose.CAPTURE: holds, Purpose.VOID: holds}
        payment = by_purpose.get(row.purpose, {}).get(row.subject_id)
        destination = places.get(row.subject_id) if row.purpose == Purpose.PAYOUT else None
        found.append(Request(**row._mapping, payment=payment, destination=destination))
    return found


def _references(column: Any, ids: list[int]) -> dict[int, str | None]:
    if not ids:
        return {}
    rows = db.session.execute(
        select(column, Attempt.reference)
        .where(
            column.in_(ids),
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state.in_((AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)),
        )
        .order_by(Attempt.generation)
    )
    return {row[0]: row.reference for row in rows}


def _charges(refund_ids: list[int]) -> dict[int, str | None]:
    """The provider's names for the charges that these refunds pay back."""
    if not refund_ids:
        return {}
    rows = db.session.execute(
        select(Refund.id, Attempt.reference)
        .join(Attempt, Attempt.id == Refund.capture_id)
        .where(Refund.id.in_(refund_ids))
    )
    return {row.id: row.reference for row in rows}


def _no_destinations(_payout_ids: Sequence[int]) -> dict[int, str]:
    return {}


# Set by the feature that pays out: {payout: the provider's name for the bank account}.
DESTINATIONS: Callable[[Sequence[int]], dict[int, str]] = _no_destinations


def pays_out_to(destinations: Callable[[Sequence[int]], dict[int, str]]) -> None:
    """Say where payouts go; called once, by the feature that makes them."""
    global DESTINATIONS
    DESTINATIONS = destinations


def ask(asked: Sequence[Request]) -> Answered:
    """Send requests that were just begun and committed, and wait for the answers; no transaction may be open."""
    must_be_outside_transaction()
    provider = gateway()
    return _in_threads(lambda request: _send(provider, request), asked)


def find_out(asked: Sequence[Request]) -> Answered:
    """Look up requests whose answer is missing; one that never arrived is sent again with its own key."""
    must_be_outside_transaction()
    provider = gateway()

    def look(request: Request) -> Outcome:
        found = door.look_up(provider, as_asked(request))
        return found if found is not None else _send(provider, request)

    return _in_threads(look, asked)


def _in_threads(call: Callable[[Request], Outcome], asked: Sequence[Request]) -> Answered:
    if len(asked) < 2:
        return [(request, call(request)) for request in asked]
    with ThreadPoolExecutor(min(WORKERS, len(asked))) as pool:
        return list(zip(asked, pool.map(call, asked), strict=True))


def as_asked(request: Request) -> Asked:
    """The request in the provider's words; what it is about is kept there, so that it is found without its key."""
    about = {"key": request.key, "subject": str(request.subject_id)}
    if request.launch_id is not None:
        about["launch"] = str(request.launch_id)
    return Asked(
        key=request.key,
        purpose=request.purpose,
        amount=request.amount,
        currency=request.currency,
        first_sent_at=request.started_at,
        token=request.token,
        payment=request.payment or "",
        destination=request.destination or "",
        about=about,
    )


def _send(provider: Gateway, request: Request) -> Outcome:
    if request.purpose in (Purpose.CAPTURE, Purpose.VOID, Purpose.REFUND) and not request.payment:
        return Outcome(AttemptState.FAILED, code="nothing_held")
    return door.send(provider, as_asked(request))


def book(answered: Answered, now: datetime) -> Answered:
    """Write the answers down with all that follows from them; returns those that were news."""
    news = write_outcomes(answered, now)
    for purpose in Purpose:  # in the order of definition
        rows = [(request, outcome) for request, outcome in news if request.purpose == purpose]
        if rows:
            FOLLOW[purpose](rows, now)
    return news


FOLLOW: dict[Purpose, Callable[[Answered, datetime], None]] = {}


def follows(*purposes: Purpose) -> Callable[[Follower], Follower]:
    """Register what follows from answers to requests of these purposes, in the transaction that books them."""

    def register(follower: Follower) -> Follower:
        FOLLOW.update(dict.fromkeys(purposes, follower))
        return follower

    return register


def write_outcomes(answered: Answered, now: datetime) -> Answered:
    """Write the answers down; returns those that changed something, as another process may have booked some already."""
    news = [(request, outcome) for request, outcome in answered if outcome.state != request.state]
    if not news:
        return []
    table: Any = Attempt.__table__
    db.session.execute(
        update(table)  # the table itself, for many rows at once
        .where(table.c.id == bindparam("attempt"), table.c.state == bindparam("old"))
        .values(
            reference=bindparam("new_reference"),
            code=bindparam("new_code"),
            fee=bindparam("new_fee"),
            expires_at=bindparam("new_expires_at"),
        ),
        [
            {
                "attempt": r.attempt_id,
                "old": r.state,
                "new_reference": o.reference,
                "new_code": o.code,
                "new_fee": o.fee,
                "new_expires_at": o.expires_at,
            }
            for r, o in news
        ],
    )
    moved: set[int] = set()
    for old, new in sorted({(request.state, outcome.state) for request, outcome in news}):
        ids = [r.attempt_id for r, o in news if (r.state, o.state) == (old, new)]
        more = {"decided_at": now, "look_up_at": None} if new in FINAL else {}
        moved.update(move_many(Attempt, ids, old, new, by=None, now=now, **more))
    return [(request, outcome) for request, outcome in news if request.attempt_id in moved]
