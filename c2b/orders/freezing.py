"""An order whose money must wait: a dispute was opened, by the shopper or by a bank.

What is paid out lies above this feature, so it registers here; whoever opens a dispute calls `freeze` in the same
transaction, with the order locked.
"""

from collections.abc import Callable
from datetime import datetime

Freezer = Callable[[int, datetime], None]
WHEN_FROZEN: list[Freezer] = []


def when_frozen(freezer: Freezer) -> Freezer:
    """Register what is to happen, in the same transaction, when an order is frozen."""
    WHEN_FROZEN.append(freezer)
    return freezer


def freeze(order_id: int, now: datetime) -> None:
    """Hold this order's money back: it leaves a payout that has not been sent (I-27). Called any number of times."""
    for freezer in WHEN_FROZEN:
        freezer(order_id, now)
