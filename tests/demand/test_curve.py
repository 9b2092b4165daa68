from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c2b.demand.curve import Curve, Wanted, affording, curve, hidden_points

from .strategies import crowds, prices, shuffled, steady


def test_the_curve_counts_everyone_whose_ceiling_is_at_least_the_price():
    demand = curve(
        [
            Wanted(key=1, quantity=1, ceiling=90),
            Wanted(key=2, quantity=3, ceiling=79, tolerance=2),
            Wanted(key=3, quantity=1, ceiling=79),
        ]
    )
    assert demand.points() == ((90, 1, 1), (79, 5, 3))
    assert [demand.units_at(price) for price in (91, 90, 80, 79, 1)] == [0, 1, 1, 5, 5]
    assert demand.people_at(79) == 3
    assert demand.units_with_tolerance_at(79) == 7
    assert demand.units_with_tolerance_at(80) == 1


def test_nobody_wants_anything_on_an_empty_curve():
    assert curve([]).points() == ()
    assert curve([]).units_at(1) == 0


def test_a_curve_refuses_negative_counts():
    with pytest.raises(ValueError, match="negative"):
        Curve.from_groups([(79, -1, 0, 1)])


@steady
@given(crowds, prices)
def test_the_curve_says_what_counting_the_pledges_says(crowd, price):
    demand, able = curve(crowd), affording(crowd, price)
    assert demand.units_at(price) == sum(w.quantity for w in able)
    assert demand.units_with_tolerance_at(price) == sum(w.quantity + w.tolerance for w in able)
    assert demand.people_at(price) == len(able)
    assert all(point.units == demand.units_at(point.price) for point in demand.points())


@steady
@given(shuffled())
def test_the_curve_does_not_depend_on_who_came_first(two_orders):
    crowd, other = two_orders
    assert curve(crowd) == curve(other)


@steady
@given(crowds)
def test_a_roll_up_by_price_feeds_the_same_curve(crowd):
    rows = [(w.ceiling, w.quantity, w.tolerance, 1) for w in crowd]
    by_price = {
        ceiling: tuple(sum(row[i] for row in rows if row[0] == ceiling) for i in (1, 2, 3))
        for ceiling, *_ in rows
    }
    assert Curve.from_groups((c, *sums) for c, sums in by_price.items()) == curve(crowd)


def test_neighbouring_prices_merge_until_a_person_is_hidden():
    points = [(100, 1, 1), (95, 4, 2), (90, 5, 3), (80, 9, 6), (70, 10, 7)]
    # 90 stands for the first three people; the single person at 70 joins the group of 80.
    assert hidden_points(points) == ((90, 5, 3), (70, 10, 7))
    assert hidden_points(points[:2]) == ()


@steady
@given(crowds, st.integers(1, 5))
def test_no_group_that_is_shown_is_smaller_than_the_minimum(crowd, at_least):
    points = curve(crowd).points()
    shown = hidden_points(points, at_least)
    people = [0, *(point.people for point in shown)]
    assert all(after - before >= at_least for before, after in pairwise(people))
    assert set(shown) <= set(points)


@steady
@given(crowds, st.integers(1, 5))
def test_everyone_is_in_a_group_as_soon_as_there_are_enough_people(crowd, at_least):
    shown = hidden_points(curve(crowd).points(), at_least)
    assert bool(shown) == (len(crowd) >= at_least)
    if shown:
        assert shown[-1].people == len(crowd)
