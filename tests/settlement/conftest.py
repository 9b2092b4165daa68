"""Orders that were charged and delivered, and firms that said where they are paid."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.ledger.kinds import AccountKind
from c2b.ledger.models import Account
from c2b.merchants.queries import staff_ids
from c2b.orders.models import Order
from c2b.orders.shipping import deliver_order, ship_order
from c2b.payments.gateways.cards import saved_payee
from c2b.settlement.accounts import save_account
from c2b.settlement.models import BankAccount, Payout
from c2b.settlement.payouts import payouts_to_send, send_payout
from c2b.settlement.planning import accounts_to_plan, plan_payout
from jobs.registry import all_jobs
from tests.aftersale.conftest import sold  # noqa: F401  # fixtures
from tests.orders.conftest import eve, launch, sandbox  # noqa: F401

Delivered = Callable[..., list[Order]]
LATER = timedelta(days=15)  # after a delivery: its return window has passed


@pytest.fixture
def delivered(sold: Callable[..., list[Order]], now: datetime) -> Delivered:  # noqa: F811
    """Orders that reached their shoppers at `now`."""

    def build(pledges: tuple[tuple[int, str], ...] = ((2, "ok"),), **more: object) -> list[Order]:
        orders = sold(pledges, **more)
        for order in orders:
            deliver(order, now)
        db.session.commit()
        return orders

    return build


def deliver(order: Order, at: datetime) -> None:
    """Send an order and let it arrive."""
    by = staff_ids(order.merchant_id)[0]
    ship_order(order.id, "SF", f"SF{order.id:010}", merchant_id=order.merchant_id, by=by, now=at)
    deliver_order(order.id, now=at)


def bank_of(order: Order, at: datetime, kind: str = "works") -> BankAccount:
    """The firm of this order says where it is paid."""
    merchant_id = order.merchant_id
    with transaction():
        return save_account(merchant_id, saved_payee(kind), by=staff_ids(merchant_id)[0], now=at)


def plan(now: datetime) -> list[Payout]:
    """What the clock plans in a day."""
    ids = accounts_to_plan(now)
    db.session.rollback()
    for account_id in ids:
        with transaction():
            plan_payout(account_id, now=now)
    return payouts()


def send(now: datetime) -> list[Payout]:
    """What the clock sends in a minute."""
    ids = payouts_to_send()
    db.session.rollback()
    for payout_id in ids:
        send_payout(payout_id, now=now)
    return payouts()


def pay_back(now: datetime) -> None:
    """What the clock does about refunds in a minute."""
    all_jobs()["send_refunds"].run(now)
    db.session.rollback()


def payouts() -> list[Payout]:
    """Every payout, oldest first, as it is now."""
    db.session.rollback()
    return list(
        db.session.scalars(select(Payout).order_by(Payout.id).execution_options(populate_existing=True))
    )


def balance(kind: AccountKind, owner: int = 0, currency: str = "CNY") -> int:
    """What an account stands at; debits positive."""
    query = select(Account.balance).where(
        Account.kind == kind, Account.owner == owner, Account.currency == currency
    )
    return db.session.scalar(query) or 0
