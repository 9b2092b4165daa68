"""Count the heat of campaigns again: how near they are, and how fast people joined in the last day."""

from datetime import datetime, timedelta

from c2b.campaigns.closing import campaigns_to_warm as due
from c2b.campaigns.operations import refresh_heat
from jobs import each

EVERY = timedelta(minutes=10)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    return each(due(now), refresh_heat, now=now)
