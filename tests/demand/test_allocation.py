from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from c2b.demand.allocation import (
    Rule,
    allocate,
    drawn,
    largest_remainder,
    share_out,
    spread_tolerance,
)
from c2b.demand.clearing import clear
from c2b.demand.curve import Wanted, curve

from .strategies import counts, crowds, ladders, seeds, shuffled, steady

rules = st.sampled_from(Rule)
splitting = st.sampled_from([rule for rule in Rule if rule is not Rule.WHOLE_PLEDGES])
floors = st.integers(0, 4)


def queue(*quantities):
    return [Wanted(key, quantity, ceiling=79) for key, quantity in enumerate(quantities, start=1)]


# What a reader should know


def test_first_come_serves_in_order_and_the_last_may_get_a_part():
    assert allocate(Rule.FIRST_COME, queue(2, 3, 1), 4) == {1: 2, 2: 2, 3: 0}


def test_whole_pledges_skips_what_no_longer_fits():
    assert allocate(Rule.WHOLE_PLEDGES, queue(2, 3, 1), 4) == {1: 2, 2: 0, 3: 1}


def test_pro_rata_gives_everyone_the_same_share():
    assert allocate(Rule.PRO_RATA, queue(2, 4, 6), 6) == {1: 1, 2: 2, 3: 3}


def test_lottery_serves_in_an_order_that_anyone_can_compute():
    def ticket(key):
        return sha256(f"a public seed:{key}".encode()).hexdigest()

    winners = sorted((1, 2, 3, 4, 5), key=ticket)[:2]
    served = allocate(Rule.LOTTERY, queue(1, 1, 1, 1, 1), 2, seed="a public seed")
    assert served == {key: int(key in winners) for key in (1, 2, 3, 4, 5)}


def test_a_floor_serves_everybody_a_little_before_anybody_more():
    assert allocate(Rule.FIRST_COME, queue(5, 5, 5), 7, floor=1) == {1: 5, 2: 1, 3: 1}


def test_tolerance_is_spread_over_those_who_offered_it():
    crowd = [Wanted(1, 1, 79, tolerance=4), Wanted(2, 1, 79), Wanted(3, 1, 79, tolerance=2)]
    assert spread_tolerance(crowd, 3) == {1: 2, 2: 0, 3: 1}
    with pytest.raises(ValueError, match="would also take"):
        spread_tolerance(crowd, 7)


def test_largest_remainder_gives_what_is_left_to_the_largest_remainders():
    assert largest_remainder([1, 1, 1], 100) == [34, 33, 33]
    assert largest_remainder([10, 30, 60], 9) == [1, 3, 5]
    assert largest_remainder([0, 0], 0) == [0, 0]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="nobody"):
        largest_remainder([0, 0], 1)
    with pytest.raises(ValueError, match="zero or more"):
        largest_remainder([1, -1], 1)
    with pytest.raises(ValueError, match="zero or more"):
        allocate(Rule.FIRST_COME, queue(1), -1)
    with pytest.raises(ValueError, match="key of its own"):
        allocate(Rule.FIRST_COME, queue(1) * 2, 1)


# What is guaranteed


@steady
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20), st.integers(0, 10**9))
def test_parts_sum_to_the_whole_and_are_exact_within_one(weights, total):
    whole = sum(weights)
    assume(whole)
    parts = largest_remainder(weights, total)
    assert sum(parts) == total
    for weight, part in zip(weights, parts, strict=True):
        assert weight * total // whole <= part <= -(-weight * total // whole)


@steady
@given(splitting, crowds, counts, seeds, floors)
def test_everything_there_is_goes_to_somebody(rule, crowd, capacity, seed, floor):
    served = allocate(rule, crowd, capacity, seed=seed, floor=floor)
    assert sum(served.values()) == min(capacity, sum(w.quantity for w in crowd))


@steady
@given(rules, crowds, counts, seeds, floors)
def test_nobody_gets_more_than_they_wanted_nor_all_more_than_there_is(rule, crowd, capacity, seed, floor):
    served = allocate(rule, crowd, capacity, seed=seed, floor=floor)
    assert set(served) == {w.key for w in crowd}
    assert all(0 <= served[w.key] <= w.quantity for w in crowd)
    assert sum(served.values()) <= capacity


