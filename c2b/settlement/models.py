"""Where merchants are paid, what is paid to them, and each comparison with the provider's own book."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model
from c2b.core.labels import one_of
from c2b.core.states import HasState
from c2b.settlement.states import PAYOUT, PayoutState


class BankAccount(Model):
    """Where a merchant is paid: the provider's name for it, never a number of ours. A new one waits before its use."""

    __tablename__ = "bank_account"
    __table_args__ = (
        Index(
            "uq_bank_account_one_in_use",
            "merchant_id",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
            sqlite_where=text("removed_at IS NULL"),
        ),
    )

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"), index=True)
    gateway: Mapped[str]
    destination: Mapped[str]  # the provider's name for it
    label: Mapped[str]  # "Bank ending 6789"
    added_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime]
    usable_at: Mapped[datetime]  # 72 hours later
    removed_at: Mapped[datetime | None]


class Payout(HasState, Model):
    """Money to a merchant for a number of orders. Sent by attempts of purpose payout."""

    __tablename__ = "payout"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("second_by IS NULL OR second_by <> first_by", name="two_approvers"),
    )
    machine = PAYOUT

    number: Mapped[str] = mapped_column(unique=True)
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"), index=True)
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    amount: Mapped[int]
    currency: Mapped[str]
    planned_at: Mapped[datetime]
    first_by: Mapped[int | None] = mapped_column(
        ForeignKey("user.id")
    )  # who approved it; None: below the limit
    second_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    paid_at: Mapped[datetime | None]
    state: Mapped[PayoutState] = mapped_column(one_of(PayoutState))


class PayoutLine(Model):
    """What one order, or one correction, adds to a payout."""

    __tablename__ = "payout_line"
    __table_args__ = (
        Index("ix_payout_line_order", "order_id"),
        CheckConstraint("amount <> 0", name="amount_is_not_nothing"),
    )

    payout_id: Mapped[int] = mapped_column(ForeignKey("payout.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"))
    amount: Mapped[int]  # negative: taken back after an earlier payout
    words: Mapped[str] = mapped_column(default="")


class Reconciliation(Model):
    """One comparison of our books with the provider's: what was compared, and every difference."""

    __tablename__ = "reconciliation"

    at: Mapped[datetime]
    gateway: Mapped[str]
    compared: Mapped[int]  # transactions of the provider
    differences: Mapped[list[Any]] = mapped_column(default=list)
    balances: Mapped[dict[str, Any]] = mapped_column(default=dict)  # currency: [ours, theirs]
