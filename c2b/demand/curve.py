"""The demand curve: how many units, and how many people, could pay each price.

Prices are whole minor units of the campaign's one currency; quantities are whole units of the goods.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Tier:
    """From this many units on, every unit costs this much."""

    from_quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """One pledge as the arithmetic sees it.

    `tolerance` are further units the shopper would also take, if and only if a tier needs them.
    """

    key: int
    quantity: int
    ceiling: int
    tolerance: int = 0


class Point(NamedTuple):
    """So many units and people could pay this price: those with this ceiling and all above it."""

    price: int
    units: int
    people: int


class Group(NamedTuple):
    """All pledges that share one ceiling, as a roll-up in the database keeps them."""

    ceiling: int
    units: int
    tolerance_units: int
    people: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Answers what demand is at any price; it never depends on the order in which pledges came."""

    groups: tuple[Group, ...]  # ceilings rise
    _ceilings: tuple[int, ...]
    # Entry i counts everyone whose ceiling is at least _ceilings[i]; a last 0 stands for nobody.
    _units: tuple[int, ...]
    _tolerance: tuple[int, ...]
    _people: tuple[int, ...]

    @classmethod
    def from_groups(cls, rows: Iterable[tuple[int, int, int, int]]) -> Curve:
        """Build from (ceiling, units, tolerance units, people) rows, in any order and with repeats."""
        sums: dict[int, tuple[int, int, int]] = {}
        for ceiling, units, tolerance, people in rows:
            if min(ceiling, units, tolerance, people) < 0:
                raise ValueError("a demand curve has no negative prices or counts")
            u, t, p = sums.get(ceiling, (0, 0, 0))
            sums[ceiling] = (u + units, t + tolerance, p + people)
        groups = tuple(Group(ceiling, *sums[ceiling]) for ceiling in sorted(sums))
        return cls(
            groups=groups,
            _ceilings=tuple(group.ceiling for group in groups),
            _units=_from_the_top(group.units for group in groups),
            _tolerance=_from_the_top(group.tolerance_units for group in groups),
            _people=_from_the_top(group.people for group in groups),
        )

    def units_at(self, price: int) -> int:
        """Units wanted by pledges that can afford this price, without their tolerance."""
        return self._units[bisect_left(self._ceilings, price)]

    def units_with_tolerance_at(self, price: int) -> int:
        """Units that could be sold at this price if every tolerance were used to the full."""
        at = bisect_left(self._ceilings, price)
        return self._units[at] + self._tolerance[at]

    def people_at(self, price: int) -> int:
        """Pledges that can afford this price."""
        return self._people[bisect_left(self._ceilings, price)]

    def points(self) -> tuple[Point, ...]:
        """One point for each distinct ceiling, prices falling, so units and people rise."""
        rows = zip(self._ceilings, self._units, self._people, strict=False)  # without the last 0
        return tuple(Point(*row) for row in rows)[::-1]

    def times(self, factor: int) -> Curve:
        """The same curve with every count multiplied: shares of demand without fractions."""
        return Curve.from_groups(
            (g.ceiling, g.units * factor, g.tolerance_units * factor, g.people * factor) for g in self.groups
        )


def curve(wanted: Iterable[Wanted]) -> Curve:
    """The demand curve of these pledges."""
    return Curve.from_groups((w.ceiling, w.quantity, w.tolerance, 1) for w in wanted)


def affording(wanted: Iterable[Wanted], price: int) -> list[Wanted]:
    """The pledges that can afford this price, in the order given: nobody pays above their ceiling."""
    return [w for w in wanted if w.ceiling >= price]


def hidden_points(points: Sequence[tuple[int, int, int]], at_least: int = 3) -> tuple[Point, ...]:
    """The points that may be shown to everyone: each adds `at_least` people or more to the one above.

    Neighbouring prices are merged from the top down and shown at the lowest price of their group, where
    the count is exact; people left over at the bottom join the last group. With fewer than `at_least`
    people in all, nothing is shown.
    """
    if at_least < 1:
        raise ValueError("a group holds at least one person")
    shown: list[Point] = []
    for point in map(Point._make, points):
        hidden = point.people - (shown[-1].people if shown else 0)
        if hidden >= at_least:
            shown.append(point)
    if shown and points:
        shown[-1] = Point._make(points[-1])
    return tuple(shown)


def _from_the_top(counts: Iterable[int]) -> tuple[int, ...]:
    """Running sums from the highest ceiling down, kept in the order given, ending in 0."""
    return tuple(accumulate(reversed(tuple(counts)), initial=0))[::-1]
