"""Money of people who get nothing: what is held is let go, what was charged too late goes back. Never kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from c2b.core.db import db
from c2b.core.rows import among
from c2b.ledger import facts
from c2b.ledger.posting import post
from c2b.payments import attempts
from c2b.payments.attempts import IN_FLIGHT, Request, Wish
from c2b.payments.models import Attempt
from c2b.payments.refunds import promise_refund
from c2b.payments.states import AttemptState, Purpose, RefundCause
from c2b.pipeline.models import Launch


def let_go(launch: Launch, pledge_ids: Sequence[int], now: datetime) -> None:
    """Have what is held of these pledges let go of; written down here, sent by the next run of the look-ups."""
    if not pledge_ids:
        return
    holds, tried = _held(pledge_ids), _tried(pledge_ids)
    wishes = {
        hold.pledge_id: Wish(
            hold.pledge_id,
            hold.amount,
            hold.currency,
            launch.id,
            hold.mandate_id,
            tried.get(hold.pledge_id, 0) + 1,
        )
        for hold in holds
    }
    begun = attempts.begin(Purpose.VOID, list(wishes.values()), now)
    db.session.execute(
        update(Attempt)
        .where(among(Attempt.id, [request.attempt_id for request in begun]))
        .values(look_up_at=now)
        .execution_options(synchronize_session=False)
    )


def _held(pledge_ids: Sequence[int]) -> list[Attempt]:
    """What is held of them and not yet let go of, each pledge's newest last."""
    done = select(Attempt.pledge_id).where(
        among(Attempt.pledge_id, pledge_ids),
        Attempt.purpose == Purpose.VOID,
        Attempt.state.in_((*IN_FLIGHT, AttemptState.SUCCEEDED)),
    )
    return list(
        db.session.scalars(
            select(Attempt)
            .where(
                among(Attempt.pledge_id, pledge_ids),
                Attempt.purpose == Purpose.AUTHORISE,
                Attempt.state.in_((AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)),
                Attempt.pledge_id.not_in(done),
            )
            .order_by(Attempt.generation)
            .execution_options(populate_existing=True)
        )
    )


def _tried(pledge_ids: Sequence[int]) -> dict[int | None, int]:
    """How often letting go of each was tried."""
    rows = db.session.execute(
        select(Attempt.pledge_id, func.max(Attempt.generation))
        .where(among(Attempt.pledge_id, pledge_ids), Attempt.purpose == Purpose.VOID)
        .group_by(Attempt.pledge_id)
    )
    return {row[0]: row[1] for row in rows}


def charged_too_late(captures: Sequence[Request], now: datetime) -> None:
    """Charges whose pledges were given up meanwhile: promised back whole, once each (F-38)."""
    if not captures:
        return
    fees = dict(
        db.session.execute(
            select(Attempt.id, Attempt.fee).where(among(Attempt.id, [r.attempt_id for r in captures]))
        ).all()
    )
    for it in captures:
        promise_refund(
            it.attempt_id,
            it.amount,
            RefundCause.LATE_CHARGE,
            key=f"late-charge-{it.attempt_id}",
            by=None,
            now=now,
        )
    post(
        [facts.charged_too_late(it.attempt_id, it.amount, it.currency) for it in captures]
        + [
            facts.provider_fee(it.attempt_id, None, fee, it.currency)
            for it in captures
            if (fee := fees.get(it.attempt_id))
        ],
        now=now,
    )
