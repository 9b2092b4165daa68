import xml.etree.ElementTree as ET
from datetime import date, timedelta

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from c2b.web.charts import (
    OfferLine,
    PricePoint,
    TierDot,
    demand_curve,
    demand_span,
    offers_curve,
    people_at,
    spark,
)
from c2b.web.lines import even, nice_steps, smooth, spread
from c2b.web.trends import heatmap, trend

POINTS = [PricePoint(19900, 1380), PricePoint(23900, 1284), PricePoint(25900, 1128), PricePoint(39900, 40)]
TIERS = [TierDot(31900, 300, True), TierDot(25900, 1100, True), TierDot(21900, 2000, False)]


def test_the_demand_curve_says_in_words_what_it_shows(frame_app: Flask) -> None:
    with frame_app.test_request_context():
        svg = ET.fromstring(demand_curve(POINTS, TIERS, 25900, "CNY"))

    assert svg.get("role") == "img"
    assert "1,128 would pay ¥259" in (svg.get("aria-label") or "")
    assert (svg.get("data-low"), svg.get("data-high")) == ("19900", "39900")
    assert demand_span(POINTS, TIERS, 45000) == (19900, 45000)


def test_the_offers_curve_names_who_clears_at_what(frame_app: Flask) -> None:
    offers = [
        OfferLine("A", [(29900, 50), (21900, 300)], 21900),
        OfferLine("B", [(28900, 5000)], None),
    ]
    with frame_app.test_request_context():
        drawn = offers_curve(POINTS, offers, "CNY")
        label = ET.fromstring(drawn).get("aria-label") or ""

    assert drawn.said == label  # the words above the chart are those that are read out
    assert "offer A clears at ¥219" in label
    assert "offer B does not clear" in label


def test_offers_below_every_ceiling_are_drawn_on_the_curve_too(frame_app: Flask) -> None:
    with frame_app.test_request_context():
        svg = ET.fromstring(offers_curve(POINTS, [OfferLine("A", [(9900, 50)], 9900)], "CNY"))
    area = next(path.get("d") or "" for path in svg.iter() if path.get("fill") == "var(--heat-track)")
    assert area.startswith("M34.0 ")  # from the left edge, where the offer is
    assert even(9900, 39900, 5, 100) == [9900, 17400, 24900, 32400, 39900]
    assert even(5, 5, 5, 1) == [5]


def test_charts_of_nothing_are_nothing(frame_app: Flask) -> None:
    with frame_app.test_request_context():
        assert demand_curve([], TIERS, 1, "CNY") == offers_curve([], [], "CNY") == spark([]) == ""
        assert trend([], [], [], "x") == ""


def test_every_chart_is_a_whole_drawing(frame_app: Flask) -> None:
    days = [date(2025, 4, 20) + timedelta(days=i) for i in range(30)]
    with frame_app.test_request_context():
        for svg in (
            demand_curve(POINTS[:1], [], 19900, "CNY"),
            offers_curve(POINTS[:2], [], "CNY"),
            trend(days, list(range(30)), [], 'Up "and" up'),
            trend(days[:1], [5], [3], "One"),
            heatmap([[0] * 24] * 7, "Quiet"),
            spark([0, 0], "Flat"),
        ):
            assert ET.fromstring(svg).get("aria-label")


def test_people_between_two_points_lie_on_a_straight_line() -> None:
    assert people_at(POINTS, 24900) == 1206
    assert people_at(POINTS, 100) == 1380
    assert people_at(POINTS, 50000) == 0


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=30))
def test_a_falling_curve_is_never_drawn_rising(values: list[int]) -> None:
    falling = sorted(values)  # y grows downwards
    numbers = (
        smooth([(float(i), float(y)) for i, y in enumerate(falling)]).replace("M", " ").replace("C", " ")
    )
    heights = [float(n) for n in numbers.split()][1::2]

    assert all(falling[0] - 0.06 <= y <= falling[-1] + 0.06 for y in heights)


@given(st.integers(1, 10**9))
def test_grid_lines_are_few_and_cover_the_largest_value(most: int) -> None:
    steps = nice_steps(most)

    assert steps[0] == 0
    assert steps[-1] >= most
    assert 2 <= len(steps) <= 5


@given(st.lists(st.integers(), max_size=100), st.integers(2, 20))
def test_a_spread_keeps_both_ends(things: list[int], most: int) -> None:
    kept = spread(things, most)

    assert len(kept) <= most
    assert kept[:1] == things[:1]
    assert kept[-1:] == things[-1:]
