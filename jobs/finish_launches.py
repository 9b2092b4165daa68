"""End the sales whose time is over: what was not sold stays unsold, and the campaign is completed."""

from datetime import datetime, timedelta

from c2b.orders.charging import MOST, charge_launch
from c2b.orders.queries import launches_to_finish
from jobs._turns import in_turn

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Each sale that is over."""
    return in_turn(launches_to_finish(now), charge_launch, now=now, most=MOST, work="finish")
