"""The marks that charts share: frame, grid lines and words."""

from collections.abc import Iterable
from typing import Self

from markupsafe import Markup

from c2b.web.filters import count_text
from c2b.web.lines import Frame, nice_steps


class Drawing(Markup):
    """A finished chart. `said` is the sentence that it states: its label, and the words above it."""

    said: str = ""

    @classmethod
    def of(cls, parts: Iterable[Markup], said: str) -> Self:
        """The parts as one drawing, with its end."""
        drawn = cls(Markup("").join(parts) + Markup("</svg>"))
        drawn.said = said
        return drawn


def opening(frame: Frame, label: str, cls: str) -> Markup:
    """The start of a chart that screen readers read as one sentence."""
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        cls, frame.width, frame.height, label
    )


def grid(frame: Frame, most: float) -> list[Markup]:
    """Faint lines at round values, each with its number."""
    lines = []
    for value in nice_steps(most):
        if value > frame.ys[1]:
            break
        y = frame.y(value)
        lines.append(
            Markup('<path class="grid-l" d="M{} {}H{}"/>').format(frame.left, y, frame.width - frame.right)
            + text(frame.left - 7, y + 4, count_text(int(value)), "end")
        )
    return lines


def text(x: float, y: float, text: str, anchor: str, alt: bool = False) -> Markup:
    """A word on the chart; `alt` words leave first when it is narrow."""
    return Markup('<text{} x="{}" y="{}" text-anchor="{}">{}</text>').format(
        Markup(' class="alt"') if alt else "", round(x, 1), round(y, 1), anchor, text
    )


def anchor(index: int, total: int) -> str:
    """Words at the ends stay inside the chart."""
    return "start" if index == 0 else "end" if index == total - 1 else "middle"
