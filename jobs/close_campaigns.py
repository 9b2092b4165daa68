"""Close the campaigns whose time is up: with enough demand they look for a merchant, with too little they expire."""

from datetime import datetime, timedelta

from c2b.campaigns.closing import campaigns_to_close as due
from c2b.campaigns.operations import close_campaign
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    return each(due(now), close_campaign, now=now)
