"""What reviewers keep for themselves until it is sent: staged verdicts, and the note for whoever reviews next."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from c2b.core.db import Base, Model
from c2b.core.labels import one_of
from c2b.pipeline.models import Offer
from c2b.pipeline.stage import Ruling


class StagedVerdict(Model):
    """A verdict that one reviewer has in mind, bound to what they saw. Nothing follows from it before it is sent."""

    __tablename__ = "staged_verdict"
    __table_args__ = (UniqueConstraint("reviewer_id", "offer_id"),)

    reviewer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    stage: Mapped[str]
    ruling: Mapped[Ruling] = mapped_column(one_of(Ruling))
    reasons: Mapped[list[str]] = mapped_column(default=list)  # keys of pipeline.reasons
    note: Mapped[str] = mapped_column(default="")
    content_hash: Mapped[str]
    content: Mapped[dict[str, Any]]  # what was seen, so that a later change can be shown
    at: Mapped[datetime]

    offer: Mapped[Offer] = relationship()


class HandoverNote(Base):
    """What the next reviewer of a batch should know; the latest words stand."""

    __tablename__ = "handover_note"

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), primary_key=True, autoincrement=False)
    words: Mapped[str]
    by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]
