"""Remind everyone who joined or follows a campaign 48 hours before it closes."""

from datetime import datetime, timedelta

from c2b.campaigns.closing import campaigns_closing_soon as due
from c2b.campaigns.operations import remind_closing
from jobs import each

EVERY = timedelta(minutes=10)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    return each(due(now), remind_closing, now=now)
