"""Codes: made for what is collected and for vouchers, taken once, over in time."""

from datetime import datetime, timedelta

import pytest

from c2b.core.db import transaction
from c2b.core.errors import NotFound, Refused
from c2b.orders import vouchers
from c2b.orders.models import Order
from c2b.orders.states import OrderState, VoucherState
from c2b.orders.vouchers import LENGTH, LETTERS, plain_code, ready_orders, redeem
from c2b.payments import windows
from jobs import expire_vouchers, issue_vouchers
from tests.delivery.conftest import Sold, again, codes, owner, told

DAY = timedelta(days=1)


def make_ready(order: Order, now: datetime, where: str = "Shop 3, 9 to 18 h") -> None:
    with transaction():
        ready_orders([order.id], where, merchant_id=order.merchant_id, by=owner(order).id, now=now)


def take(code: str, order: Order, now: datetime) -> None:
    with transaction():
        redeem(code, merchant_id=order.merchant_id, by=owner(order).id, now=now)


def test_what_lies_ready_has_one_code_and_is_delivered_when_it_is_taken(sold: Sold, now: datetime) -> None:
    [order] = sold(3, fulfilment="collected")
    make_ready(order, now)
    [code] = codes(order)
    assert (again(order).state, code.state, code.valid_until) == (OrderState.READY, VoucherState.ISSUED, None)
    assert told("order_ready")[0].data["where"] == "Shop 3, 9 to 18 h"
    take(code.code, order, now + DAY)
    [code] = codes(order)
    assert (code.state, code.redeemed_at, code.redeemed_by) == ("redeemed", now + DAY, owner(order).id)
    assert (again(order).state, again(order).delivered_at) == (OrderState.DELIVERED, now + DAY)


def test_a_code_counts_once(sold: Sold, now: datetime) -> None:
    [order] = sold(1, fulfilment="collected")
    make_ready(order, now)
    take(codes(order)[0].code, order, now)
    with pytest.raises(Refused, match="used already"):
        take(codes(order)[0].code, order, now + DAY)
    assert codes(order)[0].redeemed_at == now


def test_a_voucher_order_has_a_code_for_each_unit_and_ends_with_the_last(sold: Sold, now: datetime) -> None:
    [order] = sold(3, fulfilment="voucher")
    assert issue_vouchers.run(now)["done"] == 1
    assert issue_vouchers.run(now)["done"] == 0
    issued = codes(order)
    assert len({code.code for code in issued}) == 3
    assert {code.valid_until for code in issued} == {now + windows.VOUCHER_LASTS}
    assert told("vouchers_issued")[0].data["count"] == 3
    for code in issued[:2]:
        take(code.code, order, now + DAY)
    assert again(order).state == OrderState.READY
    take(issued[2].code, order, now + DAY)
    assert again(order).state == OrderState.DELIVERED


def test_vouchers_end_after_ninety_days_with_a_word_a_week_before(sold: Sold, now: datetime) -> None:
    [order] = sold(2, fulfilment="voucher")
    issue_vouchers.run(now)
    end = now + windows.VOUCHER_LASTS
    take(codes(order)[0].code, order, now)
    expire_vouchers.run(end - windows.VOUCHER_REMIND - timedelta(seconds=1))
    assert told("voucher_expiring") == []
    expire_vouchers.run(end - windows.VOUCHER_REMIND)
    assert [notice.data["count"] for notice in told("voucher_expiring")] == [1]
    assert expire_vouchers.run(end - DAY)["done"] == 0
    with pytest.raises(Refused, match="no longer valid"):
        take(codes(order)[1].code, order, end)
    assert expire_vouchers.run(end)["done"] == 1
    assert [code.state for code in codes(order)] == ["redeemed", "expired"]
    assert again(order).state == OrderState.DELIVERED


def test_codes_of_a_cancelled_order_are_void(sold: Sold, now: datetime) -> None:
    from c2b.orders.refunding import refund_order
    from c2b.payments.states import RefundCause

    [order] = sold(2, fulfilment="voucher")
    issue_vouchers.run(now)
    with transaction():
        refund_order(order.id, order.total, RefundCause.CANCELLED, key="t", by=None, now=now)
    assert again(order).state == OrderState.CANCELLED
    with pytest.raises(Refused, match="void"):
        take(codes(order)[0].code, order, now)


def test_another_firms_code_is_not_found(sold: Sold, now: datetime) -> None:
    [order] = sold(1, fulfilment="collected")
    make_ready(order, now)
    code = codes(order)[0].code
    with pytest.raises(NotFound):
        redeem(code, merchant_id=order.merchant_id + 1, by=1, now=now)


def test_what_is_sent_is_not_made_ready(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    with pytest.raises(Refused, match="not one to be collected"):
        make_ready(order, now)


def test_an_order_is_made_ready_once(sold: Sold, now: datetime) -> None:
    [order] = sold(1, fulfilment="collected")
    make_ready(order, now)
    with pytest.raises(Refused, match="ready already"):
        make_ready(order, now)
    assert len(codes(order)) == 1


def test_what_is_collected_is_not_sent(sold: Sold, now: datetime) -> None:
    from c2b.orders.shipping import ship_order

    [order] = sold(1, fulfilment="collected")
    with pytest.raises(Refused, match="collected, or used as a voucher"), transaction():
        ship_order(order.id, "X", "1", merchant_id=order.merchant_id, by=owner(order).id, now=now)


def test_codes_are_long_enough_and_have_no_sign_that_is_taken_for_another() -> None:
    made = {vouchers.new_code() for _n in range(2000)}
    assert len(made) == 2000
    assert {len(code) for code in made} == {LENGTH}
    assert not set("".join(made)) - set(LETTERS)
    assert not set("01IO") & set(LETTERS)
    assert len(LETTERS) ** LENGTH > 2**49


@pytest.mark.parametrize(
    "typed",
    [
        "ABCDE23456", "abcde-23456", " abcde 23456 ", "ＡＢＣＤＥ－２３４５６",
        "https://shop.example/sell/redeem#ABCDE23456",
    ],
)  # fmt: skip
def test_codes_are_read_as_people_and_scanners_write_them(typed: str) -> None:
    assert plain_code(typed) == "ABCDE23456"
