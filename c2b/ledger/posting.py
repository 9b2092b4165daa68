"""The one door into the books. Everything that is posted adds up to nothing, and is never changed again.

What the caller locks, it locks before it posts: accounts come last in the order of locks, by their numbers.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, tuple_, update

from c2b.core.db import db
from c2b.core.rows import among, insert_rows
from c2b.ledger.kinds import AccountKind, Cause
from c2b.ledger.models import Account, Entry, Transaction

CHUNK = 500  # rows in one statement


class DoesNotAddUp(Exception):
    """A posting whose amounts do not add up to nothing: a mistake of ours, and nothing of it is written (P-18)."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One amount on one account; debits are positive, credits negative. A leg of 0 is left out."""

    kind: AccountKind
    amount: int
    owner: int = 0  # the merchant's number, for what belongs to one merchant


@dataclass(frozen=True, slots=True)
class Posting:
    """One business fact, named by what it follows from and what of it: a charge that was `charged`."""

    cause: Cause
    cause_id: int
    kind: str
    currency: str
    legs: Sequence[Leg]
    order_id: int | None = None


Name = tuple[str, int, str]  # of an account: kind, owner, currency
Fact = tuple[str, int, str]  # of a posting: cause, its number, kind


def post(postings: Sequence[Posting], *, now: datetime) -> list[int]:
    """Write these into the books, in the caller's transaction; returns the numbers of what was new.

    What is in the books already is left out, so that a fact is booked once however often it is reported.
    """
    for posting in postings:
        _must_add_up(posting)
    by_fact = {(str(p.cause), p.cause_id, p.kind): p for p in postings}
    numbers = _open(by_fact, now)
    if not numbers:
        return []
    new = [(number, by_fact[fact]) for fact, number in numbers.items()]
    accounts = _accounts({_name(posting, leg) for _number, posting in new for leg in posting.legs})
    rows = [
        {"tx_id": number, "seq": seq, "account_id": accounts[_name(posting, leg)], "amount": leg.amount}
        for number, posting in new
        for seq, leg in enumerate((leg for leg in posting.legs if leg.amount), start=1)
    ]
    insert_rows(Entry, rows)
    _add_to_balances(rows)
    _seal(sorted(numbers.values()), now)
    return sorted(numbers.values())


def _must_add_up(posting: Posting) -> None:
    amounts = [leg.amount for leg in posting.legs if leg.amount]
    if sum(amounts) != 0 or len(amounts) < 2:
        raise DoesNotAddUp(f"{posting.cause} {posting.cause_id} {posting.kind}: {amounts}")


def _table(model: Any) -> Any:
    """The bare table, for many rows at once."""
    return model.__table__


def _open(by_fact: dict[Fact, Posting], now: datetime) -> dict[Fact, int]:
    """New transactions, still without entries: {fact: number}."""
    rows = [
        {
            "cause": p.cause,
            "cause_id": p.cause_id,
            "kind": p.kind,
            "currency": p.currency,
            "order_id": p.order_id,
        }
        for _fact, p in sorted(by_fact.items())  # two processes with the same facts wait in the same order
    ]
    if not rows:
        return {}
    opened = insert_rows(
        Transaction, rows, only_new=True, returning=("id", "cause", "cause_id", "kind"), at=now
    )
    return {(str(row.cause), row.cause_id, row.kind): row.id for row in opened}


def _name(posting: Posting, leg: Leg) -> Name:
    return (str(leg.kind), leg.owner, posting.currency)


def _accounts(names: set[Name]) -> dict[Name, int]:
    """The numbers of these accounts; those that were never used are opened, by whoever comes first."""
    found = _find(names)
    missing = sorted(names - found.keys())
    if missing:
        rows = [{"kind": kind, "owner": owner, "currency": currency} for kind, owner, currency in missing]
        insert_rows(Account, rows, only_new=True, balance=0)
        found |= _find(set(missing))
    return found


def _find(names: set[Name]) -> dict[Name, int]:
    wanted = sorted(names)
    found: dict[Name, int] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = db.session.execute(
            select(Account.id, Account.kind, Account.owner, Account.currency).where(
                tuple_(Account.kind, Account.owner, Account.currency).in_(wanted[start : start + CHUNK])
            )
        )
        found |= {(str(row.kind), row.owner, row.currency): row.id for row in rows}
    return found


def _add_to_balances(rows: Sequence[dict[str, int]]) -> None:
    """Keep each account's balance, one statement each at most, in the order of their numbers."""
    sums: dict[int, int] = defaultdict(int)
    for row in rows:
        sums[row["account_id"]] += row["amount"]
    table = _table(Account)
    changed = [{"account": account, "more": more} for account, more in sorted(sums.items()) if more]
    if changed:
        db.session.execute(
            update(table)
            .where(table.c.id == bindparam("account"))
            .values(balance=table.c.balance + bindparam("more")),
            changed,
        )


def _seal(numbers: Sequence[int], now: datetime) -> None:
    """Close these transactions: the database looks whether they add up, and lets nothing more in."""
    table = _table(Transaction)
    db.session.execute(update(table).where(among(table.c.id, numbers)).values(sealed_at=now))
