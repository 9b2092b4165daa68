"""The week of launches that the demo is in: what was chosen has its hour in one of the coming slots."""

from datetime import datetime

from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.pipeline.models import Slot
from c2b.pipeline.scheduling import book_place
from c2b.replay.actors import Cast
from c2b.seed.stories import COMING

FREE = (0, 1, 3, 4, 6)  # of the slots that come, some stay free


def give_hours(cast: Cast, now: datetime) -> None:
    """Every campaign that was kept for this week gets a place."""
    slots = db.session.scalars(select(Slot.id).where(Slot.opens_at > now).order_by(Slot.opens_at)).all()
    ids = {story.draft.title: campaign_id for campaign_id, story in cast.stories.items()}
    for thing, number in zip(COMING, FREE, strict=True):
        with transaction():
            book_place(slots[number], ids[thing.title], by=cast.operator, now=now)
