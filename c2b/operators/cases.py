"""What only a person can settle about money: each kind with what happened, since when, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import aliased

from c2b.core.db import db
from c2b.payments.models import Attempt, InboxEvent, Refund
from c2b.payments.states import RefundState
from c2b.settlement.models import Payout, Reconciliation
from c2b.settlement.states import PayoutState

SHOWN = 100  # of each kind

DEAD = InboxEvent.dead_at.is_not(None) & InboxEvent.done_at.is_(None)
LATER = aliased(Payout)
CAME_BACK = and_(
    Payout.state == PayoutState.RETURNED,
    ~exists().where(
        LATER.merchant_id == Payout.merchant_id, LATER.id > Payout.id, LATER.state == PayoutState.PAID
    ),
)  # until the merchant has been paid since


@dataclass(frozen=True)
class Cases:
    """All that waits, the longest first in each kind."""

    requests: Sequence[Attempt]
    refunds: Sequence[Refund]
    payouts: Sequence[Payout]
    events: Sequence[InboxEvent]
    differences: Sequence[Any]  # of the last comparison with the provider's book

    def __len__(self) -> int:
        parts = (self.requests, self.refunds, self.payouts, self.events, self.differences)
        return sum(len(part) for part in parts)


def all_cases() -> Cases:
    """Everything about money that waits for a person."""
    return Cases(
        _of(select(Attempt).where(Attempt.case_at.is_not(None)).order_by(Attempt.case_at, Attempt.id)),
        _of(select(Refund).where(Refund.state == RefundState.STUCK).order_by(Refund.state_since, Refund.id)),
        _of(select(Payout).where(CAME_BACK).order_by(Payout.state_since, Payout.id)),
        _of(select(InboxEvent).where(DEAD).order_by(InboxEvent.dead_at, InboxEvent.id)),
        last_differences(),
    )


def _of(statement: Any) -> Sequence[Any]:
    return db.session.scalars(statement.limit(SHOWN)).all()


def last_differences() -> Sequence[Any]:
    """In what the books differed when they were last compared."""
    newest = select(Reconciliation.differences).order_by(Reconciliation.id.desc()).limit(1)
    return db.session.scalar(newest) or []


def how_many() -> tuple[int, datetime | None]:
    """How many cases there are, and since when the oldest waits."""
    kinds = (
        (Attempt.case_at, Attempt.case_at.is_not(None)),
        (Refund.state_since, Refund.state == RefundState.STUCK),
        (Payout.state_since, CAME_BACK),
        (InboxEvent.dead_at, DEAD),
    )
    rows = [db.session.execute(select(func.count(), func.min(at)).where(where)).one() for at, where in kinds]
    return sum(int(row[0]) for row in rows), min((row[1] for row in rows if row[1]), default=None)
