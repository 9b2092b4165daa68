"""Charge what launches have set aside: hold, charge or let go. Any number of processes may do it at once."""

from datetime import datetime, timedelta

from c2b.orders.charging import MOST, charge_launch
from c2b.orders.queries import launches_to_charge
from jobs._turns import in_turn

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Each launch with something to ask, a part at a time."""
    return in_turn(launches_to_charge(now), charge_launch, now=now, most=MOST, work="charge")
