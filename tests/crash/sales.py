"""Orders in a known state, for scenarios about what follows a sale."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from c2b.core.db import db
from c2b.merchants.queries import staff_ids
from c2b.orders.models import Order
from c2b.orders.shipping import receive_order, ship_order
from c2b.payments.gateway import gateway
from c2b.payments.gateways.cards import saved_payee
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.models import Attempt
from c2b.settlement.accounts import save_account
from tests.crash.states import Ids, charged_launch
from tests.factories import Make

PASSED = timedelta(days=16)  # after the delivery: the return window is over


def sold(make: Make, cards: tuple[str, ...] = ("ok", "ok"), **more: Any) -> Ids:
    """Orders that were charged."""
    launch = charged_launch(make, cards, **more)
    orders = db.session.scalars(select(Order).where(Order.launch_id == launch.id).order_by(Order.id)).all()
    first = orders[0]
    return {
        "launch": launch.id, "campaign": launch.campaign_id, "orders": [order.id for order in orders],
        "order": first.id, "total": first.total, "shopper": first.shopper_id, "merchant": first.merchant_id,
        "owner": staff_ids(first.merchant_id)[0], "operator": make.operator().id, "capture": first.attempt_id,
    }  # fmt: skip


def shipped(make: Make, *args: Any) -> Ids:
    """On their way."""
    ids = sold(make, *args)
    for order_id in ids["orders"]:
        ship_order(
            order_id, "SF", f"SF{order_id:08}", merchant_id=ids["merchant"], by=ids["owner"], now=make.now
        )
    db.session.commit()
    return ids


def delivered(make: Make, *args: Any) -> Ids:
    """Received by their shoppers."""
    ids = shipped(make, *args)
    for order_id in ids["orders"]:
        receive_order(order_id, by=db.session.get_one(Order, order_id).shopper_id, now=make.now)
    db.session.commit()
    return ids


def bank_account(ids: Ids, make: Make, kind: str = "works") -> None:
    """The firm said weeks ago where it is paid."""
    save_account(ids["merchant"], saved_payee(kind), by=ids["owner"], now=make.now - timedelta(days=9))
    db.session.commit()


def sandbox() -> Sandbox:
    """The provider, to whom banks and shoppers speak."""
    db.session.rollback()
    found = gateway()
    assert isinstance(found, Sandbox)
    return found


def charge_of(ids: Ids) -> str:
    """The provider's name for the charge of the first order."""
    reference = db.session.get_one(Attempt, ids["capture"]).reference
    assert reference is not None
    return reference
