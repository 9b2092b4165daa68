"""What may be done with launches and orders, as sentences for people."""

from datetime import datetime, timedelta
from typing import Any

from c2b.core.text import gettext as _
from c2b.orders.states import OrderState
from c2b.payments.states import AttemptState
from c2b.pipeline.states import LaunchState

TAKES_CARDS = (LaunchState.AUTHORISING, LaunchState.MENDING)
OVER = (AttemptState.FAILED, AttemptState.EXPIRED)


def mend_until(launch: Any, pledge: Any, attempt: Any, confirm_late: timedelta) -> datetime:
    """Until when a payment can be put right: the launch's window, for a late purchase half an hour."""
    if pledge.late and attempt is not None:
        return min(launch.closes_at, attempt.started_at + confirm_late)  # type: ignore[no-any-return]
    return launch.mend_until  # type: ignore[no-any-return]


def why_not_mend(launch: Any, pledge: Any, attempt: Any, now: datetime) -> str | None:
    """Another card can be used while the window is open and the last one has definitely failed."""
    if launch.state not in TAKES_CARDS or now >= launch.mend_until or pledge.state != "allocated":
        return _("The time to pay is over.")
    if attempt is None or attempt.state in (AttemptState.STARTED, AttemptState.UNKNOWN):
        return _("We are still waiting for your bank's answer. Please look again in a few minutes.")
    if attempt.state == AttemptState.REQUIRES_ACTION:
        return _("Please confirm or refuse the payment with your bank first.")
    if attempt.state == AttemptState.SUCCEEDED:
        return _("Your card is in order. There is nothing to do.")
    return None


def why_not_ship(order: Any) -> str | None:
    """An order is sent once."""
    return None if order.state == OrderState.PLACED else _("This order was sent already.")


def why_not_buy(launch: Any, quantity: int, now: datetime) -> str | None:
    """What was left over is sold while the sale lasts."""
    if launch is None or launch.state != LaunchState.SELLING or now >= launch.closes_at:
        return _("This sale is over.")
    if launch.leftover == 0:
        return _("Everything is sold.")
    if quantity > launch.leftover:
        return _("Only %(left)s are left.", left=launch.leftover)
    return None
