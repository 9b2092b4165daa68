"""Reconciliation: what the provider's own book says, fact by fact and to the minor unit, beside our books.

It finds and says; it never repairs. What is missing with us is booked by looking our requests up, and what nothing
of ours explains is for a person.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from c2b.core.db import db, transaction
from c2b.ledger.kinds import AccountKind, Cause
from c2b.ledger.models import Account, Entry, Transaction
from c2b.orders.models import Dispute
from c2b.payments.gateway import gateway
from c2b.payments.models import Attempt
from c2b.settlement.comparing import Fact, balance_of, differences, fact_of, unequal
from c2b.settlement.models import Reconciliation

TRIES = 3  # while requests are being answered, the two sides are read again
# What of a cause moves money at the provider: its name in the provider's book, and by what it is named there.
KINDS = {
    (Cause.ATTEMPT, "charged"): "charge",
    (Cause.REFUND, "paid"): "refund",
    (Cause.PAYOUT, "paid"): "payout",
    (Cause.PAYOUT, "returned"): "payout_returned",
    (Cause.DISPUTE, "opened"): "dispute",
    (Cause.DISPUTE, "won"): "dispute_won",
}
FEES = {(Cause.ATTEMPT, "provider_fee"): "charge", (Cause.DISPUTE, "bank_fee"): "dispute"}


def reconcile(now: datetime) -> Reconciliation:
    """Compare both books and keep what was found. Ends its own transactions; changes nothing else."""
    provider = gateway()
    for _time in range(TRIES):
        with transaction():
            before, balance = our_facts(), our_balance()
        theirs = [fact_of(line) for line in provider.book_lines()]
        with transaction():
            ours = our_facts()
            quiet = ours == before and our_balance() == balance
        if quiet:
            break
    found = differences(ours, theirs)
    owned = balance_of(theirs)
    found += unequal(balance, owned)
    result = Reconciliation(
        at=now,
        gateway=provider.name,
        compared=len(theirs),
        differences=[difference.as_row() for difference in found],
        balances={
            currency: [balance.get(currency, 0), owned.get(currency, 0)]
            for currency in sorted({*balance, *owned})
        },
    )
    with transaction():
        db.session.add(result)
        db.session.flush()
    return result


def last_reconciliation() -> Reconciliation | None:
    """The newest comparison."""
    return db.session.scalar(select(Reconciliation).order_by(Reconciliation.id.desc()).limit(1))


def our_balance() -> dict[str, int]:
    """What our books say that lies at the provider, by currency."""
    rows = db.session.execute(
        select(Account.currency, Account.balance).where(Account.kind == AccountKind.CLEARING)
    )
    return {row.currency: row.balance for row in rows}


def our_facts() -> list[Fact]:
    """Every movement on the clearing accounts, by what it follows from; a fee goes with the charge it was kept of."""
    moved = {(row.cause, row.cause_id, row.kind): row for row in _movements()}
    names = _names()
    fees = {
        (FEES[cause, kind], cause_id): -row.amount
        for (cause, cause_id, kind), row in moved.items()
        if (cause, kind) in FEES
    }
    found = []
    for (cause, cause_id, kind), row in moved.items():
        if (cause, kind) in FEES:
            continue
        told = KINDS.get((cause, kind), kind)
        by_key, by_reference = names.get((cause, cause_id), (None, None))
        name = by_reference if told in ("payout_returned", "dispute", "dispute_won") else by_key
        fee = fees.get((told, cause_id), 0)
        found.append(Fact(told, name or f"{cause}-{cause_id}", int(row.amount), int(fee), row.currency))
    return found


def _movements() -> Sequence[Any]:
    return db.session.execute(
        select(
            Transaction.cause,
            Transaction.cause_id,
            Transaction.kind,
            Transaction.currency,
            func.sum(Entry.amount).label("amount"),
        )
        .join(Entry, Entry.tx_id == Transaction.id)
        .join(Account, Account.id == Entry.account_id)
        .where(Account.kind == AccountKind.CLEARING)
        .group_by(
            Transaction.id, Transaction.cause, Transaction.cause_id, Transaction.kind, Transaction.currency
        )
        .order_by(Transaction.id)
    ).all()


Names = dict[tuple[Cause, int], tuple[str | None, str | None]]


def _names() -> Names:
    """By what each cause is known at the provider: (the key of our request, the provider's own name)."""
    succeeded = Attempt.state == "succeeded"
    found: Names = {}
    subjects: tuple[tuple[Cause, Any], ...] = (
        (Cause.ATTEMPT, Attempt.id),
        (Cause.REFUND, Attempt.refund_id),
        (Cause.PAYOUT, Attempt.payout_id),
    )
    for cause, subject in subjects:
        rows = db.session.execute(
            select(subject, Attempt.key, Attempt.reference).where(subject.is_not(None), succeeded)
        )
        found |= {(cause, row[0]): (row.key, row.reference) for row in rows}
    disputes = db.session.execute(select(Dispute.id, Dispute.reference).where(Dispute.reference.is_not(None)))
    for row in disputes:
        found[Cause.DISPUTE, row.id] = (None, row.reference)
    return found
