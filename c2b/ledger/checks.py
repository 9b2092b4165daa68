"""What must hold of the books themselves."""

from collections.abc import Iterator

from sqlalchemy import func, or_, select, text

from c2b.core.checks import check
from c2b.core.db import db, is_sqlite
from c2b.ledger.kinds import AccountKind
from c2b.ledger.models import Account, Entry, Transaction

GUARDS = 10  # triggers on the three tables
AGAINST_EMPTYING = 3  # more on PostgreSQL, which has TRUNCATE
ON_SQLITE = text("SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'ledger%'")
ON_POSTGRESQL = text(
    "SELECT COUNT(*) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE NOT tgisinternal AND tgenabled = 'O' AND relname LIKE 'ledger%'"
)


@check("I-1 every transaction of the books adds up to nothing")
def adds_up() -> Iterator[str]:
    """The entries of each transaction, by currency."""
    rows = db.session.execute(
        select(Entry.tx_id, Account.currency, func.sum(Entry.amount).label("rest"))
        .join(Account, Account.id == Entry.account_id)
        .group_by(Entry.tx_id, Account.currency)
        .having(func.sum(Entry.amount) != 0)
    )
    for row in rows:
        yield f"transaction {row.tx_id} leaves {row.rest} {row.currency}"


@check("I-2 every transaction has two entries or more in its own currency, and is sealed")
def is_whole() -> Iterator[str]:
    """Transactions with too few entries, with another currency, or left open."""
    entries = func.count(Entry.seq)
    rows = db.session.execute(
        select(Transaction.id, entries.label("entries"))
        .outerjoin(Entry, Entry.tx_id == Transaction.id)
        .group_by(Transaction.id)
        .having(entries < 2)
    )
    for row in rows:
        yield f"transaction {row.id} has {row.entries} entries"
    other = db.session.execute(
        select(Transaction.id, Account.currency)
        .join(Entry, Entry.tx_id == Transaction.id)
        .join(Account, Account.id == Entry.account_id)
        .where(Account.currency != Transaction.currency)
    )
    for number, currency in other:
        yield f"transaction {number} has an entry in {currency}"
    for number in db.session.scalars(select(Transaction.id).where(Transaction.sealed_at.is_(None))):
        yield f"transaction {number} was left open"


@check("I-3 what is in the books stays there: the database refuses to change or remove it")
def is_guarded() -> Iterator[str]:
    """Whether the triggers are there and switched on."""
    there = db.session.scalar(ON_SQLITE if is_sqlite() else ON_POSTGRESQL) or 0
    wanted = GUARDS if is_sqlite() else GUARDS + AGAINST_EMPTYING
    if there < wanted:
        yield f"{wanted - there} of the triggers that guard the books are missing"


@check("I-4 an account's balance is the sum of its entries")
def balances_are_sums() -> Iterator[str]:
    """Each account beside its entries."""
    total = func.coalesce(func.sum(Entry.amount), 0)
    rows = db.session.execute(
        select(Account.id, Account.balance, total.label("total"))
        .outerjoin(Entry, Entry.account_id == Account.id)
        .group_by(Account.id, Account.balance)
        .having(total != Account.balance)
    )
    for row in rows:
        yield f"account {row.id} stands at {row.balance}, its entries add up to {row.total}"


@check("I-5 we owe no shopper less than nothing, and nothing is under way that was not sent")
def debts_are_debts() -> Iterator[str]:
    """Accounts of debts whose balance is on the wrong side."""
    rows = db.session.execute(
        select(Account.kind, Account.currency, Account.balance).where(
            Account.kind.in_((AccountKind.REFUND_PAYABLE, AccountKind.IN_TRANSIT)), Account.balance > 0
        )
    )
    for row in rows:
        yield f"{row.kind} in {row.currency} is {row.balance} beyond what is owed"


@check("I-9 every transaction of the books follows from one thing, and says each once")
def causes_are_single() -> Iterator[str]:
    """What the database's own rule keeps out, looked for all the same."""
    rows = db.session.execute(
        select(Transaction.cause, Transaction.cause_id, Transaction.kind, func.count().label("times"))
        .group_by(Transaction.cause, Transaction.cause_id, Transaction.kind)
        .having(or_(func.count() > 1, Transaction.cause_id <= 0))
    )
    for row in rows:
        yield f"{row.cause} {row.cause_id} was booked as {row.kind} {row.times} times"
