"""Orders that were really charged, and the clockwork of what follows a sale."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.orders.charging import charge_launch
from c2b.orders.models import Order
from c2b.orders.shipping import deliver_order, ship_order
from c2b.payments.models import Attempt, Refund
from c2b.pipeline.models import Launch, Offer
from jobs.registry import all_jobs
from tests.orders.conftest import eve, launch, sandbox  # noqa: F401  # fixtures

Sold = Callable[..., list[Order]]
JOBS = (
    "charge_launches", "settle_launches", "finish_launches", "look_up_attempts", "remedies_due", "unwind_campaigns",
    "send_refunds",
)  # fmt: skip
DAY = timedelta(days=1)


@pytest.fixture
def sold(launch: Callable[..., Launch], now: datetime) -> Sold:  # noqa: F811  # the fixture of that name
    """The orders of a launch that was charged, in the order of their pledges: one for each (quantity, card)."""

    def build(pledges: tuple[tuple[int, str], ...] = ((2, "ok"),), **more: object) -> list[Order]:
        opened = launch(pledges, **more)
        launch_id = opened.id
        db.session.rollback()
        charge_launch(launch_id, now=now)
        return orders_of(launch_id)

    return build


@pytest.fixture
def delivered(sold: Sold, now: datetime) -> Callable[..., Order]:
    """One order that was sent and has come a day after the launch."""

    def build(quantity: int = 2, **more: object) -> Order:
        [order] = sold(((quantity, "ok"),), **more)
        return deliver(order, now + DAY)

    return build


def deliver(order: Order, at: datetime) -> Order:
    """Have an order sent and delivered."""
    send(order, at)
    with transaction():
        deliver_order(order.id, now=at)
    return order


def send(order: Order, at: datetime) -> Order:
    """Have an order sent."""
    with transaction():
        ship_order(order.id, "SF Express", "SF1", merchant_id=order.merchant_id, by=owner_of(order), now=at)
    return order


def owner_of(order: Order) -> int:
    """The merchant's person who made the offer."""
    return db.session.get_one(Offer, db.session.get_one(Launch, order.launch_id).offer_id).created_by


def orders_of(launch_id: int) -> list[Order]:
    """The orders of a launch."""
    return list(db.session.scalars(select(Order).where(Order.launch_id == launch_id).order_by(Order.id)))


def minute(now: datetime) -> None:
    """What the clock does in a minute, of what concerns money; nothing may fail."""
    db.session.rollback()
    for name in JOBS:
        if job := all_jobs().get(name):
            assert job.run(now).get("failed", 0) == 0, name
    db.session.rollback()


def refunds() -> list[Refund]:
    """Every refund, oldest first."""
    db.session.rollback()
    return list(db.session.scalars(select(Refund).order_by(Refund.id)))


def capture_of(order: Order) -> Attempt:
    """The charge that paid for an order, as it is now."""
    db.session.rollback()
    return db.session.get_one(Attempt, order.attempt_id)


def told(kind: str) -> list[int | None]:
    """Who was told this."""
    from c2b.core.outbox import Notice

    return list(db.session.scalars(select(Notice.user_id).where(Notice.kind == kind).order_by(Notice.id)))
