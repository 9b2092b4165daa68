"""Staged verdicts: a reviewer collects them, looks at what would go out, and sends them, each on its own."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from c2b.accounts.models import User
from c2b.core.db import db, get_or_404, is_sqlite
from c2b.core.errors import NotFound, Stale, refuse
from c2b.core.text import gettext as _
from c2b.pipeline.engine import give_verdict
from c2b.pipeline.judging import why_not_judge, why_not_ruling
from c2b.pipeline.models import Batch, Offer, VerdictLine
from c2b.pipeline.offer_content import content_of
from c2b.pipeline.reasons import evidence_of, in_words
from c2b.pipeline.review_models import HandoverNote, StagedVerdict
from c2b.pipeline.stage import Ruling

LONGEST_NOTE = 1000


def stage_verdict(
    offer_id: int,
    ruling: Ruling,
    reasons: Sequence[str],
    note: str,
    *,
    by: int,
    now: datetime,
    content_hash: str,
    stage: str | None = None,
) -> None:
    """Keep a verdict for later; a second one on the same offer replaces the first. Stale as when giving it."""
    offer = get_or_404(Offer, offer_id)
    if stage is not None and stage != offer.state:
        raise Stale(_("This offer has left the stage since you looked. Please look again."))
    if content_hash != offer.content_hash:
        raise Stale(_("The merchant has changed this offer since you looked. Please read it again."))
    refuse(why_not_judge(offer, get_or_404(User, by), now))
    refuse(why_not_ruling(ruling, in_words(reasons, note)))
    values = {
        "stage": offer.state,
        "ruling": ruling,
        "reasons": list(reasons),
        "note": note.strip(),
        "content_hash": content_hash,
        "content": content_of(offer),
        "at": now,
    }
    insert = (sqlite if is_sqlite() else postgresql).insert(StagedVerdict.__table__)
    db.session.execute(
        insert.values(reviewer_id=by, offer_id=offer_id, **values).on_conflict_do_update(
            index_elements=["reviewer_id", "offer_id"], set_=values
        )
    )


def staged_by(user_id: int) -> Sequence[StagedVerdict]:
    """What this person has not sent yet, in the order in which it was staged."""
    return db.session.scalars(
        select(StagedVerdict)
        .where(StagedVerdict.reviewer_id == user_id)
        .order_by(StagedVerdict.at, StagedVerdict.id)
        .execution_options(populate_existing=True)
    ).all()


def take_back(offer_id: int | None, *, by: int) -> int | None:
    """Forget the staged verdict on this offer, or the last one; the offer's id, or None where there was none."""
    mine = [one for one in staged_by(by) if offer_id is None or one.offer_id == offer_id]
    if not mine:
        return None
    db.session.execute(delete(StagedVerdict).where(StagedVerdict.id == mine[-1].id))
    return mine[-1].offer_id


def send_staged(staged_id: int, *, by: int, now: datetime) -> VerdictLine:
    """Give the staged verdict, by the operation through which every verdict goes; NotFound if it was sent already."""
    mine = db.session.get(StagedVerdict, staged_id, populate_existing=True)
    gone = delete(StagedVerdict).where(StagedVerdict.id == staged_id, StagedVerdict.reviewer_id == by)
    once = gone.returning(StagedVerdict.id).execution_options(synchronize_session=False)
    if mine is None or not db.session.execute(once).all():  # of two that send it at once, one finds it gone
        raise NotFound
    return give_verdict(
        mine.offer_id,
        mine.ruling,
        in_words(mine.reasons, mine.note),
        by=by,
        now=now,
        evidence=evidence_of(mine.reasons, mine.note),
        content_hash=mine.content_hash,
        stage=mine.stage,
    )


def handover(batch_id: int) -> HandoverNote | None:
    """What the last reviewer of this batch left for the next one."""
    return db.session.get(HandoverNote, batch_id)


def write_handover(batch_id: int, words: str, *, by: int, now: datetime) -> None:
    """Leave words for the next reviewer; empty ones take the note away."""
    batch = get_or_404(Batch, batch_id)
    if not words.strip():
        db.session.execute(delete(HandoverNote).where(HandoverNote.batch_id == batch.id))
        return
    values = {"words": words.strip()[:LONGEST_NOTE], "by": by, "at": now}
    insert = (sqlite if is_sqlite() else postgresql).insert(HandoverNote.__table__)
    db.session.execute(
        insert.values(batch_id=batch.id, **values).on_conflict_do_update(
            index_elements=["batch_id"], set_=values
        )
    )
