"""When a mail may go: quiet hours and the hour of the daily mail. Hours are those of the site's time zone."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

DIGEST_HOUR = 8


def is_hour(hour: int | None) -> bool:
    """Whether this is an hour of the day."""
    return hour is not None and 0 <= hour <= 23


def quiet_until(now: datetime, first: int | None, last: int | None, zone: tzinfo) -> datetime | None:
    """When the quiet that reigns now ends; None where there is none. From 22 to 7 lasts over midnight."""
    if first is None or last is None or first == last:
        return None
    local = now.astimezone(zone)
    hour = local.hour
    quiet = first <= hour < last if first < last else hour >= first or hour < last
    if not quiet:
        return None
    return _at(local.date() + timedelta(days=1 if hour >= last else 0), last, zone)


def next_digest(now: datetime, zone: tzinfo) -> datetime:
    """When the next daily mail goes out."""
    local = now.astimezone(zone)
    return _at(local.date() + timedelta(days=1 if local.hour >= DIGEST_HOUR else 0), DIGEST_HOUR, zone)


def day_of(now: datetime, zone: tzinfo) -> date:
    """The day that it is at the site."""
    return now.astimezone(zone).date()


def _at(day: date, hour: int, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
