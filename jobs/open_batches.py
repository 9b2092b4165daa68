"""Open the batch of this week with its slots, and move older ones on as their dates come."""

from datetime import datetime, timedelta

from flask import current_app

from c2b.core.db import transaction
from c2b.pipeline.batches import ensure_batches

EVERY = timedelta(minutes=10)


def run(now: datetime) -> dict[str, int]:
    """In one transaction."""
    with transaction():
        ensure_batches(now, zone=current_app.config["C2B"].time_zone)
    return {"done": 1, "refused": 0, "failed": 0}
