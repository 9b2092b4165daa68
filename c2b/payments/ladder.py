"""Answers that are missing are asked for again: after a minute, five, an hour, six, five times a day; then by a person.

Any number of processes climb the ladder at once. Each claims rows by taking them to their next rung under a higher
epoch, asks with no transaction open, and books only what is still its own (F-11).
"""

from datetime import datetime, timedelta

from sqlalchemy import case, literal, select, text, tuple_, update

from c2b.core import progress
from c2b.core.db import db, lock, transaction
from c2b.core.errors import NotFound
from c2b.core.events import record
from c2b.core.rows import among
from c2b.payments import attempts, windows
from c2b.payments.asking import find_out, may_ask
from c2b.payments.attempts import IN_FLIGHT, UNANSWERED, WRONG_ANSWER
from c2b.payments.declines import SETTLED_BY_HAND
from c2b.payments.models import LIVE, Attempt
from c2b.payments.requests import Request
from c2b.payments.states import AttemptState

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RUNGS = (
    MINUTE,
    5 * MINUTE,
    HOUR,
    6 * HOUR,
    DAY,
    DAY,
    DAY,
    DAY,
    DAY,
)  # each after the one before; the first by `begin`
CHUNK = 100
WITHOUT_ANSWER = text(LIVE)  # in the words of the index, as SQLite looks for them


def look_up_due(now: datetime) -> int:
    """Look up every request whose rung has come; how many. Ends its own transactions; may be repeated at will."""
    done = 0
    while requests := _claimed(now):
        answered = find_out(requests, now)
        left = _not_asked(requests, {request.attempt_id for request, _outcome in answered})
        with transaction():
            attempts.book(answered, now)
            _give_back(left, now)
        done += len(requests) - len(left)
        progress.advance(len(requests) - len(left))
        if left:  # the provider is left alone
            with transaction():
                _come_again(now)
    with transaction():
        _open_cases(now)
    return done


def due(now: datetime) -> list[int]:
    """The requests that would be looked up now."""
    query = select(Attempt.id).where(WITHOUT_ANSWER, Attempt.look_up_at <= now)
    return list(db.session.scalars(query.order_by(Attempt.look_up_at, Attempt.id)))


def _claimed(now: datetime) -> list[Request]:
    with transaction():
        return claim_due(now)


def claim_due(now: datetime, limit: int = CHUNK) -> list[Request]:
    """Take due requests to their next rung under a higher epoch; the caller commits, then looks them up."""
    chosen = (
        select(Attempt.id)
        .where(WITHOUT_ANSWER, Attempt.look_up_at <= now)
        .order_by(Attempt.look_up_at, Attempt.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    later = {n: now + rung for n, rung in enumerate(RUNGS[1:], start=1)}
    ids = db.session.scalars(
        update(Attempt)
        .where(Attempt.id.in_(chosen.scalar_subquery()))
        .values(
            look_ups=Attempt.look_ups + 1,
            epoch=Attempt.epoch + 1,
            look_up_at=case(
                *(
                    (Attempt.look_ups + 1 == n, literal(at, Attempt.look_up_at.type))
                    for n, at in later.items()
                ),
                (Attempt.state == AttemptState.REQUIRES_ACTION, literal(now + DAY, Attempt.look_up_at.type)),
                else_=None,
            ),
            case_at=case(
                (
                    (Attempt.look_ups + 1 >= len(RUNGS)) & Attempt.state.in_(UNANSWERED),
                    literal(now, Attempt.case_at.type),
                ),
                else_=Attempt.case_at,
            ),
        )
        .returning(Attempt.id)
        .execution_options(synchronize_session=False)
    ).all()
    return attempts.read(attempts.requests().where(among(Attempt.id, ids))) if ids else []


def _not_asked(requests: list[Request], answered: set[int]) -> list[Request]:
    """Those of which nothing is known because the provider is left alone; one that it does not know is no such."""
    missing = [request for request in requests if request.attempt_id not in answered]
    certain = [request for request in missing if request.state != AttemptState.REQUIRES_ACTION]
    return missing if len(missing) > len(certain) and not may_ask() else certain


def _give_back(left: list[Request], now: datetime) -> None:
    """A look-up that was not made uses up no rung: each comes again in a minute, where it was."""
    if not left:
        return
    db.session.execute(
        update(Attempt)
        .where(tuple_(Attempt.id, Attempt.epoch).in_([(it.attempt_id, it.epoch) for it in left]))
        .where(Attempt.state.in_(IN_FLIGHT))
        .values(
            look_ups=Attempt.look_ups - 1,
            look_up_at=now + MINUTE,
            case_at=case((Attempt.case_at == now, None), else_=Attempt.case_at),
        )
        .execution_options(synchronize_session=False)
    )


def _come_again(now: datetime) -> None:
    """Whoever else is due waits as well, without being taken to another rung."""
    chosen = (
        select(Attempt.id)
        .where(WITHOUT_ANSWER, Attempt.look_up_at <= now)
        .with_for_update(skip_locked=True, key_share=True)
    )
    db.session.execute(
        update(Attempt)
        .where(Attempt.id.in_(chosen.scalar_subquery()))
        .values(look_up_at=now + MINUTE)
        .execution_options(synchronize_session=False)
    )


def _open_cases(now: datetime) -> None:
    """Whose answer is missing for long is a case for an operator; the ladder goes on beside it."""
    db.session.execute(
        update(Attempt)
        .where(
            WITHOUT_ANSWER,
            Attempt.state.in_(UNANSWERED),
            Attempt.case_at.is_(None),
            Attempt.started_at <= now - windows.CASE_AFTER,
        )
        .values(case_at=now)
        .execution_options(synchronize_session=False)
    )


def look_again_now(attempt_id: int, *, by: int, now: datetime) -> None:
    """An operator has a case looked up once more at the next run."""
    attempt = lock(Attempt, attempt_id)
    if attempt.case_at is None or attempt.state not in UNANSWERED:
        raise NotFound
    attempt.look_up_at = now
    if attempt.code == WRONG_ANSWER:
        attempt.code = None
    record(attempt, "attempt.look_again", by=by, at=now)


def close_case(attempt_id: int, note: str, *, by: int, now: datetime) -> None:
    """An operator has settled with the provider what is left of a request that is decided."""
    attempt = lock(Attempt, attempt_id)
    if attempt.case_at is None or attempt.state in UNANSWERED:
        raise NotFound
    attempt.case_at, attempt.code = None, SETTLED_BY_HAND
    record(attempt, "attempt.case_closed", by=by, at=now, note=note)
