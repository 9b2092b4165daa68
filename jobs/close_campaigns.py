"""Close the campaigns whose time is up: with enough demand they look for a merchant, with too little they expire."""

from datetime import datetime, timedelta

from c2b.campaigns.closing import campaigns_to_close as due
from c2b.campaigns.operations import close_campaigns
from jobs import by_set

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Many in one transaction."""
    return by_set(due(now), close_campaigns, now=now)
