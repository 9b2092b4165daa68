"""Pay back what is owed to shoppers; a refund whose answer is missing is left to the look-ups."""

from datetime import datetime, timedelta

from c2b.payments.refunds import WORK, launches_to_refund, send_launch_refunds
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each launch with refunds to send."""
    return each(launches_to_refund(now), send_launch_refunds, now=now, work=WORK)
