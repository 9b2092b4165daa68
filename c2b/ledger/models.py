"""The books: accounts, transactions and their entries. Written once, never changed; triggers refuse it otherwise."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Base, Model
from c2b.core.labels import one_of
from c2b.ledger.kinds import AccountKind, Cause


class Account(Model):
    """One account of the books: a kind, whose it is (0: ours), and a currency."""

    __tablename__ = "ledger_account"
    __table_args__ = (UniqueConstraint("kind", "owner", "currency"),)

    kind: Mapped[AccountKind] = mapped_column(one_of(AccountKind))
    owner: Mapped[int] = mapped_column(default=0)  # the merchant's number, for what belongs to one merchant
    currency: Mapped[str]
    balance: Mapped[int] = mapped_column(default=0)  # the sum of its entries; debits positive


class Transaction(Model):
    """One business fact in the books. Its entries add up to nothing, in one currency."""

    __tablename__ = "ledger_tx"
    __table_args__ = (UniqueConstraint("cause", "cause_id", "kind"),)  # I-9: one fact is booked once

    cause: Mapped[Cause] = mapped_column(one_of(Cause))
    cause_id: Mapped[int]
    kind: Mapped[str]  # what of the cause: "charged", "owed", "paid", …
    currency: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(index=True)  # the order it is about, for statements
    at: Mapped[datetime] = mapped_column(index=True)
    sealed_at: Mapped[datetime | None]  # set when its entries are in: the trigger checks that they add up


class Entry(Base):
    """One amount on one account; debits are positive, credits negative."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_is_not_nothing"),
        Index("ix_ledger_entry_account", "account_id", "tx_id"),
    )

    tx_id: Mapped[int] = mapped_column(ForeignKey("ledger_tx.id"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    amount: Mapped[int]
