"""Amounts are whole minor units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c2b.core.money import LARGEST, digits, major, parse_amount


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("259", "CNY", 25900),
        ("259.5", "CNY", 25950),
        (" 0.01 ", "EUR", 1),
        ("１２", "CNY", 1200),
        ("1500", "JPY", 1500),
    ],
)
def test_what_people_type_becomes_minor_units(typed, currency, minor):
    assert parse_amount(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        ("9.999", "CNY"), ("1,000", "CNY"), ("¥", "CNY"), ("", "CNY"), ("-1", "CNY"), ("1e3", "CNY"), ("NaN", "CNY"),
        ("1.5", "JPY"), ("99999999999999999999", "CNY"), ("0x10", "CNY"), ("1_000", "CNY"), ("٣", "CNY"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_a_sentence(typed, currency):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        parse_amount(typed, currency)


@given(st.integers(0, LARGEST // 1000), st.sampled_from(["CNY", "JPY", "EUR", "IDR"]))
def test_writing_and_reading_an_amount_changes_nothing(amount, currency):
    assert parse_amount(f"{major(amount, currency):.{digits(currency)}f}", currency) == amount
