"""Tell everyone who joined or follows a campaign that it is on."""

from datetime import datetime, timedelta

from c2b.campaigns.operations import tell_tipped
from c2b.campaigns.telling import campaigns_to_tell as due
from jobs import by_set

EVERY = timedelta(minutes=1)
FEW = 20  # at once: those who join meanwhile wait for the campaign's lock


def run(now: datetime) -> dict[str, int]:
    """Many in one transaction."""
    return by_set(due(now), tell_tipped, now=now, size=FEW)
