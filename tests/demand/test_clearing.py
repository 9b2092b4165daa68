from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from c2b.demand.clearing import clear, next_tier, score, shoppers_gain, why_not_tiers
from c2b.demand.curve import Tier, Wanted, affording, curve

from .strategies import counts, crowds, ladders, pledges, shuffled, steady

LADDER = [Tier(10, 99), Tier(20, 89), Tier(40, 79)]


def crowd_of(*quantities_and_ceilings, tolerance=0):
    return [
        Wanted(key, quantity, ceiling, tolerance)
        for key, (quantity, ceiling) in enumerate(quantities_and_ceilings, start=1)
    ]


def price_for(tiers, crowd):
    cleared = clear(tiers, curve(crowd))
    return None if cleared is None else cleared.unit_price


def not_raised(before, after):
    return before is None or (after is not None and after <= before)


# What a reader should know


def test_the_cheapest_tier_whose_quantity_is_met_clears():
    cleared = clear(LADDER, curve(crowd_of((15, 99), (8, 89))))
    assert cleared is not None
    assert (cleared.tier, cleared.unit_price) == (Tier(20, 89), 89)
    assert (cleared.base_units, cleared.tolerance_units_needed, cleared.units) == (23, 0, 23)


def test_pledges_below_the_first_price_can_clear_a_tier_they_can_afford():
    assert price_for(LADDER, crowd_of((9, 99))) is None
    assert price_for(LADDER, crowd_of((9, 99), (31, 79))) == 79


def test_tolerance_is_used_only_as_far_as_the_tier_needs_it():
    cleared = clear(LADDER, curve(crowd_of((17, 99), tolerance=9)))
    assert cleared is not None
    assert (cleared.unit_price, cleared.base_units) == (89, 17)
    assert (cleared.tolerance_units_needed, cleared.units) == (3, 20)


def test_the_next_tier_says_how_many_more_make_its_price_the_price_for_all():
    assert next_tier(LADDER, curve(crowd_of((4, 99)))) == (Tier(10, 99), 6)
    assert next_tier(LADDER, curve(crowd_of((28, 99)))) == (Tier(40, 79), 12)
    assert next_tier(LADDER, curve(crowd_of((40, 99)))) is None


def test_a_lower_tier_comes_next_when_conditional_demand_brings_it_nearer():
    assert next_tier(LADDER, curve(crowd_of((2, 99), (35, 79)))) == (Tier(40, 79), 3)


def test_gain_is_what_shoppers_save_against_their_own_ceilings():
    crowd = crowd_of((6, 120), (4, 99))
    assert shoppers_gain(LADDER, curve(crowd)) == 6 * (120 - 99)
    assert shoppers_gain(LADDER, curve(crowd), cap=5) == 5 * (120 - 99)
    assert shoppers_gain(LADDER, curve(crowd[:1])) == 0


def test_a_price_that_hangs_on_the_last_pledge_ranks_below_one_that_lasts():
    demand = curve(crowd_of((100, 100)))
    on_the_edge, lasting = [Tier(100, 60)], [Tier(70, 65)]
    assert shoppers_gain(on_the_edge, demand) == 4000
    assert shoppers_gain(lasting, demand) == 3500
    assert score(on_the_edge, demand) == 4000 // 4
    assert score(lasting, demand) == (3500 + 3150 + 2800 + 2450) // 4


@pytest.mark.parametrize(
    ("tiers", "words"),
    [
        ([], "at least one"),
        ([Tier(0, 99)], "1 unit or more"),
        ([Tier(10, 0)], "above zero"),
        ([Tier(10, 99), Tier(10, 89)], "more units than the one before"),
        ([Tier(10, 99), Tier(20, 99)], "cost less"),
        ([Tier(10, 99), Tier(60, 89)], "more units than you can supply"),
    ],
)
def test_a_ladder_that_is_none_is_refused_with_the_reason(tiers, words):
    reason = why_not_tiers(tiers, capacity=50)
    assert reason is not None
    assert words in reason


@steady
@given(ladders())
def test_quantities_that_rise_and_prices_that_fall_are_a_ladder(tiers):
    assert why_not_tiers(tiers) is None
    assert (why_not_tiers(tiers[::-1]) is None) == (len(tiers) == 1)


