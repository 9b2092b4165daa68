"""What reviewers of the demo have in mind: Rob has judged two offers and not sent it, and left a note for Rita."""

from datetime import datetime

from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.pipeline.models import Offer
from c2b.pipeline.stage import Ruling
from c2b.pipeline.staging import stage_verdict, write_handover

IN_MIND = (
    (Ruling.PASS, (), ""),
    (Ruling.WAIT, ("photo", "size_table"), "Picture 3 shows another colour."),
)


def have_in_mind(reviewer: int, now: datetime) -> None:
    """Two verdicts that wait to be sent, and words for whoever goes on."""
    offers = db.session.scalars(
        select(Offer).where(Offer.state == "final_review").order_by(Offer.id.desc()).limit(len(IN_MIND))
    ).all()
    with transaction():
        for offer, (ruling, reasons, note) in zip(offers, IN_MIND, strict=False):
            seen = offer.content_hash
            stage_verdict(offer.id, ruling, reasons, note, by=reviewer, now=now, content_hash=seen)
        for batch_id in {offer.batch_id for offer in offers if offer.batch_id is not None}:
            words = "The stool's offers are close: look at the second tier. The vases wait for a receipt."
            write_handover(batch_id, words, by=reviewer, now=now)
