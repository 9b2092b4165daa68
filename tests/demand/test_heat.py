from hypothesis import given
from hypothesis import strategies as st

from c2b.demand.heat import heat, heat_score

from .strategies import steady

people = st.integers(0, 300)


def degree(have, need, last_day=0, day_before=0):
    return heat(have=have, need=need, joined_last_day=last_day, joined_day_before=day_before)


def test_heat_is_half_progress_and_half_pace():
    assert degree(0, 100) == 1  # nobody yet
    assert degree(50, 100) == 2  # half way, nobody joined today
    assert degree(100, 100) == 3  # reached, and quiet since
    assert degree(92, 100, last_day=5, day_before=5) == 4  # near, and people still join
    assert degree(92, 100, last_day=8, day_before=6) == 5  # near, and more join than yesterday
    assert degree(5, 100, last_day=5) == 3  # just opened, all of them today


def test_the_score_sorts_finer_than_the_five_degrees():
    def points(have):
        return heat_score(have=have, need=1000, joined_last_day=0, joined_day_before=0)

    assert points(502) > points(500)
    assert degree(502, 1000) == degree(500, 1000)


@steady
@given(people, people, people, people)
def test_heat_stays_within_its_scale(have, need, last_day, day_before):
    score = heat_score(have=have, need=need, joined_last_day=last_day, joined_day_before=day_before)
    assert 0 <= score <= 1000
    assert degree(have, need, last_day, day_before) == min(5, 1 + score // 200)


@steady
@given(people, people, people, people, people, people)
def test_more_progress_or_pace_never_cools(have, need, last_day, day_before, more, joining):
    before = heat_score(have=have, need=need, joined_last_day=last_day, joined_day_before=day_before)
    after = heat_score(
        have=have + more,
        need=need,
        joined_last_day=last_day + joining,
        joined_day_before=day_before,
    )
    assert after >= before
    assert degree(have + more, need, last_day + joining, day_before) >= degree(
        have, need, last_day, day_before
    )
