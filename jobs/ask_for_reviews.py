"""Ask people who bought what it is like, a week after it came."""

from datetime import datetime, timedelta

from c2b.orders.due import orders_to_ask_about as due
from c2b.orders.reviews import ask_for_review
from jobs import each

EVERY = timedelta(hours=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each order."""
    return each(due(now), ask_for_review, now=now)
