"""Tell everyone who joined or follows a campaign that it is on."""

from datetime import datetime, timedelta

from c2b.campaigns.closing import campaigns_to_tell as due
from c2b.campaigns.operations import tell_tipped
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    return each(due(now), tell_tipped, now=now)
