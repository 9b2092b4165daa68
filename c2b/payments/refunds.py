"""Money that goes back: promised first, then sent by the three steps of every request, until it is paid or stuck.

A promise takes its amount from what was charged by one conditional update, so that promises can never be more than
the charge (I-25), whoever makes them at the same time.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Select, func, select, update

from c2b.core.claims import renew
from c2b.core.db import db, lock, transaction
from c2b.core.errors import Refused, Stale, refuse
from c2b.core.events import record
from c2b.core.rows import among
from c2b.core.states import move, move_many
from c2b.core.text import gettext as _
from c2b.payments import attempts
from c2b.payments.asking import NEVER_ARRIVED
from c2b.payments.attempts import IN_FLIGHT, Answered, Wish
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import AttemptState, Purpose, RefundCause, RefundState

log = structlog.get_logger()

CHUNK = 200
LEASE = 120.0  # seconds that one chunk may take
WORK = "send_refunds"


def promise_refund(
    capture_id: int,
    amount: int,
    cause: RefundCause,
    *,
    key: str,
    by: int | None,
    now: datetime,
    note: str = "",
    fee_back: int = 0,
) -> Refund:
    """Promise to pay `amount` of a charge back; the same key again is the first promise. A job sends it.

    Refused where less is left of the charge, or it never succeeded. Posts nothing and tells nobody.
    """
    capture = lock(Attempt, capture_id)
    known = refund_of(key)
    if known is not None:
        return known
    if not _take(capture_id, amount):
        left = left_of(capture)
        refuse(
            _("More than was paid cannot be paid back.") if left else _("Everything was paid back already.")
        )
    db.session.refresh(capture, ["refunded"])
    refund = Refund(
        key=key,
        capture_id=capture_id,
        shopper_id=_payer(capture),
        cause=cause,
        note=note,
        amount=amount,
        fee_back=fee_back,
        currency=capture.currency,
        by=by,
        created_at=now,
        state_since=now,
    )
    db.session.add(refund)
    record(refund, "refund.owed", by=by, at=now, amount=amount, cause=str(cause))
    return refund


def _take(capture_id: int, amount: int) -> bool:
    """Take the amount from what is left of a charge, in one statement; False where it does not fit."""
    if amount <= 0:
        return False
    taken = db.session.scalar(
        update(Attempt)
        .where(
            Attempt.id == capture_id,
            Attempt.purpose == Purpose.CAPTURE,
            Attempt.state == AttemptState.SUCCEEDED,
            Attempt.refunded + amount <= Attempt.amount,
        )
        .values(refunded=Attempt.refunded + amount)
        .returning(Attempt.id)
        .execution_options(synchronize_session=False)
    )
    return taken is not None


def _payer(capture: Attempt) -> int:
    """Whose card was charged."""
    return capture.mandate.user_id


def left_of(capture: Attempt) -> int:
    """How much of a charge was not promised back yet."""
    return capture.amount - capture.refunded if capture.state == AttemptState.SUCCEEDED else 0


def refund_of(key: str) -> Refund | None:
    """The refund that follows from this cause."""
    return db.session.scalar(select(Refund).where(Refund.key == key))


def launches_to_refund(now: datetime) -> list[int]:
    """Launches with refunds that are owed and not asked for."""
    return list(
        db.session.scalars(
            select(Attempt.launch_id)
            .join(Refund, Refund.capture_id == Attempt.id)
            .where(Refund.state == RefundState.OWED, ~_asked().exists())
            .distinct()
            .order_by(Attempt.launch_id)
        )
    )


def _asked() -> Select[tuple[int]]:
    """The request that answers for a refund already; for a condition on refunds."""
    request = Attempt.__table__.alias("request")
    return select(request.c.id).where(
        request.c.refund_id == Refund.id, request.c.state.in_((*IN_FLIGHT, AttemptState.SUCCEEDED))
    )


def send_launch_refunds(launch_id: int, *, now: datetime) -> None:
    """Ask the provider for all refunds of one launch that are owed. Ends its own transactions; may be repeated."""
    last = 0
    while True:
        with transaction():
            if not renew(WORK, launch_id, seconds=LEASE):
                raise Stale(_("Another process is paying these refunds."))
            ids = db.session.scalars(
                select(Refund.id)
                .join(Attempt, Attempt.id == Refund.capture_id)
                .where(
                    Attempt.launch_id == launch_id,
                    Refund.state == RefundState.OWED,
                    Refund.id > last,
                    ~_asked().exists(),
                )
                .order_by(Refund.id)
                .limit(CHUNK)
            ).all()
        if not ids:
            return
        last = ids[-1]
        send_refunds(ids, now)


def send_refunds(ids: Sequence[int], now: datetime) -> None:
    """Begin, ask and book these refunds; each answer is booked by itself, so that one stops no other.

    A request whose answer is missing is looked up by a job; it is never asked for with another key.
    """
    with transaction():
        requests = attempts.begin(Purpose.REFUND, _wishes(ids), now)
    for answer in attempts.ask(requests):
        try:
            with transaction():
                attempts.book([answer], now)
        except Exception:
            log.exception("a refund was not booked; it is looked up", key=answer[0].key)


def _wishes(ids: Sequence[int]) -> list[Wish]:
    """What is to be asked: the next generation of each refund that is owed; none while an answer is missing."""
    tried = dict(
        db.session.execute(
            select(Attempt.refund_id, func.max(Attempt.generation))
            .where(among(Attempt.refund_id, ids))
            .group_by(Attempt.refund_id)
        ).all()
    )
    owed = db.session.execute(
        select(Refund.id, Refund.amount, Refund.currency)
        .where(among(Refund.id, ids), Refund.state == RefundState.OWED, ~_asked().exists())
        .order_by(Refund.id)
    )
    return [Wish(id_, amount, currency, generation=tried.get(id_, 0) + 1) for id_, amount, currency in owed]


def settle_refunds(news: Answered, now: datetime) -> list[Refund]:
    """Take refunds to what the provider answered: paid, or stuck where it refused for good; returns those paid.

    One that never arrived stays owed: it is asked for again under the next key.
    """
    paid = [request.subject_id for request, outcome in news if outcome.state == AttemptState.SUCCEEDED]
    stuck = [
        request.subject_id
        for request, outcome in news
        if outcome.state == AttemptState.FAILED and outcome.code != NEVER_ARRIVED
    ]
    for old in (RefundState.OWED, RefundState.STUCK):  # paid by another way, or found out late
        move_many(Refund, paid, old, RefundState.PAID, by=None, now=now, paid_at=now)
    move_many(Refund, stuck, RefundState.OWED, RefundState.STUCK, by=None, now=now)
    return list(db.session.scalars(select(Refund).where(among(Refund.id, paid)).order_by(Refund.id)))


def send_again(refund_id: int, *, by: int, now: datetime) -> Refund:
    """An operator has a refund that is stuck asked for once more, under a new key."""
    refund = lock(Refund, refund_id)
    if refund.state != RefundState.STUCK:
        raise Refused(_("This refund is not stuck any more."))
    refund.other_way = refund.other_first_by = None
    move(refund, RefundState.OWED, by=by, now=now)
    return refund
