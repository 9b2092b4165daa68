"""Demand as Hypothesis makes it up: small numbers, so that ties and tight capacities are common."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st

from c2b.demand.curve import Tier, Wanted

steady = settings(deadline=None, max_examples=50)  # no example is timed: a busy machine is no bug

counts = st.integers(0, 40)
prices = st.integers(1, 30)
seeds = st.text("abc123:", max_size=4)


@st.composite
def ladders(draw, max_quantity=40):
    """A valid ladder: quantities strictly rise, prices strictly fall."""
    size = draw(st.integers(1, 4))
    quantities = draw(st.lists(st.integers(1, max_quantity), min_size=size, max_size=size, unique=True))
    unit_prices = draw(st.lists(prices, min_size=size, max_size=size, unique=True))
    pairs = zip(sorted(quantities), sorted(unit_prices, reverse=True), strict=True)
    return [Tier(quantity, price) for quantity, price in pairs]


def _keyed(pledges):
    return [replace(pledge, key=key) for key, pledge in enumerate(pledges, start=1)]


pledges = st.builds(
    Wanted,
    key=st.just(0),
    quantity=st.integers(1, 6),
    ceiling=prices,
    tolerance=st.integers(0, 3),
)
crowds = st.lists(pledges, max_size=12).map(_keyed)


@st.composite
def shuffled(draw):
    """A crowd, and the same crowd arriving in another order."""
    crowd = draw(crowds)
    return crowd, draw(st.permutations(crowd))
