"""Second looks of the demo: one that agreed, and one that waits for Otto."""

from datetime import datetime, timedelta

from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.pipeline.models import Offer, StageVisit, VerdictLine
from c2b.pipeline.second_look import BEFORE_SALE, is_drawn, look_again
from c2b.pipeline.stage import Ruling


def look_twice(looker: int, now: datetime) -> None:
    """Two reviews that ended a moment later than they did, so that the draw falls on them; the first is done."""
    offers = db.session.scalars(
        select(Offer).where(Offer.state.in_(BEFORE_SALE)).order_by(Offer.id).limit(2)
    ).all()
    with transaction():
        for offer in offers:
            _draw(offer)
        if offers:
            seen = offers[0].content_hash
            look_again(offers[0].id, Ruling.PASS, (), "", by=looker, now=now, content_hash=seen)


def _draw(offer: Offer) -> None:
    visit = db.session.scalars(
        select(StageVisit)
        .join(VerdictLine, VerdictLine.visit_id == StageVisit.id)
        .where(StageVisit.offer_id == offer.id, StageVisit.stage == "final_review")
        .order_by(StageVisit.id.desc())
    ).first()
    assert visit is not None and visit.left_at is not None
    while not is_drawn(visit.id, visit.left_at):
        visit.left_at += timedelta(microseconds=1)
    db.session.flush()
