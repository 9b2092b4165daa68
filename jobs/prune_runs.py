"""Forget old runs, and claims that dead processes left behind."""

from datetime import datetime, timedelta

from c2b.core.claims import forget_dead
from c2b.core.db import transaction
from c2b.core.runs import prune

EVERY = timedelta(hours=1)


def run(now: datetime) -> dict[str, int]:
    """How many records were forgotten."""
    with transaction():
        return {"done": prune(now) + forget_dead(older_than=86_400.0)}
