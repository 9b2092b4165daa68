"""Remind everyone who joined or follows a campaign 48 hours before it closes."""

from datetime import datetime, timedelta

from c2b.campaigns.operations import remind_closing
from c2b.campaigns.telling import campaigns_closing_soon as due
from jobs import by_set

EVERY = timedelta(minutes=10)
FEW = 20  # at once: those who join meanwhile wait for the campaign's lock


def run(now: datetime) -> dict[str, int]:
    """Many in one transaction."""
    return by_set(due(now), remind_closing, now=now, size=FEW)
