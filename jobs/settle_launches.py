"""Test the minimum again where the window to mend cards is over, or every card is mended."""

from datetime import datetime, timedelta

from c2b.orders.charging import MOST, charge_launch
from c2b.orders.queries import launches_to_settle
from jobs._turns import in_turn

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Each launch that can be decided."""
    return in_turn(launches_to_settle(now), charge_launch, now=now, most=MOST, work="settle")
