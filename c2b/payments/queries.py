"""Reading about saved cards and requests for money."""

from collections.abc import Sequence

from sqlalchemy import func, select

from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.payments.models import Attempt, Mandate


def live_mandates(user_id: int) -> Sequence[Mandate]:
    """The cards that this person has saved, newest first."""
    return db.session.scalars(
        select(Mandate)
        .where(Mandate.user_id == user_id, Mandate.revoked_at.is_(None))
        .order_by(Mandate.id.desc())
    ).all()


def own_mandate(user_id: int, mandate_id: int | None) -> Mandate:
    """One of this person's saved cards; NotFound for anybody else's, or one that was removed."""
    mandate = db.session.get(Mandate, mandate_id) if mandate_id is not None else None
    if mandate is None or mandate.user_id != user_id or mandate.revoked_at is not None:
        raise NotFound
    return mandate


def count_cases() -> int:
    """How many requests wait for an operator."""
    return db.session.scalar(select(func.count()).where(Attempt.case_at.is_not(None))) or 0
