"""End codes whose time is over, and remind people of those that end soon."""

from datetime import datetime, timedelta

from c2b.orders.due import vouchers_to_expire, vouchers_to_remind
from c2b.orders.vouchers import expire_voucher, remind_of_vouchers
from jobs import each, together

EVERY = timedelta(hours=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each code, and for each order that is spoken of."""
    return together(
        each(vouchers_to_expire(now), expire_voucher, now=now),
        each(vouchers_to_remind(now), remind_of_vouchers, now=now),
    )