# What is guaranteed


@steady
@given(ladders(), crowds)
def test_the_price_that_clears_is_the_cheapest_that_pledges_can_meet(tiers, crowd):
    def met(tier):
        able = affording(crowd, tier.unit_price)
        return sum(w.quantity + w.tolerance for w in able) >= tier.from_quantity

    assert price_for(tiers, crowd) == min((t.unit_price for t in tiers if met(t)), default=None)


@steady
@given(ladders(), crowds, st.lists(pledges, min_size=1, max_size=4))
def test_more_pledges_never_raise_the_price(tiers, some, more):
    assert not_raised(price_for(tiers, some), price_for(tiers, some + more))


@steady
@given(ladders(), crowds, st.data(), counts, counts, counts)
def test_a_pledge_that_grows_never_raises_the_price(tiers, crowd, data, more, higher, tolerance):
    assume(crowd)
    at = data.draw(st.integers(0, len(crowd) - 1))
    grown = list(crowd)
    grown[at] = replace(
        crowd[at],
        quantity=crowd[at].quantity + more,
        ceiling=crowd[at].ceiling + higher,
        tolerance=crowd[at].tolerance + tolerance,
    )
    assert not_raised(price_for(tiers, crowd), price_for(tiers, grown))


@steady
@given(ladders(), shuffled())
def test_the_order_of_arrival_never_changes_the_price(tiers, two_orders):
    crowd, other = two_orders
    assert clear(tiers, curve(crowd)) == clear(tiers, curve(other))


@steady
@given(ladders(), crowds)
def test_what_clears_is_enough_and_no_tolerance_is_used_in_vain(tiers, crowd):
    demand = curve(crowd)
    cleared = clear(tiers, demand)
    assume(cleared is not None)
    assert cleared.units == max(cleared.base_units, cleared.tier.from_quantity)
    assert cleared.units <= demand.units_with_tolerance_at(cleared.unit_price)


@steady
@given(ladders(), crowds)
def test_the_missing_units_are_exact(tiers, crowd):
    found = next_tier(tiers, curve(crowd))
    assume(found is not None)
    tier, missing = found
    assert missing > 0

    enough = Wanted(key=-1, quantity=missing, ceiling=tier.unit_price)
    one_fewer = replace(enough, quantity=missing - 1)
    assert price_for(tiers, [*crowd, enough]) == tier.unit_price
    assert price_for(tiers, [*crowd, one_fewer]) == price_for(tiers, crowd)


@steady
@given(ladders(), crowds)
def test_there_is_a_next_tier_until_the_last_one_clears(tiers, crowd):
    done = price_for(tiers, crowd) == tiers[-1].unit_price
    assert (next_tier(tiers, curve(crowd)) is None) == done


@steady
@given(ladders(), crowds, counts)
def test_gain_counts_the_best_pledges_that_the_capacity_serves(tiers, crowd, cap):
    price = price_for(tiers, crowd)
    saved = sorted((w.ceiling for w in crowd for _ in range(w.quantity)), reverse=True)
    expected = 0 if price is None else sum(c - price for c in saved[:cap] if c >= price)
    assert shoppers_gain(tiers, curve(crowd), cap) == expected


@steady
@given(ladders(), crowds, counts, st.lists(pledges, max_size=4), st.integers(0, 5))
def test_cheaper_ladders_more_capacity_and_more_demand_never_score_less(tiers, crowd, cap, more, cheaper):
    before = score(tiers, curve(crowd), cap)
    lower = [Tier(t.from_quantity, t.unit_price - cheaper) for t in tiers]
    assert score(lower, curve(crowd), cap) >= before
    assert score(tiers, curve(crowd), cap + cheaper) >= before
    assert score(tiers, curve(crowd + more), cap) >= before


@steady
@given(ladders(), crowds)
def test_expected_gain_is_never_above_the_gain_if_everybody_stays(tiers, crowd):
    demand = curve(crowd)
    assert 0 <= score(tiers, demand) <= shoppers_gain(tiers, demand)
