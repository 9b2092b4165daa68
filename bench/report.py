"""The table of medians, the line of JSON, and how pages feel on a phone."""

import json
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median
from typing import Any

from bench.rows import ROWS, Row
from c2b.config import ROOT

BEGIN, END = "<!-- the last table -->", "<!-- end of the last table -->"
SHORT = {"postgresql": "PG", "sqlite": "SQLite"}


class Found:
    """Every figure of every round."""

    def __init__(self) -> None:
        self.rounds: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)

    def add(self, name: str, kind: str, number: int, figures: Mapping[str, float]) -> None:
        """Keep what a measure found in a round."""
        for key, value in figures.items():
            self.rounds[(f"{name}.{key}", kind)][number] = value

    def of(self, figure: str, kind: str) -> dict[int, float]:
        """{round: value}; `figure` may name another database, as in "pledge_hot.rate@postgresql"."""
        name, _at, other = figure.partition("@")
        return self.rounds.get((name, other or kind), {})


def ratio(found: Found, row: Row, kind: str) -> tuple[float, float, float | None] | None:
    """The row's value, its figure's median and its yardstick's; None where it was not measured."""
    figures = found.of(row.figure, kind)
    if not figures:
        return None
    if row.yardstick is None:
        return median(figures.values()) / row.times, median(figures.values()), None
    against = found.of(row.yardstick, kind)
    both = figures.keys() & against.keys()
    if not both:
        return None
    ratios = [figures[number] / (against[number] * row.times) for number in both]
    return median(ratios), median(figures.values()), median(against.values())


def verdict(row: Row, value: float) -> str:
    """How the value stands to the row's marks."""
    if row.at_least is None:
        return ""
    for mark, word in ((row.stretch, "stretch"), (row.at_least, "reached")):
        if mark is not None and (value <= mark if row.at_most else value >= mark):
            return word
    return "MISSED"


def table(found: Found, kinds: tuple[str, ...]) -> str:
    """One line for each row and database, as Markdown."""
    lines = [
        "| what | database | ratio | at least | stretch | | figure : yardstick |",
        "| --- | --- | ---: | ---: | ---: | --- | --- |",
    ]
    for row in ROWS:
        for kind in (kind for kind in kinds if kind in row.kinds):
            seen = ratio(found, row, kind)
            if seen is not None:
                lines.append(_line(row, kind, *seen))
    if len(lines) == 2:
        return "No row is whole: its other figure is another measure's. The figures are in the line below."
    return "\n".join(lines)


def _line(row: Row, kind: str, value: float, figure: float, yardstick: float | None) -> str:
    against = "" if yardstick is None else f" : {_number(yardstick)}"
    marks = " | ".join(
        "" if mark is None else f"{'≤ ' * row.at_most}{mark:g}" for mark in (row.at_least, row.stretch)
    )
    return (
        f"| {row.words} | {SHORT[kind]} | {_number(value)} | {marks} | {verdict(row, value)} |"
        f" {_number(figure)}{against} |"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def line(found: Found, kinds: tuple[str, ...], *, rounds: int) -> str:
    """Everything as one line of JSON: the rows, and each figure of each round."""
    rows = [
        {"group": row.group, "what": row.words, "database": kind, "value": round(seen[0], 4),
         "at_least": row.at_least, "stretch": row.stretch, "verdict": verdict(row, seen[0])}
        for row in ROWS for kind in kinds if kind in row.kinds and (seen := ratio(found, row, kind)) is not None
    ]  # fmt: skip
    figures = {
        f"{name}@{kind}": [round(value, 4) for _number, value in sorted(values.items())]
        for (name, kind), values in found.rounds.items()
    }
    about: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"), "rounds": rounds, "cores": os.cpu_count(),
        "python": platform.python_version(), "rows": rows, "figures": figures,
    }  # fmt: skip
    return json.dumps(about, ensure_ascii=False)


def write(words: str, *, rounds: int) -> None:
    """Put the table into docs/performance.md, with the day and the machine, in the place of the last one."""
    path = ROOT / "docs" / "performance.md"
    before, _mark, rest = path.read_text().partition(BEGIN)
    _old, _mark, after = rest.partition(END)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    about = f"{day}, {rounds} rounds, {os.cpu_count()} cores, Python {platform.python_version()}."
    path.write_text(f"{before}{BEGIN}\n{about}\n\n{words}\n{END}{after}")


def phone() -> None:
    """How pages feel on a slow phone; said where there is no browser to look with."""
    try:
        from bench.pages import run

        run()
    except Exception as problem:  # the figures above are not lost for want of a browser
        print(f"bench: no figures of a slow phone: {problem}", file=sys.stderr)
