"""What a launch turned a pledge into, and all that follows: parcels, vouchers, returns, disputes, reviews."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from c2b.campaigns.states import Fulfilment
from c2b.core.db import Model
from c2b.core.labels import one_of
from c2b.core.states import HasState
from c2b.core.text import gettext as _
from c2b.orders.states import (
    DISPUTE,
    ORDER,
    RETURN,
    SHIPMENT,
    VOUCHER,
    DisputeCause,
    DisputeOrigin,
    DisputeState,
    OrderState,
    Party,
    ReturnCause,
    ReturnState,
    ShipmentState,
    VoucherState,
)

UNSETTLED = text("settled_at IS NULL")


class Order(HasState, Model):
    """Goods that were charged: one for each captured pledge."""

    __tablename__ = "order"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_price > 0", name="is_positive"),
        CheckConstraint("total = quantity * unit_price", name="total_is_exact"),
        CheckConstraint("fee >= 0 AND fee <= total", name="fee_fits"),
        Index("ix_order_due", "state", "ship_by"),
        Index("ix_order_merchant_id_state", "merchant_id", "state"),
        Index(
            "ix_order_unsettled",
            "merchant_id",
            "delivered_at",
            postgresql_where=UNSETTLED,
            sqlite_where=UNSETTLED,
        ),
    )
    machine = ORDER

    number: Mapped[str] = mapped_column(unique=True)
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledge.id"), unique=True)
    attempt_id: Mapped[int] = mapped_column(
        ForeignKey("attempt.id"), unique=True
    )  # the capture that paid for it
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    launch_id: Mapped[int] = mapped_column(ForeignKey("launch.id"), index=True)
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"))
    shopper_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[int]
    total: Mapped[int]
    fee: Mapped[int] = mapped_column(default=0, server_default="0")  # our share of the total
    currency: Mapped[str]
    fulfilment: Mapped[Fulfilment] = mapped_column(one_of(Fulfilment), server_default="shipped")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    placed_at: Mapped[datetime] = mapped_column(index=True)
    ship_by: Mapped[datetime]  # for vouchers and goods to collect: ready by
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None] = mapped_column(index=True)
    late_told_at: Mapped[datetime | None]  # when the shopper was told that it is late
    settled_at: Mapped[datetime | None]  # when it went into a payout, or everything was refunded
    state: Mapped[OrderState] = mapped_column(one_of(OrderState))


class Shipment(HasState, Model):
    """One parcel of an order; an order may need several, or a second one as a replacement."""

    __tablename__ = "shipment"
    __table_args__ = (Index("ix_shipment_due", "state", "sent_at"),)
    machine = SHIPMENT

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    carrier: Mapped[str]
    tracking: Mapped[str]
    replacement: Mapped[bool] = mapped_column(default=False)  # sent instead of goods that were not in order
    sent_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    state: Mapped[ShipmentState] = mapped_column(one_of(ShipmentState))


class Voucher(HasState, Model):
    """A code that is shown once: to collect an order, or to use what was bought."""

    __tablename__ = "voucher"
    __table_args__ = (Index("ix_voucher_due", "state", "valid_until"),)
    machine = VOUCHER

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    valid_until: Mapped[datetime | None]
    redeemed_at: Mapped[datetime | None]
    redeemed_by: Mapped[int | None] = mapped_column(
        ForeignKey("user.id")
    )  # the merchant's person who took it
    state: Mapped[VoucherState] = mapped_column(one_of(VoucherState))


OPEN_RETURN = "state IN ('asked', 'accepted', 'sent', 'received')"


class Return(HasState, Model):
    """A shopper wants to send goods back, or have others instead."""

    __tablename__ = "return_request"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_is_positive"),
        Index(
            "uq_return_one_open",
            "order_id",
            unique=True,
            postgresql_where=text(OPEN_RETURN),
            sqlite_where=text(OPEN_RETURN),
        ),
    )
    machine = RETURN

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    quantity: Mapped[int]
    cause: Mapped[ReturnCause] = mapped_column(one_of(ReturnCause))
    replace: Mapped[bool] = mapped_column(default=False)  # the shopper would rather have it replaced
    note: Mapped[str]
    pictures: Mapped[list[str]] = mapped_column(default=list)
    answer: Mapped[str] = mapped_column(default="")  # the merchant's words
    carrier: Mapped[str | None]
    tracking: Mapped[str | None]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # whoever has the next move has it until then
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"))
    state: Mapped[ReturnState] = mapped_column(one_of(ReturnState))


OPEN_DISPUTE = "state IN ('opened', 'answered')"


class Dispute(HasState, Model):
    """A claim on an order: by the shopper, ruled by an operator; or by the shopper's bank, ruled by the bank."""

    __tablename__ = "dispute"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        Index(
            "uq_dispute_one_open",
            "order_id",
            "origin",
            unique=True,
            postgresql_where=text(OPEN_DISPUTE),
            sqlite_where=text(OPEN_DISPUTE),
        ),
    )
    machine = DISPUTE

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    origin: Mapped[DisputeOrigin] = mapped_column(one_of(DisputeOrigin))
    cause: Mapped[DisputeCause] = mapped_column(one_of(DisputeCause))
    amount: Mapped[int]  # what is asked back
    currency: Mapped[str]
    reference: Mapped[str | None] = mapped_column(unique=True)  # the provider's name, where a bank opened it
    bank_fee: Mapped[int] = mapped_column(default=0)  # what the provider takes for it
    handed_in: Mapped[int | None]  # the last evidence that the bank has; 0: the order's own facts alone
    opened_at: Mapped[datetime]
    answer_by: Mapped[datetime]  # until then the other side is heard
    rule_by: Mapped[datetime]  # until then it is ruled
    ruling: Mapped[str] = mapped_column(default="")  # in words for both sides
    ruled_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ruled_at: Mapped[datetime | None]
    awarded: Mapped[int | None]  # how much the ruling gave back
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"))
    state: Mapped[DisputeState] = mapped_column(one_of(DisputeState))

    @property
    def state_words(self) -> str:
        """How far it has come, in words; a ruling that gave a part back says so."""
        part = self.state == DisputeState.UPHELD and 0 < (self.awarded or 0) < self.amount
        return _("Ruled in part for the shopper") if part else self.state.label


class Evidence(Model):
    """What one side says in a dispute, with pictures; only ever added to."""

    __tablename__ = "evidence"

    dispute_id: Mapped[int] = mapped_column(ForeignKey("dispute.id"), index=True)
    party: Mapped[Party] = mapped_column(one_of(Party))
    by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    words: Mapped[str]
    pictures: Mapped[list[str]] = mapped_column(default=list)
    at: Mapped[datetime]


class Review(Model):
    """What a person who bought says about it."""

    __tablename__ = "review"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="one_to_five_stars"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), unique=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"), index=True)
    shopper_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    stars: Mapped[int]
    words: Mapped[str] = mapped_column(default="")
    pictures: Mapped[list[str]] = mapped_column(default=list)
    at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")  # the merchant's words
    hidden_at: Mapped[datetime | None]  # by an operator, with a reason in the diary
