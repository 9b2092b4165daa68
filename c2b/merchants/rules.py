"""May a firm apply, be certified, be changed? Each answer is a sentence for the person, or None."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from c2b.core.text import gettext as _
from c2b.merchants.states import DocumentKind, Grade, Kind, MerchantState, Post

# What a firm leaves with us as security before it may supply, in minor units of CNY.
MIN_DEPOSIT = {Grade.BASIC: 200_000, Grade.ADVANCED: 500_000}
KINDS_TO_APPLY = tuple(kind for kind in Kind if kind is not Kind.PLATFORM)
MOST_STAFF = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a firm says of itself when it applies."""

    name: str
    kind: Kind
    licence_number: str
    region: str = "CN"
    contact_phone: str = ""
    ships_from: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as it was handed in: its kind, the reference of the kept file, and its name."""

    kind: DocumentKind
    file: str
    name: str


def papers_needed(kind: Kind) -> tuple[DocumentKind, ...]:
    """Which papers a firm of this kind applies with; who sells another's brand shows that it may."""
    if kind in (Kind.BRAND, Kind.DISTRIBUTOR):
        return (DocumentKind.LICENCE, DocumentKind.BRAND)
    return (DocumentKind.LICENCE,)


def why_not_apply(firm: Any | None, post: Post | None, confirmed_at: datetime | None) -> str | None:
    """A person with a confirmed address has one firm; a declined one may apply again through its owner."""
    if confirmed_at is None:
        return _("Confirm your e-mail address first.")
    if firm is None:
        return None
    if firm.state != MerchantState.DECLINED:
        return _("You belong to %(firm)s already.", firm=firm.name)
    return why_not_own(post)


def why_not_licence(*, taken: bool) -> str | None:
    """One licence, one firm."""
    return _("A firm with this licence number has applied already.") if taken else None


def why_not_own(post: Post | None) -> str | None:
    """What only an owner may do."""
    return None if post == Post.OWNER else _("Only an owner of the firm may do this.")


def why_not_judge(by: int | None, staff: Collection[int]) -> str | None:
    """Nobody certifies, declines or suspends a firm that they belong to."""
    if by is not None and by in staff:
        return _("You belong to this firm, so somebody else must decide.")
    return None


def why_not_deposit(deposit: int, grade: Grade) -> str | None:
    """Each grade asks for a deposit."""
    return _("The deposit is less than this grade asks for.") if deposit < MIN_DEPOSIT[grade] else None


def why_not_add(*, found: bool, confirmed: bool, has_firm: bool, staff: int) -> str | None:
    """Why this person cannot become an editor of the firm."""
    if not found or not confirmed:
        return _("There is no confirmed account with this address. Ask the person to register first.")
    if has_firm:
        return _("This person belongs to a firm already.")
    if staff >= MOST_STAFF:
        return _("A firm has at most %(count)s people here.", count=MOST_STAFF)
    return None


def why_not_remove(post: Post | None) -> str | None:
    """Editors can be removed; the owner stays, so that somebody can always act for the firm."""
    if post is None:
        return _("This person does not belong to the firm any more.")
    return _("The owner cannot be removed.") if post == Post.OWNER else None
