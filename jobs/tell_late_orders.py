"""Remind merchants of promised days, tell shoppers when one has passed, and put on record what was kept."""

from datetime import datetime, timedelta

from c2b.orders.due import launches_to_put_on_record, launches_to_remind_of, orders_to_call_late
from c2b.orders.late import put_on_record, remind_firm, tell_late
from jobs import each, together

EVERY = timedelta(minutes=30)


def run(now: datetime) -> dict[str, int]:
    """One row for each launch, and for each order that is late."""
    return together(
        each(launches_to_remind_of(now), remind_firm, now=now),
        each(orders_to_call_late(now), tell_late, now=now),
        each(launches_to_put_on_record(now), put_on_record, now=now),
    )
