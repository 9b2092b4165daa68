"""Send the mail that is due."""

from datetime import datetime, timedelta

from c2b.mailing.operations import send_due
from c2b.mailing.queries import notices_to_send
from jobs import stopping

EVERY = timedelta(seconds=10)


def run(now: datetime) -> dict[str, int]:
    """Each mail outside any transaction, with a lease on it."""
    return send_due(now, stop=stopping.is_set)


def due(now: datetime) -> list[int]:
    """What `--dry-run` lists."""
    return notices_to_send(now)
