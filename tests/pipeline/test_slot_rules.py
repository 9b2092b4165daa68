"""Which slot suits which campaign: the rules with their sentences, and the proposal as a property."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c2b.campaigns.categories import Category
from c2b.pipeline.slot_rules import SlotFacts, Wish, assign, most_of_one, why_not_slot

NOW = datetime(2025, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def say_day(when: datetime) -> str:
    return when.date().isoformat()


def slot(id_: int = 1, hours: int = 24, places: int = 4, booked: tuple[Category, ...] = ()) -> SlotFacts:
    return SlotFacts(id_, NOW + hours * HOUR, places, list(booked))


HOME = Wish(1, Category.HOME, 100)


@pytest.mark.parametrize(
    ("wish", "here", "sentence"),
    [
        (HOME, slot(hours=0), "opened already"),
        (Wish(1, Category.HOME, 1, not_before=NOW + 48 * HOUR), slot(), "from 2025-06-03 on"),
        (Wish(1, Category.HOME, 1, not_after=NOW + 2 * HOUR), slot(), "until 2025-06-01"),
        (HOME, slot(booked=(Category.FOOD,) * 4), "All 4 places"),
        (HOME, slot(booked=(Category.HOME,) * 2), "Half of its places"),
    ],
)
def test_every_refusal_says_why(wish, here, sentence):
    assert sentence in why_not_slot(wish, here, NOW, say_day)


def test_a_slot_with_a_place_of_the_right_kind_is_fine():
    assert why_not_slot(HOME, slot(booked=(Category.HOME, Category.FOOD)), NOW, say_day) is None


@pytest.mark.parametrize(("places", "most"), [(1, 1), (2, 1), (3, 1), (6, 3)])
def test_one_category_gets_half_of_the_places_but_always_one(places, most):
    assert most_of_one(places) == most


def test_the_highest_gain_chooses_first_and_gets_the_emptiest_slot():
    wishes = [Wish(1, Category.HOME, 5), Wish(2, Category.HOME, 9)]
    slots = [slot(1, 24, booked=(Category.FOOD,)), slot(2, 48)]
    first, second = assign(wishes, slots, NOW, say_day)
    assert (first.campaign_id, first.slot_id) == (2, 2)
    assert (second.campaign_id, second.slot_id) == (1, 1)


def test_room_is_made_for_one_that_found_none():
    """The first could go anywhere and took the only slot that the second can use."""
    free = Wish(1, Category.HOME, 9)
    bound = Wish(2, Category.HOME, 5, not_after=NOW + 30 * HOUR)
    slots = [slot(1, 24, places=1), slot(2, 48, places=1)]
    by_campaign = {a.campaign_id: a.slot_id for a in assign([free, bound], slots, NOW, say_day)}
    assert by_campaign == {1: 2, 2: 1}


def test_the_reasons_of_all_other_slots_are_given():
    slots = [slot(1, -1), slot(2, 24), slot(3, 48, booked=(Category.HOME,) * 2)]
    [only] = assign([HOME], slots, NOW, say_day)
    assert only.slot_id == 2
    assert set(only.refused) == {1, 3}
    assert only.reason


def test_without_a_slot_it_says_so():
    [only] = assign([HOME], [], NOW, say_day)
    assert (only.slot_id, only.reason) == (None, "There are no slots yet.")


wish_rows = st.lists(
    st.tuples(
        st.sampled_from(Category),
        st.integers(0, 50),
        st.none() | st.integers(0, 90),
        st.none() | st.integers(0, 90),
    ),
    max_size=12,
)
slot_rows = st.lists(st.tuples(st.integers(-5, 90), st.integers(1, 4)), max_size=6)


@given(wish_rows, slot_rows)
def test_a_proposal_never_breaks_a_rule(rows, hours):
    wishes = [
        Wish(n, category, gain, *(None if hours is None else NOW + hours * HOUR for hours in dates))
        for n, (category, gain, *dates) in enumerate(rows)
    ]
    slots = [slot(n, at, places) for n, (at, places) in enumerate(hours)]
    assignments = assign(wishes, slots, NOW, say_day)
    of = {wish.campaign_id: wish for wish in wishes}
    gains = [of[assignment.campaign_id].gain for assignment in assignments]
    assert gains == sorted(gains, reverse=True)
    assert len(assignments) == len(wishes)
    empty = {n: slot(n, at, places) for n, (at, places) in enumerate(hours)}
    for assignment in assignments:
        if assignment.slot_id is not None:
            here, wish = empty[assignment.slot_id], of[assignment.campaign_id]
            assert why_not_slot(wish, here, NOW, say_day) is None
            here.booked.append(wish.category)
    for assignment in assignments:
        if assignment.slot_id is None:
            assert all(
                why_not_slot(of[assignment.campaign_id], here, NOW, say_day) for here in empty.values()
            )
