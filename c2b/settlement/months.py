"""Months of a statement, in the site's own time."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SHAPE = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)


def month(asked: str, now: datetime, zone: ZoneInfo) -> tuple[str, datetime, datetime]:
    """(name, start, end) of the month "2025-05"; nonsense is the month of `now`."""
    found = SHAPE.fullmatch(asked)
    local = now.astimezone(zone)
    year, number = (int(found[1]), int(found[2])) if found else (local.year, local.month)
    start = datetime(year, number, 1, tzinfo=zone)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    return f"{year}-{number:02}", start.astimezone(UTC), end.astimezone(UTC)


def last_months(now: datetime, zone: ZoneInfo, count: int = 6) -> list[str]:
    """The names of this month and those before it, the newest first."""
    local = now.astimezone(zone)
    months = local.year * 12 + local.month - 1
    return [f"{(months - back) // 12}-{(months - back) % 12 + 1:02}" for back in range(count)]
