"""Ask carriers where parcels are."""

from datetime import datetime, timedelta

from c2b.orders.due import parcels_to_track
from c2b.orders.tracking import track_parcels
from jobs import stopping

EVERY = timedelta(hours=1)


def run(now: datetime) -> dict[str, int]:
    """Each carrier is asked outside any transaction."""
    return track_parcels(now, stop=stopping.is_set)


def due(now: datetime) -> list[int]:
    """What `--dry-run` lists."""
    return parcels_to_track()
