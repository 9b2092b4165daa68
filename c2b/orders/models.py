"""What a launch turned a pledge into."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model
from c2b.core.labels import one_of
from c2b.core.states import HasState
from c2b.orders.states import ORDER, OrderState


class Order(HasState, Model):
    """Goods that were charged: one for each captured pledge."""

    __tablename__ = "order"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_price > 0", name="is_positive"),
        CheckConstraint("total = quantity * unit_price", name="total_is_exact"),
    )
    machine = ORDER

    number: Mapped[str] = mapped_column(unique=True)
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledge.id"), unique=True)
    attempt_id: Mapped[int] = mapped_column(
        ForeignKey("attempt.id"), unique=True
    )  # the capture that paid for it
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    launch_id: Mapped[int] = mapped_column(ForeignKey("launch.id"), index=True)
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"), index=True)
    shopper_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[int]
    total: Mapped[int]
    currency: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    placed_at: Mapped[datetime]
    ship_by: Mapped[datetime]
    carrier: Mapped[str | None]
    tracking: Mapped[str | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    state: Mapped[OrderState] = mapped_column(one_of(OrderState))
