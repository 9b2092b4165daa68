"""Hand in what speaks for a merchant in a bank's dispute, before its time is over."""

from datetime import datetime, timedelta

from c2b.orders.bank_disputes import answer_bank
from c2b.orders.bank_disputes import disputes_to_answer as due
from jobs import each

EVERY = timedelta(minutes=10)


def run(now: datetime) -> dict[str, int]:
    """Each outside any transaction; what was handed in is written down after it."""
    return each(due(now), answer_bank, now=now)
