"""When batches open and which dates they have: data, so that another rhythm is another value here. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Rhythm:
    """A new batch every week. Each period follows the one before it."""

    weekday: int = 0  # Monday
    hour: int = 10
    signup: timedelta = timedelta(days=7)
    samples: timedelta = timedelta(days=7)
    review: timedelta = timedelta(days=3)
    pause: timedelta = timedelta(days=2)  # between review and the first launch
    launches: timedelta = timedelta(days=7)
    slot_hours: tuple[int, ...] = (10, 20)
    places: int = 6
    shown_before: timedelta = timedelta(days=2)
    slot_lasts: timedelta = timedelta(days=4)  # cards are mended for two days, then what is left is sold
    time_to_sign_up: timedelta = timedelta(
        days=2
    )  # a campaign joins a batch only with so much left for merchants


WEEKLY = Rhythm()


@dataclass(frozen=True)
class Dates:
    """The dates that the offers of one batch share."""

    opens_at: datetime
    signup_closes_at: datetime
    samples_due_at: datetime
    review_at: datetime
    launch_from: datetime
    launch_until: datetime


def latest_opening(now: datetime, zone: ZoneInfo, rhythm: Rhythm = WEEKLY) -> datetime:
    """When the batch of this week opened (or opens just now)."""
    local = now.astimezone(zone)
    days = (local.weekday() - rhythm.weekday) % 7
    opening = (local - timedelta(days=days)).replace(hour=rhythm.hour, minute=0, second=0, microsecond=0)
    return opening if opening <= local else opening - timedelta(days=7)


def dates_of(opens_at: datetime, rhythm: Rhythm = WEEKLY) -> Dates:
    """All dates of a batch that opens then."""
    signup = opens_at + rhythm.signup
    samples = signup + rhythm.samples
    review = samples + rhythm.review
    first = review + rhythm.pause
    return Dates(opens_at, signup, samples, review, first, first + rhythm.launches)


def slot_times(dates: Dates, zone: ZoneInfo, rhythm: Rhythm = WEEKLY) -> Iterator[datetime]:
    """The launch hours of a batch, earliest first."""
    day = dates.launch_from.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < dates.launch_until:
        for hour in rhythm.slot_hours:
            at = day.replace(hour=hour)
            if dates.launch_from <= at < dates.launch_until:
                yield at
        day += timedelta(days=1)
