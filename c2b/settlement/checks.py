"""What must hold of payouts, and of each order's money from the charge to the bank account of the firm."""

from collections.abc import Iterator
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, and_, case, func, or_, select

from c2b.core.checks import check
from c2b.core.db import db
from c2b.ledger.kinds import AccountKind, Cause
from c2b.ledger.models import Account, Entry, Transaction
from c2b.merchants.models import Merchant, MerchantStaff
from c2b.orders.models import Dispute, Order
from c2b.orders.states import DisputeOrigin, DisputeState
from c2b.payments import windows
from c2b.payments.checks import provider_book
from c2b.payments.models import Attempt, Refund
from c2b.settlement import rules
from c2b.settlement.comparing import Gap, differences, fact_of
from c2b.settlement.dues import booked_on, disputed, in_payouts
from c2b.settlement.models import BankAccount, Payout, PayoutLine
from c2b.settlement.reconciling import last_reconciliation, our_facts
from c2b.settlement.states import UNSENT, PayoutState

GONE_OUT = (PayoutState.SENT, PayoutState.PAID)


@check("I-5 no firm owes us more than its deposit")
def debts_are_covered() -> Iterator[str]:
    """Merchants' accounts on the wrong side; the deposit counts at its face in every currency (docs/ledger.md)."""
    rows = db.session.execute(
        select(Account.owner, Account.currency, Account.balance, Merchant.deposit)
        .outerjoin(Merchant, Merchant.id == Account.owner)
        .where(
            Account.kind == AccountKind.MERCHANT_PAYABLE,
            Account.balance > func.coalesce(Merchant.deposit, 0),
        )
    )
    for row in rows:
        yield f"merchant {row.owner} owes us {row.balance} {row.currency}, its deposit is {row.deposit}"


def money_of_orders() -> Any:
    """For each order, where every unit of its money is: the terms of I-6, as one query."""
    return select(
        Order.id,
        Order.number,
        Order.currency,
        Attempt.amount.label("captured"),
        _refunded(Refund.amount).label("refunded"),
        _lost().label("dispute_lost"),
        in_payouts(GONE_OUT).label("paid_out"),
        (-booked_on(AccountKind.PLATFORM_FEE)).label("platform_fee"),
        booked_on(AccountKind.LOSSES).label("borne_by_us"),
        (-booked_on(AccountKind.MERCHANT_PAYABLE) - in_payouts(GONE_OUT)).label("held"),
        in_payouts(UNSENT).label("planned"),
        Order.settled_at,
    ).join(Attempt, Attempt.id == Order.attempt_id)


def _refunded(column: Any) -> Any:
    return (
        select(func.coalesce(func.sum(column), 0))
        .where(Refund.capture_id == Order.attempt_id)
        .correlate(Order)
        .scalar_subquery()
    )


def _lost() -> Any:
    return (
        select(func.coalesce(func.sum(Dispute.amount), 0))
        .where(
            Dispute.order_id == Order.id,
            Dispute.origin == DisputeOrigin.BANK,
            Dispute.state == DisputeState.UPHELD,
        )
        .correlate(Order)
        .scalar_subquery()
    )


@check("I-6 of each order every unit of money is accounted for: refunded, lost, paid out, our fee, or held")
def orders_add_up() -> Iterator[str]:
    """What was captured beside where it went. What the provider keeps of it we bear: psp_fee_passed_on is 0."""
    q = money_of_orders().subquery()
    gone = q.c.refunded + q.c.dispute_lost + q.c.paid_out + q.c.platform_fee - q.c.borne_by_us + q.c.held
    for row in db.session.execute(select(q, gone.label("gone")).where(gone != q.c.captured)):
        yield f"order {row.number}: {row.captured} captured, {row.gone} accounted for"


@check("I-6 an order that is settled holds nothing but what waits in a payout")
def settled_orders_hold_nothing() -> Iterator[str]:
    """What went back after an order was settled is the next payout's to take; until then it stays out of this."""
    q = money_of_orders().subquery()
    went_back = (
        select(Transaction.id)
        .where(
            Transaction.order_id == q.c.id,
            Transaction.at >= q.c.settled_at,
            Transaction.cause.in_((Cause.REFUND, Cause.DISPUTE)),
        )
        .exists()
    )
    for row in db.session.execute(
        select(q.c.number, q.c.held, q.c.planned).where(
            q.c.settled_at.is_not(None), q.c.held != q.c.planned, ~went_back
        )
    ):
        yield f"order {row.number} is settled, yet holds {row.held} with {row.planned} in a payout"


@check("I-7 our share and the merchant's add up to what was paid, and no more of it goes back than was taken")
def shares_add_up() -> Iterator[str]:
    """The fee in an order beside the books, and the parts that went back with refunds."""
    back = _refunded(Refund.fee_back)
    for row in db.session.execute(
        select(Order.number, Order.fee, back.label("back")).where(back > Order.fee)
    ):
        yield f"order {row.number}: {row.back} of a fee of {row.fee} went back"
    charged = (
        select(func.sum(Entry.amount))
        .join(Transaction, Transaction.id == Entry.tx_id)
        .join(Account, Account.id == Entry.account_id)
        .where(
            Transaction.cause == Cause.ATTEMPT,
            Transaction.cause_id == Order.attempt_id,
            Transaction.kind == "charged",
            Account.kind == AccountKind.PLATFORM_FEE,
        )
        .correlate(Order)
        .scalar_subquery()
    )
    booked = func.coalesce(-charged, 0)
    for row in db.session.execute(
        select(Order.number, Order.fee, booked.label("booked")).where(booked != Order.fee)
    ):
        yield f"order {row.number}: its fee is {row.fee}, {row.booked} was booked"


