"""Send the payouts that are approved; one whose answer is missing is left to the look-ups."""

from datetime import datetime, timedelta

from c2b.settlement.payouts import payouts_to_send, send_payout
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each payout."""
    return each(payouts_to_send(), send_payout, now=now)
