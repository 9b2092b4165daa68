"""What is owed to merchants for each order: what the books say, less what payouts hold.

Refunds and lost disputes are in the books, so an order that was paid out and then refunded owes something back by
itself: a negative amount, which the next payout takes along.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, union

from c2b.core.db import db
from c2b.core.rows import among
from c2b.ledger.kinds import AccountKind, Cause
from c2b.ledger.models import Account, Entry, Transaction
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.states import DisputeState, OrderState, ReturnState
from c2b.payments import windows
from c2b.payments.models import Refund
from c2b.payments.states import RefundState
from c2b.settlement.models import Payout, PayoutLine
from c2b.settlement.states import LIVE

OPEN_DISPUTES = (DisputeState.OPENED, DisputeState.ANSWERED)
OPEN_RETURNS = (ReturnState.ASKED, ReturnState.ACCEPTED, ReturnState.SENT, ReturnState.RECEIVED)


@dataclass(frozen=True, slots=True)
class Due:
    """What one order still brings its merchant (negative: takes back), and whether its money must wait."""

    order_id: int
    amount: int
    frozen: bool  # disputed, being returned, or a refund is on its way


def disputed() -> ColumnElement[bool]:
    """An order with an open dispute."""
    return select(Dispute.id).where(Dispute.order_id == Order.id, Dispute.state.in_(OPEN_DISPUTES)).exists()


def being_returned() -> ColumnElement[bool]:
    """An order with an open return."""
    return select(Return.id).where(Return.order_id == Order.id, Return.state.in_(OPEN_RETURNS)).exists()


def being_refunded() -> ColumnElement[bool]:
    """An order of which money is on its way back."""
    return (
        select(Refund.id)
        .where(Refund.capture_id == Order.attempt_id, Refund.state != RefundState.PAID)
        .exists()
    )


def frozen() -> ColumnElement[bool]:
    """An order whose money must wait, whatever else holds."""
    return or_(disputed(), being_returned(), being_refunded())


def to_settle(merchant_id: int, currency: str, now: datetime) -> Select[int]:
    """The orders that a plan looks at: delivered and past the return window, or changed after they were settled."""
    of_firm = and_(Order.merchant_id == merchant_id, Order.currency == currency)
    passed = select(Order.id).where(
        of_firm,
        Order.settled_at.is_(None),
        Order.state == OrderState.DELIVERED,
        Order.delivered_at <= now - windows.RETURN,
    )
    changed = (
        select(Order.id)
        .join(Transaction, Transaction.order_id == Order.id)
        .where(
            of_firm,
            Transaction.at >= Order.settled_at,
            Transaction.cause.in_((Cause.REFUND, Cause.DISPUTE)),
        )
    )
    return select(Order.id).where(Order.id.in_(union(passed, changed))).order_by(Order.id)


def dues(order_ids: Iterable[int]) -> list[Due]:
    """What these orders bring, in their order; nothing is left out."""
    rows = db.session.execute(_dues(among(Order.id, order_ids)).order_by(Order.id))
    return [Due(row.id, int(row.due), bool(row.frozen)) for row in rows]


def booked() -> Any:
    """For one order, what the books owe its merchant: the other side of the sale, less refunds and lost disputes."""
    return -booked_on(AccountKind.MERCHANT_PAYABLE)


def booked_on(kind: AccountKind) -> Any:
    """For one order, the sum of its entries on accounts of this kind; debits positive.

    The kind is looked at in the sum, not in the condition: SQLite would begin with the account, and read all that was
    ever booked on it for each order.
    """
    return (
        select(func.coalesce(func.sum(case((Account.kind == kind, Entry.amount), else_=0)), 0))
        .join(Transaction, Transaction.id == Entry.tx_id)
        .join(Account, Account.id == Entry.account_id)
        .where(Transaction.order_id == Order.id)
        .correlate(Order)
        .scalar_subquery()
    )


def in_payouts(states: Iterable[str] = LIVE) -> Any:
    """For one order, what payouts of these states hold."""
    return (
        select(func.coalesce(func.sum(PayoutLine.amount), 0))
        .join(Payout, Payout.id == PayoutLine.payout_id)
        .where(PayoutLine.order_id == Order.id, Payout.state.in_(list(states)))
        .correlate(Order)
        .scalar_subquery()
    )


def _dues(where: ColumnElement[bool]) -> Select[Any]:
    return select(Order.id, (booked() - in_payouts()).label("due"), frozen().label("frozen")).where(where)
