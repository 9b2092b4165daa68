"""What is measured, and which ratio of two figures is held against which mark. A part of the benchmarks only declares.

A *figure* is what one short run found (`"hello.rate"`: what the measure `hello` returned under "rate"). A *row* is a
line of the table: a figure divided by its yardstick's, both of the same round, so that the machine's mood cancels out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.stage import Stage

KINDS = ("postgresql", "sqlite")
Figures = Mapping[str, float]
Run = Callable[["Stage"], Figures]


class Failed(Exception):
    """The books are wrong, or an answer came that must not: the whole run fails with this sentence."""


class Missing(Exception):
    """A tool that a measure needs is not installed; the message says which, and how to get it."""


@dataclass(frozen=True)
class Measure:
    """One thing that is run in every round (or `once`, in the first), on these databases."""

    name: str
    group: str
    run: Run
    kinds: tuple[str, ...]
    once: bool


@dataclass(frozen=True)
class Row:
    """A line of the table. Without a yardstick the figure itself is what counts."""

    group: str
    words: str
    figure: str
    yardstick: str | None
    at_least: float | None
    stretch: float | None
    at_most: bool
    times: float
    kinds: tuple[str, ...]


MEASURES: dict[str, Measure] = {}
ROWS: list[Row] = []


def measure(group: str, *, kinds: tuple[str, ...] = KINDS, once: bool = False) -> Callable[[Run], Run]:
    """Register a function as a measure under its own name; within a group they run in the order declared."""

    def register(run: Run) -> Run:
        name = run.__name__
        if name in MEASURES:
            raise ValueError(f"there is a measure {name} already")
        MEASURES[name] = Measure(name, group, run, kinds, once)
        return run

    return register


def row(
    group: str,
    words: str,
    figure: str,
    yardstick: str | None = None,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    stretch: float | None = None,
    times: float = 1.0,
    kinds: tuple[str, ...] = KINDS,
) -> None:
    """Register a row: `figure : yardstick × times`, to be `at_least` or `at_most` this.

    `"hello.rate"` is the figure on the database the row is about, `"pledge_hot.rate@postgresql"` on that one.
    """
    mark = at_least if at_most is None else at_most
    ROWS.append(Row(group, words, figure, yardstick, mark, stretch, at_most is not None, times, kinds))
