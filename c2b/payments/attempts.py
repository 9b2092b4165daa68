"""Requests for money: written down with their key, sent, answered. The three steps of every call to a provider.

1. `begin` writes the attempts; the caller commits them.
2. `ask` sends them, with no transaction open; `find_out` looks up those whose answer is missing. A drain keeps `askers`
   for all of its chunks: it hands one in and, while that is asked, books the `answers` of the one before.
3. `book` writes the answers down with all that follows from them, in one transaction.

Whatever dies in between is found again by its state: the same key is looked up and, if it never arrived, sent again.
What follows from an answer is up to the feature that asked: it registers with `follows`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import select, update

from c2b.core.db import db, is_sqlite
from c2b.core.rows import among, as_sent, insert_rows, sent_rows
from c2b.core.states import move_many
from c2b.payments.asking import Answered, answers, ask, askers, find_out, hand_in
from c2b.payments.models import Attempt
from c2b.payments.requests import Request, as_asked, pays_out_to, read, requests
from c2b.payments.states import ATTEMPT, AttemptState, Purpose

__all__ = [
    "Answered", "Request", "Wish", "answers", "as_asked", "ask", "askers", "begin", "book", "find_out", "follows",
    "hand_in", "key_of", "pays_out_to", "read", "requests", "subject_column",
]  # fmt: skip

UNANSWERED = (AttemptState.STARTED, AttemptState.UNKNOWN)
IN_FLIGHT = (*UNANSWERED, AttemptState.REQUIRES_ACTION)
FINAL = (AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.EXPIRED)
SUBJECTS = {Purpose.REFUND: "refund_id", Purpose.PAYOUT: "payout_id"}  # all others are about pledges
FIRST_LOOK_UP = timedelta(minutes=1)  # after the lease of whoever sends it
WRONG_ANSWER = "wrong_answer"
LET_GO = "let_go"  # what was held, or waited for the shopper, is so no longer


@dataclass(frozen=True, slots=True)
class Wish:
    """What an attempt is to be about, before it has a number."""

    subject_id: int  # the pledge, refund or payout
    amount: int
    currency: str
    launch_id: int | None = None
    mandate_id: int | None = None
    generation: int = 1


Follower = Callable[[Answered, datetime], None]


def subject_column(purpose: Purpose) -> str:
    """The column that says what an attempt of this purpose is about."""
    return SUBJECTS.get(purpose, "pledge_id")


def key_of(purpose: Purpose, subject_id: int, generation: int) -> str:
    """The key by which the provider knows a request (I-22)."""
    return f"{purpose}-{subject_id}-{generation}"


def begin(purpose: Purpose, wishes: Sequence[Wish], now: datetime) -> list[Request]:
    """Write attempts down; those that another process has begun meanwhile are left to it.

    The row is the claim: the database takes one for each subject, purpose and generation, and one in flight.
    """
    if not wishes:
        return []
    begun = insert_rows(
        Attempt, [_row(purpose, wish) for wish in wishes], only_new=True, returning=("id",),
        purpose=purpose, state=AttemptState.STARTED, state_since=now, started_at=now, look_up_at=now + FIRST_LOOK_UP,
    )  # fmt: skip
    return read(requests().where(among(Attempt.id, begun.scalars())))


def _row(purpose: Purpose, wish: Wish) -> dict[str, Any]:
    return {
        subject_column(purpose): wish.subject_id,
        "launch_id": wish.launch_id,
        "mandate_id": wish.mandate_id,
        "generation": wish.generation,
        "key": key_of(purpose, wish.subject_id, wish.generation),
        "amount": wish.amount,
        "currency": wish.currency,
    }


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
    """Write the answers down; returns those that changed something.

    Answers that came too late are dropped: another process has booked one, or has taken the look-up over (F-11).
    """
    mine = _still_mine([request for request, _outcome in answered])
    told = [(request, outcome) for request, outcome in answered if request.attempt_id in mine]
    _quarantine([request.attempt_id for request, outcome in told if outcome.code == WRONG_ANSWER], now)
    ours = _let_go_by_us(told)
    news = [
        (request, outcome)
        for request, outcome in told
        if outcome.state in ATTEMPT.arrows[request.state] and request.attempt_id not in ours
    ]
    if not news:
        return []
    _note(news)
    moved: set[int] = set()
    for old, new in sorted({(request.state, outcome.state) for request, outcome in news}):
        ids = [r.attempt_id for r, o in news if (r.state, o.state) == (old, new)]
        more: dict[str, Any] = (
            {"decided_at": now, "look_up_at": None, "case_at": None} if new in FINAL else {}
        )
        moved.update(move_many(Attempt, ids, old, new, by=None, now=now, **more))
    return [(request, outcome) for request, outcome in news if request.attempt_id in moved]


def _let_go_by_us(told: Answered) -> set[int]:
    """Holds of which is said that they were let go while our own request to do so has no answer.

    Its answer ends them; taken for a failure of the card, this one would leave that request about nothing.
    """
    gone = {
        r.subject_id: r.attempt_id for r, o in told if r.purpose == Purpose.AUTHORISE and o.code == LET_GO
    }
    if not gone:
        return set()
    asked = select(Attempt.pledge_id).where(
        among(Attempt.pledge_id, gone), Attempt.purpose == Purpose.VOID, Attempt.state.in_(IN_FLIGHT)
    )
    return {gone[pledge_id] for pledge_id in db.session.scalars(asked)}


def _still_mine(asked: Sequence[Request]) -> set[int]:
    """The attempts that are as they were read, locked in order until the transaction ends."""
    known = {
        request.attempt_id: (request.state, request.epoch) for request in asked if request.state not in FINAL
    }
    rows = db.session.execute(
        select(Attempt.id, Attempt.state, Attempt.epoch)
        .where(among(Attempt.id, known))
        .order_by(Attempt.id)
        .with_for_update(key_share=True)
    )
    return {row.id for row in rows if (row.state, row.epoch) == known[row.id]}


def _note(news: Answered) -> None:
    rows = [
        {
            "id": request.attempt_id,
            "reference": None if outcome.code == WRONG_ANSWER else outcome.reference,
            "code": outcome.code,
            "fee": outcome.fee,
            "expires_at": outcome.expires_at,
        }
        for request, outcome in news
    ]
    db.session.connection().execute(_noting(is_sqlite()), as_sent(rows))


@cache
def _noting(on_sqlite: bool) -> Any:
    table: Any = Attempt.__table__
    told = ("reference", "code", "fee", "expires_at")
    sent = sent_rows(on_sqlite, **{name: table.c[name].type for name in ("id", *told)})
    return update(table).where(table.c.id == sent.c.id).values({name: sent.c[name] for name in told})


def _quarantine(ids: Sequence[int], now: datetime) -> None:
    """An answer about something else is looked at by a person at once, and asked for no more (F-34)."""
    if ids:
        db.session.execute(
            update(Attempt)
            .where(among(Attempt.id, ids))
            .values(case_at=now, look_up_at=None, code=WRONG_ANSWER)
            .execution_options(synchronize_session="fetch")
        )
