"""Orders that were really charged, to be shipped, collected, or used as vouchers."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.core.db import db
from c2b.core.outbox import Notice
from c2b.merchants.models import MerchantStaff
from c2b.orders.models import Order, Shipment, Voucher
from c2b.pipeline.models import Launch
from tests.factories import Make
from tests.orders.conftest import eve, launch, run_jobs  # noqa: F401  # fixtures

Sold = Callable[..., list[Order]]
VIEWS = ("order_views", "firm_views", "sale_views", "review_views")


@pytest.fixture
def sold(launch: Callable[..., Launch], make: Make, now: datetime) -> Sold:  # noqa: F811  # the fixture of that name
    """The orders of a launch that was charged: one for each quantity, reaching people as `fulfilment` says."""

    def build(*quantities: int, fulfilment: str = "shipped", **more: Any) -> list[Order]:
        make.campaign = partial(Make.campaign, make, fulfilment=fulfilment)  # type: ignore[method-assign]
        asks = more.pop("asks", {})
        it = launch([(quantity, "ok", asks) for quantity in quantities or (2,)], **more)
        launch_id = it.id
        run_jobs(now)
        return orders(launch_id)

    return build


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[[datetime], None]:
    """Set the clock of the pages."""

    def turn(moment: datetime) -> None:
        for module in VIEWS:
            monkeypatch.setattr(f"c2b.orders.{module}.utcnow", lambda: moment)

    turn(now)
    return turn


def orders(launch_id: int | None = None) -> list[Order]:
    """The orders as they are now, in the order of their pledges."""
    db.session.rollback()
    db.session.expire_all()
    query = select(Order).order_by(Order.id)
    return list(db.session.scalars(query.where(Order.launch_id == launch_id) if launch_id else query))


def again(order: Order) -> Order:
    """The order as it is now."""
    db.session.rollback()
    return db.session.get_one(Order, order.id, populate_existing=True)


def parcels(order: Order) -> list[Shipment]:
    """The order's parcels as they are now."""
    db.session.rollback()
    query = select(Shipment).where(Shipment.order_id == order.id).order_by(Shipment.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def codes(order: Order) -> list[Voucher]:
    """The order's codes as they are now."""
    db.session.rollback()
    query = select(Voucher).where(Voucher.order_id == order.id).order_by(Voucher.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def owner(order: Order) -> User:
    """A person of the firm that sells."""
    query = select(MerchantStaff.user_id).where(MerchantStaff.merchant_id == order.merchant_id)
    return db.session.get_one(User, db.session.scalars(query).first())


def shopper(order: Order) -> User:
    """Who bought it."""
    return db.session.get_one(User, order.shopper_id)


def told(kind: str) -> list[Notice]:
    """The notices of one kind, oldest first."""
    db.session.rollback()
    return list(db.session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id)))