@steady
@given(splitting, crowds, counts, seeds, floors)
def test_everybody_has_the_floor_before_anybody_has_more(rule, crowd, capacity, seed, floor):
    served = allocate(rule, crowd, capacity, seed=seed, floor=floor)
    if any(served[w.key] < min(floor, w.quantity) for w in crowd):
        assert all(units <= floor for units in served.values())


@steady
@given(crowds, counts)
def test_first_come_serves_nobody_before_those_who_came_earlier(crowd, capacity):
    served = allocate(Rule.FIRST_COME, crowd, capacity)
    for earlier, later in pairwise(crowd):
        assert served[earlier.key] == earlier.quantity or served[later.key] == 0


@steady
@given(crowds, counts)
def test_whole_pledges_are_never_split_and_none_left_out_would_still_fit(crowd, capacity):
    served = allocate(Rule.WHOLE_PLEDGES, crowd, capacity)
    assert all(served[w.key] in (0, w.quantity) for w in crowd)
    left = capacity - sum(served.values())
    assert all(w.quantity > left for w in crowd if served[w.key] == 0)


@steady
@given(crowds, counts, seeds)
def test_pro_rata_is_fair_within_one_unit(crowd, capacity, seed):
    served = allocate(Rule.PRO_RATA, crowd, capacity, seed=seed)
    whole = sum(w.quantity for w in crowd)
    given_out = min(capacity, whole)
    for w in crowd:
        assert abs(served[w.key] * whole - w.quantity * given_out) < whole


@steady
@given(st.sampled_from([Rule.PRO_RATA, Rule.LOTTERY]), shuffled(), counts, seeds, floors)
def test_shares_and_draws_do_not_depend_on_who_came_first(rule, two_orders, capacity, seed, floor):
    crowd, other = two_orders
    assert allocate(rule, crowd, capacity, seed=seed, floor=floor) == allocate(
        rule, other, capacity, seed=seed, floor=floor
    )


@steady
@given(crowds, counts, seeds)
def test_a_lottery_serves_nobody_before_those_drawn_earlier(crowd, capacity, seed):
    served = allocate(Rule.LOTTERY, crowd, capacity, seed=seed)
    for w in drawn(crowd, seed):
        assert served[w.key] == min(w.quantity, capacity)
        capacity -= served[w.key]


@steady
@given(shuffled(), seeds, st.data())
def test_needed_tolerance_is_handed_out_exactly_and_within_what_each_would_take(two_orders, seed, data):
    crowd, other = two_orders
    needed = data.draw(st.integers(0, sum(w.tolerance for w in crowd)))
    extra = spread_tolerance(crowd, needed, seed=seed)
    assert sum(extra.values()) == needed
    assert all(0 <= extra[w.key] <= w.tolerance for w in crowd)
    assert spread_tolerance(other, needed, seed=seed) == extra


@steady
@given(ladders(), crowds, rules, counts, seeds)
def test_at_the_price_that_clears_nobody_pays_above_their_ceiling(tiers, crowd, rule, capacity, seed):
    cleared = clear(tiers, curve(crowd))
    assume(cleared is not None)
    served = share_out(rule, crowd, cleared, capacity, seed=seed)
    # There is one price, cleared.unit_price: it has no key and no shopper in it.
    for w in crowd:
        assert served[w.key] == 0 or w.ceiling >= cleared.unit_price
        assert served[w.key] <= w.quantity + w.tolerance


@steady
@given(ladders(), crowds, rules, seeds)
def test_with_enough_capacity_everyone_who_can_afford_it_is_served_and_the_tier_is_met(
    tiers, crowd, rule, seed
):
    cleared = clear(tiers, curve(crowd))
    assume(cleared is not None)
    served = share_out(rule, crowd, cleared, cleared.units, seed=seed)
    assert sum(served.values()) == cleared.units >= cleared.tier.from_quantity
    for w in crowd:
        if w.ceiling >= cleared.unit_price:
            assert served[w.key] >= w.quantity
