"""What may be paid to a merchant, and who may say so. Sentences for people, or None."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from c2b.core.money import digits
from c2b.core.text import gettext as _

WITHOUT_APPROVAL = 50_000  # whole units of the currency: above it two operators approve a payout


class Approvable(Protocol):
    """What the rules need to know of a payout."""

    amount: int
    currency: str
    first_by: int | None
    second_by: int | None


class Account(Protocol):
    """What the rules need to know of a bank account."""

    usable_at: datetime
    removed_at: datetime | None


def limit(currency: str) -> int:
    """The largest payout, in minor units, that needs no approval."""
    return int(WITHOUT_APPROVAL * 10 ** digits(currency))


def needs_approval(payout: Approvable) -> bool:
    """Whether two operators must approve it."""
    return payout.amount > limit(payout.currency)


def why_not_approved(payout: Approvable, _now: datetime) -> str | None:
    """The guard of an approved payout: small, or approved by two people."""
    if not needs_approval(payout) or (payout.first_by is not None and payout.second_by is not None):
        return None
    return _("A payout of this size needs two operators.")


def why_not_approve(payout: Approvable, by: int, staff: Collection[int]) -> str | None:
    """Whether this operator may approve this payout; the second one is somebody else (I-26)."""
    if by in staff:
        return _("You work for this firm: somebody else must approve it.")
    if payout.first_by == by:
        return _("You approved this payout already: the second approval is somebody else's.")
    return None


class Stuck(Protocol):
    """What the rules need to know of a refund that the provider refused."""

    amount: int
    currency: str
    state: Any
    shopper_id: int
    other_first_by: int | None


def is_large(refund: Stuck) -> bool:
    """Whether two operators must say that it was paid in another way; the limit is that of payouts."""
    return refund.amount > limit(refund.currency)


def why_not_otherwise(refund: Stuck, by: int, *, asked: bool) -> str | None:
    """Whether this operator may say that a refund was paid in another way."""
    if refund.state != "stuck":
        return _("This refund is not stuck any more.")
    if asked:
        return _("The provider has not answered yet: it may still pay.")
    if by == refund.shopper_id:
        return _("This is your own money: another operator must say it.")
    if refund.other_first_by == by:
        return _("You said so already: the second word is somebody else's.")
    return None


def why_not_use(account: Account | None, now: datetime) -> str | None:
    """Whether money can be sent to this bank account now."""
    if account is None or account.removed_at is not None:
        return _("The firm has not said where it is paid.")
    if now < account.usable_at:
        return _("The bank account is new: the first payout comes after 72 hours.")
    return None
