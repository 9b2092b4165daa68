"""Charge what launches have set aside: hold, charge or let go, and look up answers that are missing."""

from datetime import datetime, timedelta

from c2b.orders.charging import WORK, charge_launch
from c2b.orders.queries import launches_to_charge
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each launch with something to ask."""
    return each(launches_to_charge(now), charge_launch, now=now, work=WORK)
