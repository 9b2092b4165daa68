"""Let offers lapse whose time in a stage is over without what was asked for."""

from datetime import datetime, timedelta

from c2b.pipeline.reminders import lapse_offer
from c2b.pipeline.reminders import offers_to_lapse as due
from jobs import each

EVERY = timedelta(minutes=10)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    return each(due(now), lapse_offer, now=now)
