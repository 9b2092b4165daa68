"""Places in slots: booking is claiming a free row, so a slot can never hold more than it has."""

from datetime import datetime

from sqlalchemy import select, update

from c2b.core.db import db
from c2b.pipeline.models import Place


def claim_place(slot_id: int, campaign_id: int, *, by: int, now: datetime) -> Place | None:
    """Take the first free place of the slot (which is locked), or None where none is left."""
    free = (
        select(Place.number)
        .where(Place.slot_id == slot_id, Place.campaign_id.is_(None))
        .order_by(Place.number)
        .limit(1)
    )
    return db.session.scalar(
        update(Place)
        .where(Place.slot_id == slot_id, Place.number == free.scalar_subquery(), Place.campaign_id.is_(None))
        .values(campaign_id=campaign_id, booked_by=by, booked_at=now)
        .returning(Place)
        .execution_options(populate_existing=True)
    )


def free_place(campaign_id: int) -> int | None:
    """Make the campaign's place free again; returns its slot, or None where it had none."""
    return db.session.scalar(
        update(Place)
        .where(Place.campaign_id == campaign_id)
        .values(campaign_id=None, booked_by=None, booked_at=None)
        .returning(Place.slot_id)
    )
