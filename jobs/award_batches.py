"""Choose the best offer of each campaign whose review is over, and replace winners who fell out."""

from datetime import datetime, timedelta

from c2b.pipeline.batches import award, campaigns_to_award, campaigns_without_winner, replace_winner
from jobs import each

EVERY = timedelta(minutes=5)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    replaced = each(campaigns_without_winner(now), replace_winner, now=now)
    awarded = each(campaigns_to_award(now), award, now=now)
    return {name: count + replaced[name] for name, count in awarded.items()}