@check("I-8 the money at the provider is what its own book says, to the minor unit")
def books_are_equal() -> Iterator[str]:
    """The newest reconciliation; of the built-in provider, whose book is at hand, every fact that both know."""
    last = last_reconciliation()
    if last is not None and last.differences:
        yield f"the last reconciliation found {len(last.differences)} differences"
    if current_app.config["C2B"].gateway != "sandbox":
        return
    book = provider_book()
    theirs = [fact_of(line) for line in book.book_lines()] if book else []
    names = {(fact.kind, fact.name) for fact in theirs}
    ours = [fact for fact in our_facts() if (fact.kind, fact.name) in names]
    for gap in differences(ours, theirs):
        if gap.gap not in (Gap.MISSING_HERE, Gap.MISSING_THERE):
            yield f"{gap.kind} {gap.name}: {gap.gap}, we have {gap.ours}, the provider {gap.theirs}"


@check(
    "I-26 a payout is for orders whose return window has passed, to an account of three days, approved if large"
)
def payouts_are_in_order() -> Iterator[str]:
    """Each payout that was sent, beside what it rests on; and that its lines are its amount."""
    yield from _wrong_sums()
    yield from _too_early()
    yield from _wrong_accounts()
    yield from _unapproved()


def _wrong_sums() -> Iterator[str]:
    total = func.coalesce(func.sum(PayoutLine.amount), 0)
    rows = db.session.execute(
        select(Payout.number, Payout.amount, total.label("total"))
        .outerjoin(PayoutLine, PayoutLine.payout_id == Payout.id)
        .group_by(Payout.id, Payout.number, Payout.amount)
        .having(total != Payout.amount)
    )
    for row in rows:
        yield f"payout {row.number} is {row.amount}, its lines are {row.total}"


def _too_early() -> Iterator[str]:
    """Payouts beside the last delivery that they pay for."""
    paid_for = and_(PayoutLine.payout_id == Payout.id, PayoutLine.amount > 0)
    rows = db.session.execute(
        select(
            Payout.number,
            Payout.planned_at,
            func.max(Order.delivered_at).label("last"),
            (func.count(Order.id) - func.count(Order.delivered_at)).label("without"),
        )
        .join(PayoutLine, paid_for)
        .join(Order, Order.id == PayoutLine.order_id)
        .where(Payout.state != PayoutState.CANCELLED)
        .group_by(Payout.id, Payout.number, Payout.planned_at)
    )
    for row in rows:
        if row.without or row.last + windows.RETURN > row.planned_at:
            yield f"payout {row.number} pays for an order whose return window had not passed"


def _wrong_accounts() -> Iterator[str]:
    """Bank accounts that were new, or another firm's, when money was sent to them."""
    rows = db.session.execute(
        select(Payout.number, Attempt.started_at, BankAccount.added_at, BankAccount.usable_at)
        .join(BankAccount, BankAccount.id == Payout.bank_account_id)
        .join(Attempt, Attempt.payout_id == Payout.id)
        .where(
            or_(
                Attempt.started_at < BankAccount.usable_at,
                BankAccount.merchant_id != Payout.merchant_id,
                BankAccount.removed_at < Attempt.started_at,
            )
        )
    )
    for row in rows:
        yield f"payout {row.number} went to a bank account that is new, not in use, or another firm's"
    for account in db.session.scalars(select(BankAccount)):
        if account.usable_at < account.added_at + windows.BANK_ACCOUNT_WAITS:
            yield f"bank account {account.id} waits for less than three days"


def _unapproved() -> Iterator[str]:
    """Large payouts without two approvals, and approvals by people of the firm itself."""
    large = _large()
    one = or_(Payout.first_by.is_(None), Payout.second_by.is_(None))
    beyond = (PayoutState.APPROVED, *GONE_OUT, PayoutState.RETURNED)
    for number in db.session.scalars(select(Payout.number).where(large, one, Payout.state.in_(beyond))):
        yield f"payout {number} is large and was not approved by two operators"
    inside = and_(
        MerchantStaff.merchant_id == Payout.merchant_id,
        MerchantStaff.since <= Payout.planned_at,
        or_(MerchantStaff.user_id == Payout.first_by, MerchantStaff.user_id == Payout.second_by),
    )
    for number in db.session.scalars(select(Payout.number).join(MerchantStaff, inside)):
        yield f"payout {number} was approved by somebody who works for the firm"


def _large() -> ColumnElement[bool]:
    limits = {
        currency: rules.limit(currency) for currency in db.session.scalars(select(Payout.currency).distinct())
    }
    if not limits:
        return Payout.amount < 0
    return Payout.amount > case(limits, value=Payout.currency, else_=0)


@check("I-27 the money of a disputed order is in no payout that is still to be sent")
def disputed_orders_wait() -> Iterator[str]:
    """Orders with an open dispute in planned or approved payouts."""
    rows = db.session.execute(
        select(Payout.number, Order.number.label("order"))
        .join(PayoutLine, PayoutLine.payout_id == Payout.id)
        .join(Order, Order.id == PayoutLine.order_id)
        .where(Payout.state.in_(UNSENT), PayoutLine.amount > 0, disputed())
    )
    for row in rows:
        yield f"payout {row.number} holds order {row.order}, which is disputed"
