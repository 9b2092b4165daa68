"""Test the minimum again where the window to mend cards is over, or every card is mended."""

from datetime import datetime, timedelta

from c2b.orders.charging import WORK, settle_launch
from c2b.orders.queries import launches_to_settle
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each launch that can be decided."""
    return each(launches_to_settle(now), settle_launch, now=now, work=WORK)
