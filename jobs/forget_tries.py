"""Drop the counts of tries whose time is over."""

from datetime import datetime, timedelta

from c2b.accounts.throttle import forget_past
from c2b.core.db import transaction

EVERY = timedelta(hours=1)


def run(now: datetime) -> dict[str, int]:
    """One statement; nothing depends on it but the size of the table."""
    with transaction():
        return {"done": forget_past(now)}
