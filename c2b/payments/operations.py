"""Saving and removing cards. Charging them is up to the orders."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import insert, select

from c2b.accounts.models import User
from c2b.core.db import db, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.events import record
from c2b.payments.gateway import SavedCard
from c2b.payments.models import Mandate

# Features above say here why a card is still needed: given the mandate, a sentence or None.
WHY_NOT_REVOKE: list[Callable[[int], str | None]] = []


def save_mandate(user_id: int, card: SavedCard, *, now: datetime) -> Mandate:
    """Keep a saved card for later charges; the same card saved again is the same mandate."""
    lock(User, user_id)
    known = db.session.scalar(
        select(Mandate).where(
            Mandate.user_id == user_id, Mandate.gateway == card.gateway, Mandate.token == card.token
        )
    )
    if known is not None:
        return known
    mandate = Mandate(
        user_id=user_id,
        gateway=card.gateway,
        token=card.token,
        label=card.label,
        fingerprint=card.fingerprint,  # several accounts with one card: kept, so that a policy can count them
        created_at=now,
    )
    db.session.add(mandate)
    record(mandate, "mandate.saved", by=user_id, at=now)
    return mandate


def add_mandates(rows: Sequence[tuple[int, SavedCard]], *, now: datetime) -> list[int]:
    """Save many people's cards at once, for demo data and replays; the ids are in the order of the rows."""
    if not rows:
        return []
    return list(
        db.session.scalars(
            insert(Mandate).returning(Mandate.id, sort_by_parameter_order=True),
            [
                {
                    "user_id": user_id,
                    "gateway": card.gateway,
                    "token": card.token,
                    "label": card.label,
                    "fingerprint": card.fingerprint,
                    "created_at": now,
                }
                for user_id, card in rows
            ],
        )
    )


def why_not_revoke(mandate_id: int) -> str | None:
    """Why a saved card cannot be removed now, or None."""
    return next((reason for ask in WHY_NOT_REVOKE if (reason := ask(mandate_id))), None)


def revoke_mandate(mandate_id: int, *, by: int, now: datetime) -> None:
    """Remove a saved card; refused while a pledge that stands would be paid with it."""
    mandate = lock(Mandate, mandate_id)
    if mandate.user_id != by or mandate.revoked_at is not None:
        raise NotFound
    refuse(why_not_revoke(mandate_id))
    mandate.revoked_at = now
    record(mandate, "mandate.revoked", by=by, at=now)
