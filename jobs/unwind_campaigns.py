"""Take back what was called off or never sent: let cards go, cancel orders, promise every refund."""

from datetime import datetime, timedelta

from c2b.orders.charging import charge_launch
from c2b.orders.unwinding import (
    give_up_undelivered,
    launches_to_unwind,
    orders_to_unwind,
    orders_undelivered,
    pay_back_called_off,
)
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """One row for each order to cancel and for each launch on its way to its end."""
    results = (
        each(orders_undelivered(now), give_up_undelivered, now=now),
        each(orders_to_unwind(now), pay_back_called_off, now=now),
        each(launches_to_unwind(now), charge_launch, now=now, work="unwind_launches"),
    )
    return {name: sum(result[name] for result in results) for name in results[0]}
