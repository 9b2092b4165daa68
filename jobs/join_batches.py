"""Give each campaign that has tipped its place in the batch whose sign-up is open."""

from datetime import datetime, timedelta

from c2b.pipeline.batches import campaigns_to_join as due
from c2b.pipeline.batches import join_batch
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    return each(due(now), join_batch, now=now)
