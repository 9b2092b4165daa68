"""Charts over time: a figure per day, and the hours of a week."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from babel.dates import format_skeleton, get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from c2b.web.filters import number
from c2b.web.lines import Frame, nice_steps, smooth, spread
from c2b.web.marks import Drawing, anchor, grid, opening, text

LABEL_WIDE = 110  # of the words at the last point, in the drawing's units


def trend(days: Sequence[date], values: Sequence[int], before: Sequence[int], label: str) -> Markup:
    """A figure per day as an area, with the period before it dashed; the last point carries its number and day.

    `label` is a sentence that states the finding.
    """
    if not values:
        return Markup("")
    most = nice_steps(max(*values, *before, 1))[-1]
    frame = Frame(640, 220, 40, 6, 12, 24, (0, max(len(values) - 1, 1)), (0, most))
    line = smooth([frame.at(i, v) for i, v in enumerate(values)])
    end = frame.at(len(values) - 1, values[-1])
    near = [y for i, v in enumerate(values) for x, y in [frame.at(i, v)] if x > end[0] - LABEL_WIDE]
    parts = [opening(frame, label, "ch"), *grid(frame, most)]
    named = spread(list(range(len(days))), 5)
    parts += [
        text(frame.x(i), frame.height - 6, _short_day(days[i]), anchor(k, len(named)), alt=k % 2 == 1)
        for k, i in enumerate(named)
    ]
    dashed = smooth([frame.at(i, v) for i, v in enumerate(before[: len(values)])]) if before else ""
    parts.append(
        Markup(
            '<defs><linearGradient id="jg" x1="0" x2="0" y1="0" y2="1">'
            '<stop offset="0" stop-color="var(--d1)" stop-opacity=".24"/>'
            '<stop offset="1" stop-color="var(--d1)" stop-opacity="0"/></linearGradient></defs>'
            '<path d="{line}L{x1} {base}L{x0} {base}Z" fill="url(#jg)"/>'
            '<path d="{dashed}" fill="none" stroke="var(--ink-3)" stroke-width="1.6" stroke-dasharray="4 4"/>'
            '<path d="{line}" fill="none" stroke="var(--d1)" stroke-width="2.6" stroke-linecap="round"/>'
            '<circle cx="{x1}" cy="{y1}" r="4.5" fill="var(--d1)" stroke="var(--surface)" stroke-width="2"/>'
            '<text class="lbl" x="{tx}" y="{ty}" text-anchor="end" font-size="13">{last}</text>'
        ).format(
            line=line,
            dashed=dashed,
            base=frame.base,
            x0=frame.left,
            x1=end[0],
            y1=end[1],
            tx=end[0] - 9,
            ty=max(min(near) - 10, 12),  # above the line, wherever it runs under the words
            last=_last(values[-1], days[-1]) if days else number(values[-1]),
        )
    )
    return Drawing.of(parts, label)


def _last(value: int, when: date) -> str:
    return str(_("%(count)s on %(day)s", count=number(value), day=_short_day(when)))


def heatmap(rows: Sequence[Sequence[int]], label: str) -> Markup:
    """Seven weekdays (Monday first) by 24 hours; the darkest square is the busiest hour, which a ring marks too.

    `label` is a sentence that names it.
    """
    frame = Frame(560, 212, 36, 0, 4, 20, (0, 24), (0, 7))
    most = max((value for row in rows for value in row), default=0) or 1
    wide, high = (560 - 36) / 24, (212 - 24) / 7
    names = get_day_names("abbreviated", locale=get_locale())
    parts = [opening(frame, label, "ch ch-c")]
    for day, row in enumerate(rows):
        y = 4 + high * day
        parts.append(text(28, y + high / 2 + 4, str(names[day]), "end"))
        for hour, value in enumerate(row):
            parts.append(
                Markup(
                    '<rect{} x="{}" y="{}" width="{}" height="{}" rx="4" fill="var(--d1)" fill-opacity="{}"/>'
                ).format(
                    Markup(' class="most"') if value == most and value else "",
                    round(36 + wide * hour + 1.2, 1),
                    round(y + 1.2, 1),
                    round(wide - 2.4, 1),
                    round(high - 2.4, 1),
                    round(0.07 + 0.93 * value / most, 2),
                )
            )
    parts += [text(36 + wide * h + wide / 2, 209, f"{h:02d}", "middle") for h in (0, 6, 12, 18, 23)]
    return Drawing.of(parts, label)


def _short_day(when: date) -> str:
    moment = datetime(when.year, when.month, when.day, tzinfo=UTC)
    return str(format_skeleton("MMMd", moment, locale=get_locale()))
