"""Try cards again that were declined for now, and hold again what a provider has let go of too early."""

from datetime import datetime, timedelta

from c2b.orders.charging import MOST, charge_launch
from c2b.orders.queries import launches_to_retry
from jobs._turns import in_turn

EVERY = timedelta(minutes=10)


def run(now: datetime) -> dict[str, int]:
    """Each launch whose window is open and that has such cards."""
    return in_turn(launches_to_retry(now), charge_launch, now=now, most=MOST, work="retry")
