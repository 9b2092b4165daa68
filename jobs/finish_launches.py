"""End the sales whose time is over: what was not sold stays unsold, and the campaign is completed."""

from datetime import datetime, timedelta

from c2b.orders.charging import WORK, charge_launch
from c2b.orders.queries import launches_to_finish
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each sale that is over."""
    return each(launches_to_finish(now), charge_launch, now=now, work=WORK)
