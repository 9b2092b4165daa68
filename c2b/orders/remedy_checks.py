"""What must hold of refunds, returns and disputes."""

from collections.abc import Iterator

from sqlalchemy import and_, func, or_, select

from c2b.core.checks import check
from c2b.core.db import db
from c2b.ledger.kinds import AccountKind, Cause
from c2b.ledger.models import Account, Entry, Transaction
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.refunding import WITH_THE_BANK
from c2b.orders.remedy_rules import OPEN_RETURN
from c2b.orders.states import DisputeOrigin, DisputeState, OrderState, ReturnState
from c2b.payments.fees import fee_back
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import AttemptState, RefundState


@check("I-25 what is promised back of a charge is the sum of its refunds, and never more than was charged")
def refunds_fit() -> Iterator[str]:
    """Each charge keeps the sum of its refunds; only what was charged goes back."""
    promised = func.coalesce(func.sum(Refund.amount), 0)
    rows = db.session.execute(
        select(Attempt.key, Attempt.state, Attempt.amount, Attempt.refunded, promised)
        .outerjoin(Refund, Refund.capture_id == Attempt.id)
        .group_by(Attempt.id, Attempt.key, Attempt.state, Attempt.amount, Attempt.refunded)
        .having(or_(Attempt.refunded != 0, promised != 0))
    )
    for key, state, amount, refunded, back in rows:
        if refunded != back:
            yield f"of {key} {back} is promised back, {refunded} was taken from it"
        if back > amount or state != AttemptState.SUCCEEDED:
            yield f"of {key}, which is {state} with {amount}, {back} is promised back"


@check(
    "I-25 a refund is paid exactly when the provider has paid it, once and to the cent, or operators say how else"
)
def refunds_are_paid_once() -> Iterator[str]:
    """A refund's requests are about its amount; one that is paid has one that succeeded, others have none."""
    paid = func.count(Attempt.id).filter(Attempt.state == AttemptState.SUCCEEDED)
    other = func.count(Attempt.id).filter(
        or_(Attempt.amount != Refund.amount, Attempt.currency != Refund.currency)
    )
    rows = db.session.execute(
        select(Refund.id, Refund.state, Refund.other_by, paid, other)
        .outerjoin(Attempt, Attempt.refund_id == Refund.id)
        .group_by(Refund.id, Refund.state, Refund.other_by)
    )
    for refund, state, other_by, times, wrong in rows:
        if wrong:
            yield f"refund {refund} was asked for with another amount"
        if other_by is not None and state != RefundState.PAID:
            yield f"refund {refund} is {state}, although operator {other_by} said how it was paid"
        if times != (1 if state == RefundState.PAID and other_by is None else 0):
            yield f"refund {refund} is {state}, the provider has paid it {times} times"


@check("I-7 the parts of our fee that go back with refunds add up")
def fees_go_back() -> Iterator[str]:
    """Where no bank took a part, the fees of all refunds of an order are the running share of what went back."""
    banks = select(Dispute.order_id).where(Dispute.origin == DisputeOrigin.BANK)
    rows = db.session.execute(
        select(Order.number, Order.total, Order.fee, func.sum(Refund.amount), func.sum(Refund.fee_back))
        .join(Refund, Refund.capture_id == Order.attempt_id)
        .where(Order.id.not_in(banks))
        .group_by(Order.number, Order.total, Order.fee)
    )
    for number, total, fee, amount, back in rows:
        if amount <= total and fee_back(total, fee, 0, int(amount)) != back:
            yield f"order {number}: with {amount} of {total} {back} of our fee of {fee} goes back"


