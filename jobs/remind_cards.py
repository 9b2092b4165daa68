"""Remind people whose card failed, every 48 hours until it is mended or the window is over."""

from datetime import datetime, timedelta

from c2b.orders.mending import remind_cards
from c2b.orders.queries import launches_to_remind
from jobs import each

EVERY = timedelta(hours=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each launch with cards to mend."""
    return each(launches_to_remind(now), remind_cards, now=now)
