"""The four figures on top of the overview, in words: the value, how it changed, and its line."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import get_day_names
from flask_babel import format_decimal, get_locale
from flask_babel import gettext as _

from c2b.operators import trade
from c2b.operators.figures import Joins, busiest, change

ROUGH = 999  # per cent, above which a change says nothing


@dataclass(frozen=True)
class Card:
    """One figure: how it is written, what it says of the period before, whether that is good, and its line."""

    label: str
    value: Any  # a text, or (minor units, currency)
    note: str
    tone: str
    line: list[Any]
    colour: str


def cards(joined: Joins, now: datetime, days: int) -> list[Card]:
    """People, campaigns, cards and money, each against the period before."""
    tipped, charged, saved = trade.tipped(now, days), trade.charged_at_once(now, days), trade.saved(now, days)
    money = (saved.now, saved.currency) if saved.currency else _("nothing")
    return [
        Card(_("People joined"), format_decimal(joined.total), *_grown(joined.total, joined.total_before),
             joined.counts[-14:], "var(--d1)"),
        Card(_("Campaigns that tipped"), _percent(tipped.now), *_points(tipped), tipped.line, "var(--d3)"),
        Card(_("Cards charged at once"), _percent(charged.now), *_points(charged), charged.line, "var(--d2)"),
        Card(_("Saved against list price"), money, *_grown(saved.now, saved.before), saved.line, "var(--d4)"),
    ]  # fmt: skip


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{format_decimal(round(value, 1))}%"


def _grown(now: int, before: int) -> tuple[str, str]:
    percent = change(now, before)
    if percent is None or percent > ROUGH:
        return str(_("little before") if before else _("nothing before")), ""
    if percent == 0:
        return str(_("as before")), ""
    words = (
        _("up %(percent)s%%", percent=percent) if percent > 0 else _("down %(percent)s%%", percent=-percent)
    )
    return str(words), "ok" if percent > 0 else "bad"


def _points(share: trade.Share) -> tuple[str, str]:
    if share.now is None or share.before is None:
        return str(_("nothing to compare")), ""
    points = round(share.now - share.before, 1)
    if not points:
        return str(_("as before")), ""
    size = format_decimal(abs(points))
    words = _("up %(points)s points", points=size) if points > 0 else _("down %(points)s points", points=size)
    return str(words), "ok" if points > 0 else "bad"


@dataclass(frozen=True)
class Week:
    """What the map of the week says, and its numbers by weekday in parts of six hours."""

    said: str
    columns: list[str]
    rows: list[list[str]]


def week_words(week: list[list[int]]) -> Week:
    """The busiest hour as a sentence, and the week as a table."""
    names = get_day_names("wide", locale=get_locale())
    top = busiest(week)
    if top is None:
        said = _("Nobody joined in this time.")
    else:
        day, hour = top
        said = _(
            "Busiest: %(day)s, %(begin)s to %(end)s.",
            day=names[day],
            begin=f"{hour:02d}:00",
            end=f"{(hour + 1) % 24:02d}:00",
        )
    columns = [_("Day"), *(f"{h:02d}–{h + 6:02d}" for h in range(0, 24, 6))]
    rows = [
        [str(names[day]), *(format_decimal(sum(row[h : h + 6])) for h in range(0, 24, 6))]
        for day, row in enumerate(week)
    ]
    return Week(str(said), columns, rows)


def slowest(rows: list[tuple[str, float | None]]) -> str:
    """Which stage takes longest, as a sentence; empty where none has been left yet."""
    known = [(seconds, label) for label, seconds in rows if seconds]
    return str(_("%(stage)s takes longest.", stage=max(known)[1])) if known else ""
