"""What may be done with launches and orders, as sentences for people."""

from datetime import datetime
from typing import Any

from c2b.core.text import gettext as _
from c2b.payments import windows
from c2b.payments.states import AttemptState
from c2b.pipeline.states import LaunchState

TAKES_CARDS = (LaunchState.AUTHORISING, LaunchState.MENDING)
LETS_ALL_GO = (LaunchState.VOIDING, LaunchState.UNWINDING, LaunchState.FAILED)
OVER = (AttemptState.FAILED, AttemptState.EXPIRED)


def one_chance(launch: Any, pledge: Any) -> bool:
    """Whether a payment that fails is given up at once: the window is over, or it is a late purchase."""
    late = pledge is not None and pledge.late
    return late or launch.topped_up_at is not None or launch.state not in TAKES_CARDS


def mend_until(launch: Any, pledge: Any, attempt: Any) -> datetime:
    """Until when a payment can be put right: the launch's window; after it, a short while to confirm."""
    if attempt is None or not one_chance(launch, pledge):
        return window_end(launch, attempt)
    if launch.state == LaunchState.CAPTURING:
        return attempt.started_at + windows.CONFIRM_AGAIN  # type: ignore[no-any-return]
    end: datetime = attempt.started_at + windows.CONFIRM_LATE
    return min(launch.closes_at, end) if pledge.late else end


def window_end(launch: Any, attempt: Any) -> datetime:
    """The end of the launch's window; a hold that ran out while we stood still can be confirmed once more after it."""
    end: datetime = launch.mend_until
    if attempt is None or attempt.started_at < end:
        return end
    return attempt.started_at + windows.WAIT_FOR_HOLD  # type: ignore[no-any-return]


def why_not_mend(launch: Any, pledge: Any, attempt: Any, now: datetime) -> str | None:
    """Another card can be used while the window is open and the last one has definitely failed."""
    over = one_chance(launch, pledge) or now >= launch.mend_until
    if over or pledge.state != "allocated":
        return _("The time to pay is over.")
    if attempt is None or attempt.state in (AttemptState.STARTED, AttemptState.UNKNOWN):
        return _("We are still waiting for your bank's answer. Please look again in a few minutes.")
    if attempt.state == AttemptState.REQUIRES_ACTION:
        return _("Please confirm or refuse the payment with your bank first.")
    if attempt.state == AttemptState.SUCCEEDED:
        return _("Your card is in order. There is nothing to do.")
    return None


def why_not_buy(launch: Any, quantity: int, now: datetime) -> str | None:
    """What was left over is sold while the sale lasts."""
    if launch is None or launch.state != LaunchState.SELLING or now >= launch.closes_at:
        return _("This sale is over.")
    if launch.leftover == 0:
        return _("Everything is sold.")
    if quantity > launch.leftover:
        return _("Only %(left)s are left.", left=launch.leftover)
    return None
