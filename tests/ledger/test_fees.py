"""Our share of a sale: the parts are the whole, whatever the amount and the currency (I-7)."""

from hypothesis import given
from hypothesis import strategies as st

from c2b.core.money import major
from c2b.ledger.facts import charged, payout
from c2b.payments.fees import BASIS, fee_back, fee_of, share_of

amounts = st.integers(1, 10**9)
rates = st.integers(0, BASIS)
currencies = st.sampled_from(["JPY", "CNY", "BHD"])  # exponents 0, 2 and 3


@given(amounts, rates, currencies)
def test_our_share_and_the_merchants_are_the_whole(amount: int, rate: int, currency: str) -> None:
    fee = fee_of(amount, rate)
    share = share_of(amount, rate)
    assert 0 <= fee <= amount
    assert share.fee + share.rest == amount
    assert abs(fee * BASIS - amount * rate) * 2 <= BASIS
    assert major(share.fee, currency) + major(share.rest, currency) == major(amount, currency)


@given(amounts, rates, st.lists(st.integers(1, 10**9), max_size=8))
def test_the_parts_of_a_refund_add_up_to_the_whole(amount: int, rate: int, parts: list[int]) -> None:
    fee, before, back = fee_of(amount, rate), 0, 0
    for part in [*parts, amount]:
        now = min(part, amount - before)
        if now == 0:
            break
        returned = fee_back(amount, fee, before, now)
        assert 0 <= returned <= now
        back, before = back + returned, before + now
    assert (before, back) == (amount, fee)


@given(amounts, rates, currencies, st.integers(1, 10**6))
def test_what_is_posted_of_a_sale_and_of_a_payout_adds_up(
    amount: int, rate: int, currency: str, number: int
) -> None:
    sale = charged(number, number, number, amount, fee_of(amount, rate), currency)
    assert sum(leg.amount for leg in sale.legs) == 0
    for kind in ("sent", "paid", "refused", "returned"):
        assert sum(leg.amount for leg in payout(number, kind, number, amount, currency).legs) == 0
