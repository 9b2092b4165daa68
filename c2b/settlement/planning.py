"""From orders to payouts: what is payable is put together, and taken apart again when an order is frozen.

Whoever plans holds the merchant and the orders; whoever freezes holds the order. So an order is seen as disputed
before it is put into a payout, or is found in one and taken out (I-27).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select, update

from c2b.core.db import db, get_or_404, lock
from c2b.core.events import record
from c2b.core.rows import among, insert_rows
from c2b.core.states import move
from c2b.ledger.kinds import AccountKind
from c2b.ledger.models import Account
from c2b.merchants.models import Merchant
from c2b.orders.freezing import when_frozen
from c2b.orders.models import Order
from c2b.settlement.dues import Due, dues, to_settle
from c2b.settlement.models import BankAccount, Payout, PayoutLine
from c2b.settlement.rules import needs_approval, why_not_use
from c2b.settlement.states import UNSENT, PayoutState


def accounts_to_plan(now: datetime) -> list[int]:
    """The accounts of merchants to whom we owe something and whose bank account can be used."""
    return list(
        db.session.scalars(
            select(Account.id)
            .join(BankAccount, BankAccount.merchant_id == Account.owner)
            .where(
                Account.kind == AccountKind.MERCHANT_PAYABLE,
                Account.balance < 0,
                BankAccount.removed_at.is_(None),
                BankAccount.usable_at <= now,
            )
            .order_by(Account.id)
        )
    )


def bank_account_of(merchant_id: int) -> BankAccount | None:
    """Where the firm is paid, new or not."""
    return db.session.scalar(
        select(BankAccount).where(BankAccount.merchant_id == merchant_id, BankAccount.removed_at.is_(None))
    )


def plan_payout(account_id: int, *, now: datetime) -> Payout | None:
    """Put all that is payable to one merchant in one currency into a payout; None where that is nothing."""
    account = get_or_404(Account, account_id)
    merchant = lock(Merchant, account.owner)
    bank = bank_account_of(merchant.id)
    if bank is None or why_not_use(bank, now):
        return None
    candidates = db.session.scalars(to_settle(merchant.id, account.currency, now)).all()
    _hold(candidates)
    payable = [due for due in dues(candidates) if not due.frozen or due.amount < 0]
    return make_payout(bank, account.currency, payable, now)


def _hold(order_ids: Sequence[int]) -> None:
    """Lock these orders, in the order of their numbers; a dispute that is being opened is waited for."""
    held = select(Order.id).where(among(Order.id, order_ids)).order_by(Order.id)
    db.session.execute(held.with_for_update(key_share=True)).all()


def make_payout(bank: BankAccount, currency: str, payable: Sequence[Due], now: datetime) -> Payout | None:
    """A payout of these amounts; orders that bring nothing are settled as they are.

    None where corrections eat it all up: then everything waits for the next plan.
    """
    lines = [due for due in payable if due.amount]
    amount = sum(due.amount for due in lines)
    settle([due.order_id for due in payable if not due.amount], now)
    if amount <= 0:
        return None
    payout = Payout(
        number=f"new-{uuid4().hex}",
        merchant_id=bank.merchant_id,
        bank_account_id=bank.id,
        amount=amount,
        currency=currency,
        planned_at=now,
        state_since=now,
    )
    db.session.add(payout)
    db.session.flush()
    payout.number = f"P{now:%y%m%d}-{payout.id:05}"
    rows = [{"payout_id": payout.id, "order_id": d.order_id, "amount": d.amount, "words": ""} for d in lines]
    insert_rows(PayoutLine, rows)
    settle([due.order_id for due in lines], now)
    record(payout, "payout.planned", by=None, at=now, amount=amount, orders=len(lines))
    if not needs_approval(payout):
        move(payout, PayoutState.APPROVED, by=None, now=now)
    return payout


def settle(order_ids: Sequence[int], now: datetime | None) -> None:
    """Mark orders as settled; with None they are payable again."""
    was = Order.settled_at.is_(None) if now is not None else Order.settled_at.is_not(None)
    db.session.execute(
        update(Order)
        .where(among(Order.id, order_ids), was)
        .values(settled_at=now)
        .execution_options(synchronize_session="fetch")
    )


def orders_in(payout_id: int) -> Sequence[int]:
    """The orders that a payout is for."""
    return [
        id_
        for id_ in db.session.scalars(
            select(PayoutLine.order_id).where(PayoutLine.payout_id == payout_id).order_by(PayoutLine.order_id)
        )
        if id_ is not None
    ]


def release(payout: Payout) -> Sequence[int]:
    """What a payout held is payable again, unless another one holds it; returns its orders."""
    ids = orders_in(payout.id)
    again = [due.order_id for due in dues(ids) if due.amount]
    settle(again, None)
    return ids


def cancel(payout: Payout, *, by: int | None, now: datetime, why: str) -> Sequence[int]:
    """Give up a payout that was not sent; returns its orders, which are payable again."""
    move(payout, PayoutState.CANCELLED, by=by, now=now, why=why)
    return release(payout)


def plan_anew(payout: Payout, *, now: datetime, why: str, without: Collection[int] = ()) -> Payout | None:
    """Replace a payout that was not sent by one of what is still payable of it; approvals are asked for anew."""
    ids = [id_ for id_ in cancel(payout, by=None, now=now, why=why) if id_ not in without]
    bank = bank_account_of(payout.merchant_id)
    if bank is None or why_not_use(bank, now):
        return None
    return make_payout(bank, payout.currency, [due for due in dues(ids) if not due.frozen], now)


@when_frozen
def freeze_order(order_id: int, now: datetime) -> None:
    """Take an order out of a payout that has not been sent. The caller opens a dispute in the same transaction."""
    lock(Order, order_id)
    for payout_id in unsent_with([order_id]):
        payout = lock(Payout, payout_id)
        if payout.state in UNSENT:
            plan_anew(payout, now=now, why="frozen", without=[order_id])


def unsent_with(order_ids: Iterable[int]) -> Sequence[int]:
    """Payouts that were not sent and hold one of these orders."""
    return db.session.scalars(
        select(Payout.id)
        .join(PayoutLine, PayoutLine.payout_id == Payout.id)
        .where(among(PayoutLine.order_id, order_ids), Payout.state.in_(UNSENT))
        .group_by(Payout.id)
        .order_by(Payout.id)
    ).all()
