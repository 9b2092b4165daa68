"""Find out what became of requests whose answer is missing, each at its next time on the ladder."""

from datetime import datetime, timedelta

from c2b.payments import ladder

EVERY = timedelta(seconds=30)


def run(now: datetime) -> dict[str, int]:
    """All that are due; any number of processes may do it at once."""
    return {"done": ladder.look_up_due(now), "refused": 0, "failed": 0}


def due(now: datetime) -> list[int]:
    """The requests that a run would look up."""
    return ladder.due(now)
