"""When a job is due that runs at one time each day, by the site's clock on the wall."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger


class Daily(BaseTrigger):
    """Once each day at a time of the site's zone.

    In the night in which an hour is left out, or comes twice, it is due once all the same: CronTrigger never
    returns when it looks for a time that a day does not have.
    """

    def __init__(self, hour: int, minute: int, zone: ZoneInfo) -> None:
        self.at, self.zone = time(hour, minute), zone

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The first one that is not over, and not the one before."""
        day = now.astimezone(self.zone).date() - timedelta(days=1)
        while (due := self._on(day)) < now or (previous_fire_time is not None and due <= previous_fire_time):
            day += timedelta(days=1)
        return due

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)
