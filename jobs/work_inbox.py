"""Work off what payment providers have told us by webhook."""

from datetime import datetime, timedelta

from c2b.core.db import transaction
from c2b.payments.inbox import events_due as due
from c2b.payments.inbox import pass_over_decided, work_off
from jobs import each, listing

EVERY = timedelta(seconds=10)


def run(now: datetime) -> dict[str, int]:
    """What is decided already is passed over in one statement; the rest one by one, in any number of processes."""
    decided = 0
    if listing.get() is None:
        with transaction():
            decided = pass_over_decided(now)
    counts = each(due(now), work_off, now=now)
    return {**counts, "done": counts["done"] + decided}