@check("I-6 every refund is in the books: owed from its promise, paid when it is paid")
def refunds_are_booked() -> Iterator[str]:
    """What the account of refunds owed says of each refund is what is still owed of it."""
    open_ = (
        select(Transaction.cause_id, func.sum(Entry.amount).label("amount"))
        .join(Entry, Entry.tx_id == Transaction.id)
        .join(Account, Account.id == Entry.account_id)
        .where(Transaction.cause == Cause.REFUND, Account.kind == AccountKind.REFUND_PAYABLE)
        .group_by(Transaction.cause_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Refund.id, Refund.state, Refund.amount, open_.c.amount)
        .join(
            Order, Order.attempt_id == Refund.capture_id
        )  # a charge without an order was booked as owed itself
        .outerjoin(open_, open_.c.cause_id == Refund.id)
    )
    for refund, state, amount, owed in rows:
        if owed != (0 if state == RefundState.PAID else -amount):
            yield f"refund {refund} is {state} with {amount}, the books say {owed}"


@check("I-6 an order that was cancelled is paid back in whole")
def cancelled_orders_are_paid_back() -> Iterator[str]:
    """Nothing is kept of what was never sent."""
    banks = (
        select(func.coalesce(func.sum(Dispute.amount), 0))
        .where(
            Dispute.order_id == Order.id,
            Dispute.origin == DisputeOrigin.BANK,
            Dispute.state.in_(WITH_THE_BANK),
        )
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Order.number, Order.total, Attempt.refunded)
        .join(Attempt, Attempt.id == Order.attempt_id)
        .where(Order.state == OrderState.CANCELLED, Attempt.refunded + banks < Order.total)
    )
    for number, total, back in rows:
        yield f"order {number} is cancelled, and of {total} only {back} goes back"


@check(
    "I-34 a return has a time for its next move exactly while it is under way, and is about what was ordered"
)
def returns_are_sound() -> Iterator[str]:
    """Open ones have their time; units that were paid back were ordered; a refund is about its own order."""
    timeless = db.session.execute(
        select(Return.id, Return.state, Return.due_at).where(
            Return.state.in_(OPEN_RETURN) != Return.due_at.is_not(None)
        )
    )
    for id_, state, due in timeless:
        yield f"return {id_} is {state}, its next move is due {due}"
    back = func.sum(Return.quantity)
    too_many = db.session.execute(
        select(Order.number, Order.quantity, back)
        .join(Return, Return.order_id == Order.id)
        .where(Return.state == ReturnState.REFUNDED)
        .group_by(Order.number, Order.quantity)
        .having(back > Order.quantity)
    )
    for number, ordered, units in too_many:
        yield f"of order {number} {units} units were paid back, {ordered} were ordered"
    foreign = db.session.execute(
        select(Return.id, Order.number)
        .join(Order, Order.id == Return.order_id)
        .join(Refund, Refund.id == Return.refund_id)
        .where(or_(Return.state != ReturnState.REFUNDED, Refund.capture_id != Order.attempt_id))
    )
    for id_, number in foreign:
        yield f"return {id_} of order {number} has the refund of something else"


@check("I-27 a ruling has its words, and its refund exactly when it is for the shopper")
def rulings_are_sound() -> Iterator[str]:
    """One ruling, one refund of the disputed order, never more than was claimed."""
    ruled = Dispute.state.in_((DisputeState.UPHELD, DisputeState.DISMISSED))
    upheld = Dispute.state == DisputeState.UPHELD
    rows = db.session.execute(
        select(Dispute.id, Dispute.state)
        .join(Order, Order.id == Dispute.order_id)
        .outerjoin(Refund, Refund.id == Dispute.refund_id)
        .where(
            Dispute.origin == DisputeOrigin.SHOPPER,
            or_(
                ruled != Dispute.ruled_at.is_not(None),
                and_(ruled, Dispute.ruling == ""),
                upheld != Dispute.refund_id.is_not(None),
                Refund.capture_id != Order.attempt_id,
                Refund.amount > Dispute.amount,
            ),
        )
    )
    for id_, state in rows:
        yield f"dispute {id_} is {state}, which does not fit its ruling or its refund"
