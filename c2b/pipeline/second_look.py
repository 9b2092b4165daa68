"""A second look: of the offers that people have passed, one in twenty is judged once more, blind, by somebody else.

Which one is known to nobody beforehand: the moment of the last pass decides. The look changes nothing by itself;
one that disagrees is shown to the operators, who can still stop the offer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from c2b.accounts.queries import names_of
from c2b.core.db import db
from c2b.core.errors import NotFound, Stale, refuse
from c2b.core.events import record
from c2b.core.text import gettext as _
from c2b.pipeline import stages
from c2b.pipeline.engine import locked
from c2b.pipeline.judging import why_not_ruling
from c2b.pipeline.models import Offer, StageVisit, VerdictLine
from c2b.pipeline.people import of_interest_to, why_not_independent
from c2b.pipeline.reasons import evidence_of, in_words
from c2b.pipeline.stage import Ruling
from c2b.pipeline.states import RUNNER_UP

ONE_IN = 20
SECOND = "second_look"  # what such a verdict has for its stage
BEFORE_SALE = ("scheduling", "launch", RUNNER_UP)  # while the offer can still be stopped
SHOWN = 50


@dataclass(frozen=True)
class Look:
    """What a second look found."""

    offer: Offer
    line: VerdictLine
    by: str


def is_drawn(visit_id: int, left_at: datetime) -> bool:
    """Whether the review that ended then is looked at again; always the same for the same review."""
    seed = f"second look:{visit_id}:{left_at.astimezone(UTC).isoformat()}"
    return int(sha256(seed.encode()).hexdigest(), 16) % ONE_IN == 0


def waiting_looks(reader_id: int) -> Sequence[Offer]:
    """Drawn offers that this reader has not judged, has nothing to win by, and that nobody has looked at again."""
    found = [offer_id for offer_id, _visit in _drawn(reader_id)]
    offers = db.session.scalars(
        select(Offer)
        .where(Offer.id.in_(found))
        .options(joinedload(Offer.campaign), joinedload(Offer.merchant))
        .order_by(Offer.due_at, Offer.id)
    ).all()
    hidden = of_interest_to(reader_id, [offer.campaign_id for offer in offers])
    return [offer for offer in offers if offer.campaign_id not in hidden][:SHOWN]


def _drawn(reader_id: int, offer_id: int | None = None) -> list[tuple[int, int]]:
    """Offer and visit of what is drawn and not looked at again; without what this reader has judged."""
    judged = [stage.key for stage in stages.PIPELINE if stage.passes_needed > 1]
    said = select(VerdictLine.id).where(
        VerdictLine.visit_id == StageVisit.id, VerdictLine.content_hash == Offer.content_hash
    )
    passed = said.where(VerdictLine.ruling == Ruling.PASS, VerdictLine.by.is_not(None)).exists()
    done = said.where((VerdictLine.stage == SECOND) | (VerdictLine.by == reader_id)).exists()
    query = (
        select(Offer.id, StageVisit.id, StageVisit.left_at)
        .join(StageVisit, StageVisit.offer_id == Offer.id)
        .where(
            Offer.state.in_(BEFORE_SALE),
            StageVisit.stage.in_(judged),
            StageVisit.left_at.is_not(None),
            passed,
            ~done,
        )
    )
    rows = db.session.execute(query if offer_id is None else query.where(Offer.id == offer_id))
    return [(offer, visit) for offer, visit, left_at in rows if left_at and is_drawn(visit, left_at)]


def look_again(
    offer_id: int,
    ruling: Ruling,
    reasons: Sequence[str],
    note: str,
    *,
    by: int,
    now: datetime,
    content_hash: str,
) -> VerdictLine:
    """Write down what a second look found; NotFound where none is asked of this person, Stale on other content."""
    offer = locked(offer_id)
    drawn = _drawn(by, offer_id)
    if not drawn:
        raise NotFound
    if content_hash != offer.content_hash:
        raise Stale(_("The merchant has changed this offer since you looked. Please read it again."))
    refuse(why_not_independent(offer, by))
    words = in_words(reasons, note)
    refuse(why_not_ruling(ruling, words))
    line = VerdictLine(
        visit_id=drawn[-1][1], offer_id=offer.id, stage=SECOND, by=by, ruling=ruling, reason=words,
        evidence=evidence_of(reasons, note), content_hash=offer.content_hash, at=now,
    )  # fmt: skip
    db.session.add(line)
    db.session.flush()
    record(line, "verdict.second_look", by=by, at=now, offer_id=offer.id, ruling=ruling.value, reason=words)
    return line


def looks(reader_id: int) -> list[Look]:
    """What second looks have found lately, newest first; none that the reader has something to win by."""
    rows = db.session.execute(
        select(VerdictLine, Offer)
        .join(Offer, Offer.id == VerdictLine.offer_id)
        .where(VerdictLine.stage == SECOND)
        .options(joinedload(Offer.campaign), joinedload(Offer.merchant))
        .order_by(VerdictLine.id.desc())
        .limit(SHOWN)
    ).all()
    hidden = of_interest_to(reader_id, [offer.campaign_id for _line, offer in rows])
    names = names_of({line.by for line, _offer in rows if line.by})
    return [
        Look(offer, line, names.get(line.by or 0, ""))
        for line, offer in rows
        if offer.campaign_id not in hidden
    ]
