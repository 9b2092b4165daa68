"""Each promise can fail: the data is broken on purpose, and the check finds it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from c2b.core.checks import broken_promises
from c2b.core.db import db, transaction
from c2b.orders.models import Order
from c2b.orders.reviews import Words, write_review
from c2b.orders.shipping import receive_order, ship_order
from c2b.orders.vouchers import redeem
from jobs import issue_vouchers
from tests.delivery.conftest import Sold, codes, owner

OF_PARCELS = [
    ("I-35", "update \"order\" set state = 'placed' where state = 'shipped'"),
    ("I-35", "update \"order\" set fulfilment = 'collected' where state = 'shipped'"),
    ("I-35", "delete from shipment"),
    ("I-35", "update \"order\" set state = 'cancelled', state_since = placed_at where state = 'shipped'"),
    ("I-35", "update attempt set refunded = amount where purpose = 'capture'"),
    ("I-35", "update shipment set state = 'moving'"),
    ("I-35", 'update "order" set delivered_at = null'),
    ("R-3", "update review set shopper_id = merchant_id where id > 0"),
    ("R-3", "update review set at = '2001-01-01 00:00:00+00'"),
    ("R-3", 'update "order" set delivered_at = null'),
    ("R-3", "update merchant set kept = 1"),
    ("R-3", "update merchant set broken = 1"),
]
OF_CODES = [
    ("I-41", "update voucher set redeemed_by = null"),
    ("I-41", "update voucher set redeemed_at = null"),
    ("I-41", "update voucher set state = 'issued' where state = 'redeemed'"),
    ("I-41", "update \"order\" set state = 'cancelled'"),
    ("I-41", "update \"order\" set state = 'delivered', delivered_at = placed_at"),
    ("I-41", "update \"order\" set state = 'placed'"),
    ("I-41", "update \"order\" set fulfilment = 'shipped'"),
    ("I-41", "update \"order\" set fulfilment = 'collected'"),
    ("I-41", 'update "order" set quantity = 1, total = unit_price'),
]


@pytest.fixture
def sent(sold: Sold, now: datetime) -> list[Order]:
    """One order on its way, one delivered and reviewed."""
    one, two = sold(1, 1)
    by = owner(one).id
    with transaction():
        for order in (one, two):
            ship_order(
                order.id, "SF Express", f"T-{order.id}", merchant_id=order.merchant_id, by=by,
                now=now + timedelta(hours=1),
            )  # fmt: skip
    with transaction():
        receive_order(two.id, by=two.shopper_id, now=now + timedelta(days=1))
    with transaction():
        write_review(two.id, Words(4, "Good.", []), by=two.shopper_id, now=now + timedelta(days=2))
    return [one, two]


@pytest.fixture
def used(sold: Sold, now: datetime) -> Order:
    """An order of two vouchers, one of them used."""
    [order] = sold(2, fulfilment="voucher")
    issue_vouchers.run(now)
    code, by, firm = codes(order)[0].code, owner(order).id, order.merchant_id
    with transaction():
        redeem(code, merchant_id=firm, by=by, now=now + timedelta(hours=1))
    return order


def broken_by(sql: str, number: str) -> list[str]:
    """What is found after the data was broken."""
    assert broken_promises(number) == []
    db.session.rollback()
    db.session.execute(text(sql))
    db.session.commit()
    return broken_promises(number)


@pytest.mark.breaks_promises
@pytest.mark.parametrize(("number", "sql"), OF_PARCELS)
def test_a_broken_promise_about_parcels_is_found(sent: list[Order], number: str, sql: str) -> None:
    if "refunded" in sql:
        db.session.execute(
            text(
                "insert into refund (key, capture_id, shopper_id, cause, note, amount, fee_back, currency,"
                " created_at, state, state_since) select 'x', attempt_id, shopper_id, 'cancelled', '', total, 0,"
                " currency, placed_at, 'owed', placed_at from \"order\" order by id limit 1"
            )
        )
        db.session.commit()
    assert broken_by(sql, number) != []


@pytest.mark.breaks_promises
@pytest.mark.parametrize(("number", "sql"), OF_CODES)
def test_a_broken_promise_about_codes_is_found(used: Order, number: str, sql: str) -> None:
    assert broken_by(sql, number) != []
