"""A claim on an order stops its payout in the same transaction (I-27). Whoever pays out registers what that takes."""

from collections.abc import Callable
from datetime import datetime

from c2b.orders.models import Order

Freezer = Callable[[Order, datetime], None]

FREEZERS: list[Freezer] = []


def freezes(freezer: Freezer) -> Freezer:
    """Register what stops money on its way to the merchant; called with the order locked, before the commit."""
    if freezer not in FREEZERS:
        FREEZERS.append(freezer)
    return freezer


def freeze(order: Order, now: datetime) -> None:
    """Stop what is not sent yet of this order's payout; the caller holds the order's lock and has made its claim."""
    for freezer in FREEZERS:
        freezer(order, now)
