"""Put what is owed to merchants into payouts: delivered, past the return window, not disputed."""

from datetime import datetime

from c2b.settlement.planning import accounts_to_plan, plan_payout
from jobs import each

AT = "04:00"


def run(now: datetime) -> dict[str, int]:
    """One row for each merchant and currency."""
    return each(accounts_to_plan(now), plan_payout, now=now)
