"""Numbers as merchants have them in spreadsheets; bars that a scanner reads."""

import pytest

from c2b.core.barcode import SIGNS, barcode, signs_of
from c2b.demand.curve import Curve, Tier
from c2b.pipeline.offer_cells import amount_in, quantity_in, read_ladder
from c2b.pipeline.offer_worth import drawn, on_curve, worth_of


@pytest.mark.parametrize(
    ("cell", "currency", "amount"),
    [
        ("259", "CNY", 25900),
        ("¥1,259.00", "CNY", 125900),
        ("１２５９元", "CNY", 125900),
        ("1.259,50 €", "EUR", 125950),
        ("259,5", "EUR", 25950),
        ("Rp 125.900", "IDR", 125900 * 100),
        ("125.900,00", "IDR", 125900 * 100),
        ("NT$ 1,259", "TWD", 125900),
        ("1,259", "JPY", 1259),
    ],
)
def test_amounts_are_read_as_people_write_them(cell, currency, amount):
    assert amount_in(cell, currency) == amount


def test_what_is_no_number_gets_a_sentence():
    for cell in ("", "lots", "=1+1", "1e9", "-5", "1.2345", "９" * 40, "1,2,3"):
        with pytest.raises(ValueError, match="Enter"):
            amount_in(cell, "CNY")
    for cell in ("", "1.5", "0", "-1", "=A1", "9" * 12):
        with pytest.raises(ValueError, match="whole number"):
            quantity_in(cell)
    assert quantity_in("1,200") == quantity_in("1.200") == quantity_in(" 1 200 ") == 1200


def test_a_ladder_is_pasted_from_a_spreadsheet():
    assert read_ladder("units\tprice\n10\t¥259\n1,000\t239.50\n", "CNY") == [
        Tier(10, 25900),
        Tier(1000, 23950),
    ]
    assert read_ladder("20;239\n10;259", "CNY") == [Tier(10, 25900), Tier(20, 23900)]
    assert read_ladder("10 259", "CNY") == [Tier(10, 25900)]
    for text, words in (
        ("10\t259\t3", "two cells"),
        ("10", "two cells"),
        ("10\t259\n20\t299", "cost less"),
        ("\n".join(f"{n}\t{999 - n}" for n in range(1, 9)), "at most 6"),
        ("x" * 3000, "too much"),
        ("ten 1", "whole number"),
    ):
        with pytest.raises(ValueError, match=words):
            read_ladder(text, "CNY")


def test_each_price_says_what_it_reaches_and_what_is_left_of_it():
    demand = Curve.from_groups([(25900, 12, 0, 4), (20000, 3, 0, 3)])
    high, low = worth_of([Tier(10, 25900), Tier(20, 19900)], demand, unit_cost=20000, fee_bp=300)
    assert (high.reached.units, high.is_met, high.rest, high.margin, high.percent) == (
        12,
        True,
        25123,
        5123,
        20,
    )
    assert (low.reached.units, low.is_met, low.margin) == (15, False, -697)
    assert worth_of([Tier(1, 30000)], demand, unit_cost=None, fee_bp=300)[0].reached is None
    assert [point.people for point in drawn(demand)] == [12, 15]
    assert on_curve([Tier(10, 25900)], demand)[0].clears_at == 25900
    assert on_curve([], demand) == []


def test_a_bar_code_has_signs_of_eleven_modules_that_differ():
    assert len(set(SIGNS)) == 107
    assert {sum(map(int, sign)) for sign in SIGNS[:-1]} == {11}
    assert signs_of("PJJ123C")[-2:] == [55, 106], "the known example has 54, with the start before ours"
    assert barcode("AB12-CD34-EF56").count("h") > 3 * 14
    with pytest.raises(ValueError, match="ASCII"):
        signs_of("罐")
