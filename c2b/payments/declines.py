"""What a failed request means for the next one: try again later, never again by ourselves, or ask the shopper."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

MOST_TRIES = 3  # of a capture or a release that failed for a passing reason


class Decline(StrEnum):
    """Who has the next move after a request that failed."""

    FOR_NOW = "for_now"  # the same card may work later: it is tried again by itself
    FOR_GOOD = "for_good"  # it will never work: the shopper needs another card
    NEEDS_SHOPPER = "needs_shopper"  # the bank wants to hear from its customer


# The provider's words. One that is not listed is taken to be for good: nothing is retried on a guess.
SOFT = frozenset(
    {
        "approve_with_id",
        "call_issuer",
        "card_declined",
        "card_velocity_exceeded",
        "declined",
        "do_not_honor",
        "generic_decline",
        "insufficient_funds",
        "issuer_not_available",
        "never_arrived",
        "no_action_taken",
        "processing_error",
        "reenter_transaction",
        "service_not_allowed",
        "transaction_not_allowed",
        "try_again_later",
        "withdrawal_count_limit_exceeded",
    }
)
SHOPPER = frozenset({"authentication_required", "requires_action", "not_confirmed", "authentication_failure"})
# The hold is there no more, so there is nothing to charge or to let go.
HOLD_GONE = frozenset({"hold_expired", "charge_expired_for_capture"})
SETTLED_BY_HAND = "settled_by_hand"  # an operator has seen to it with the provider
NOT_HELD = HOLD_GONE | {
    SETTLED_BY_HAND,
    "hold_is_captured",
    "hold_is_expired",
    "hold_is_refused",
    "hold_is_void",
    "no_such_hold",
    "nothing_held",
}
# Nothing was decided about the card: the same is asked again with the next key.
PASSING = frozenset({"never_arrived", "processing_error", "try_again_later"})


def kind_of(code: str | None) -> Decline:
    """What a provider's word for a failure means."""
    if code in SOFT:
        return Decline.FOR_NOW
    return Decline.NEEDS_SHOPPER if code in SHOPPER else Decline.FOR_GOOD


def retry_at(
    code: str | None, opened_at: datetime, until: datetime, now: datetime, after: Sequence[timedelta]
) -> datetime | None:
    """When a card that was declined is tried again by itself: at the next of the fixed times of its window, if any.

    A request that never arrived said nothing about the card, so it is made again at once.
    """
    if code == "never_arrived" and now < until:
        return now
    if kind_of(code) is not Decline.FOR_NOW:
        return None
    return next((at for at in (opened_at + wait for wait in after) if now < at < until), None)


def may_ask_again(code: str | None, generation: int) -> bool:
    """Whether a capture or release that failed is asked for again as it is."""
    return code in PASSING and generation < MOST_TRIES
