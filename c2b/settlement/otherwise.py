"""Refunds that the provider refused for good and that were paid in another way: said by operators, kept in the books.

What we paid out of our own bank, we may keep of what lies at the provider: so the debt to the shopper ends, and the
same amount there is ours.
"""

from datetime import datetime

from sqlalchemy import select

from c2b.core.db import db, lock
from c2b.core.errors import refuse
from c2b.core.events import record
from c2b.core.states import move
from c2b.ledger import facts
from c2b.ledger.posting import post
from c2b.orders.refunding import tell_paid_otherwise
from c2b.payments.attempts import IN_FLIGHT
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import RefundState
from c2b.settlement import rules


def pay_otherwise(refund_id: int, way: str, *, by: int, now: datetime) -> Refund:
    """An operator says how a refund that is stuck was paid; a large one counts when a second operator confirms it."""
    refund = lock(Refund, refund_id)
    refuse(rules.why_not_otherwise(refund, by, asked=_is_asked(refund)))
    if refund.other_first_by is None:
        refund.other_way = way
        if rules.is_large(refund):
            refund.other_first_by = by
            record(refund, "refund.other_way_first", by=by, at=now, way=way, amount=refund.amount)
            return refund
    refund.other_by, refund.paid_at = by, now
    move(refund, RefundState.PAID, by=by, now=now, way=refund.other_way or way)
    post([facts.refund_paid_otherwise(refund.id, refund.amount, refund.currency)], now=now)
    tell_paid_otherwise(refund, now)
    return refund


def _is_asked(refund: Refund) -> bool:
    """Whether the provider may still pay it."""
    asked = select(Attempt.id).where(Attempt.refund_id == refund.id, Attempt.state.in_(IN_FLIGHT))
    return db.session.scalar(asked.limit(1)) is not None
