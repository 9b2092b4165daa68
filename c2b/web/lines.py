"""The geometry under the charts: pure numbers, no words and no colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
XY = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """A drawing area with its margins, and the ranges of values that it shows."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    xs: XY
    ys: XY

    @property
    def base(self) -> int:
        """The y of the ground line."""
        return self.height - self.bottom

    def x(self, value: float) -> float:
        low, high = self.xs
        return round(
            self.left + (self.width - self.left - self.right) * (value - low) / ((high - low) or 1), 1
        )

    def y(self, value: float) -> float:
        low, high = self.ys
        return round(self.base - (self.base - self.top) * (value - low) / ((high - low) or 1), 1)

    def at(self, x: float, y: float) -> XY:
        """Where a pair of values lies."""
        return self.x(x), self.y(y)


def smooth(points: Sequence[XY]) -> str:
    """A soft line through all points, as SVG path data."""
    if len(points) < 3:
        return "M" + "L".join(f"{x} {y}" for x, y in points)
    parts = [f"M{points[0][0]} {points[0][1]}"]
    for i in range(len(points) - 1):
        before, here, there, after = (
            points[max(i - 1, 0)],
            points[i],
            points[i + 1],
            points[min(i + 2, len(points) - 1)],
        )
        first = (
            here[0] + (there[0] - before[0]) / 6,
            _between(here[1] + (there[1] - before[1]) / 6, here[1], there[1]),
        )
        second = (
            there[0] - (after[0] - here[0]) / 6,
            _between(there[1] - (after[1] - here[1]) / 6, here[1], there[1]),
        )
        parts.append(
            f"C{first[0]:.1f} {first[1]:.1f} {second[0]:.1f} {second[1]:.1f} {there[0]:.1f} {there[1]:.1f}"
        )
    return "".join(parts)


def _between(value: float, one: float, other: float) -> float:
    """Keep a handle between the two ends, so that a falling curve never seems to rise."""
    return min(max(value, min(one, other)), max(one, other))


def spread(things: Sequence[T], most: int) -> list[T]:
    """At most so many of the things, evenly, always with the first and the last."""
    if len(things) <= most:
        return list(things)
    return [things[round(i * (len(things) - 1) / (most - 1))] for i in range(most)]


def even(low: int, high: int, most: int, unit: int) -> list[int]:
    """So many values from low to high at the same distance, rounded to the unit; each only once."""
    between = [low + (high - low) * i / (most - 1) for i in range(1, most - 1)]
    return sorted({low, high, *(round(value / unit) * unit for value in between)})


def coarse(points: Sequence[T]) -> list[T]:
    """Few enough points that the page stays small; the eye sees no difference."""
    return spread(points, 48)


def nice_steps(most: float) -> list[float]:
    """Round values from 0 up to or just above `most`, three to five of them."""
    if most <= 3:
        return [float(i) for i in range(max(math.ceil(most), 1) + 1)]
    rough = most / 3
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * k for k in (1, 2, 2.5, 5, 10) if unit * k >= rough)
    return [step * i for i in range(math.ceil(most / step) + 1)]
