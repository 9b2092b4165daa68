"""Issue the codes of vouchers that were paid."""

from datetime import datetime, timedelta

from c2b.orders.due import orders_without_codes
from c2b.orders.vouchers import issue_vouchers
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each order."""
    return each(orders_without_codes(), issue_vouchers, now=now)
