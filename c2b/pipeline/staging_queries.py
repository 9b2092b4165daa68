"""What a reviewer has not sent yet, with the mail that each verdict would send."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from c2b.accounts.models import User
from c2b.accounts.queries import names_of
from c2b.core.db import db
from c2b.core.text import gettext as _
from c2b.pipeline import stages
from c2b.pipeline.changes import Change, changes
from c2b.pipeline.judging import passes, visit_of, why_not_judge
from c2b.pipeline.models import Offer, VerdictLine
from c2b.pipeline.offer_content import content_of
from c2b.pipeline.people import staff_of, why_not_independent
from c2b.pipeline.reasons import evidence_of, in_words
from c2b.pipeline.review_models import StagedVerdict
from c2b.pipeline.stage import Ruling

MOST = 200  # on one page


@dataclass(frozen=True)
class Bar:
    """How many verdicts are not sent yet, by ruling."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Letter:
    """The mail that a verdict would send: values for its templates, and the language of who reads it."""

    data: dict[str, Any]
    locale: str
    people: int


@dataclass(frozen=True)
class Decided:
    """Somebody's verdict."""

    name: str
    ruling: Ruling
    at: datetime


@dataclass(frozen=True)
class Waiting:
    """One staged verdict on the page that shows what will happen."""

    staged: StagedVerdict
    letter: Letter | None
    passes: int  # with this one
    needed: int
    why_not: str | None = None
    changed: Sequence[Change] = ()
    others: Sequence[Decided] = ()  # who has decided meanwhile

    @property
    def ready(self) -> bool:
        """Whether it can be sent as it stands."""
        return self.why_not is None


def bar_of(user_id: int) -> Bar:
    """The reader's verdicts that are not sent yet."""
    rulings = db.session.scalars(
        select(StagedVerdict.ruling).where(StagedVerdict.reviewer_id == user_id)
    ).all()
    return Bar({ruling.value: rulings.count(ruling) for ruling in Ruling})


def staged_on(offer_id: int, user_id: int) -> StagedVerdict | None:
    """What this person has in mind about the offer."""
    return db.session.scalar(
        select(StagedVerdict).where(StagedVerdict.offer_id == offer_id, StagedVerdict.reviewer_id == user_id)
    )


def waiting(user: User, now: datetime) -> list[Waiting]:
    """Everything that this person has not sent, with what sending it would do."""
    mine = db.session.scalars(
        select(StagedVerdict)
        .where(StagedVerdict.reviewer_id == user.id)
        .options(
            joinedload(StagedVerdict.offer).joinedload(Offer.campaign),
            joinedload(StagedVerdict.offer).joinedload(Offer.merchant),
        )
        .order_by(StagedVerdict.at, StagedVerdict.id)
        .limit(MOST)
    ).all()
    return [_waiting(one, user, now) for one in mine]


def _waiting(staged: StagedVerdict, user: User, now: datetime) -> Waiting:
    offer, stage, visit = staged.offer, stages.STAGES.get(staged.stage), visit_of(staged.offer)
    needed = stage.passes_needed if stage else 1
    if conflict := why_not_independent(offer, user.id):  # what rivals have changed is not for this reader
        return Waiting(staged, None, 0, needed, conflict)
    done = passes(visit, offer.content_hash) if visit else 0
    with_this = done + (staged.ruling is Ruling.PASS)
    problem = _problem(staged, user, now)
    differs: Sequence[Change] = ()
    if problem and staged.content_hash != offer.content_hash:
        differs = changes(staged.content, content_of(offer))
    goes_out = staged.ruling is not Ruling.PASS or with_this >= needed
    letter = _letter(staged) if goes_out and problem is None else None
    return Waiting(staged, letter, with_this, needed, problem, differs, decided_by(offer) if problem else ())


def _problem(staged: StagedVerdict, user: User, now: datetime) -> str | None:
    if staged.offer.state != staged.stage:
        return _("This offer has left the stage since you looked.")
    if staged.content_hash != staged.offer.content_hash:
        return _("The merchant has changed this offer since you looked.")
    return why_not_judge(staged.offer, user, now)


def decided_by(offer: Offer) -> list[Decided]:
    """Who has given the last verdicts on the offer, and when; newest first."""
    lines = db.session.scalars(
        select(VerdictLine)
        .where(
            VerdictLine.offer_id == offer.id,
            VerdictLine.by.is_not(None),
            VerdictLine.stage != stages.PIPELINE[0].key,
        )
        .order_by(VerdictLine.id.desc())
        .limit(3)
    ).all()
    names = names_of({line.by for line in lines if line.by})
    return [Decided(names.get(line.by or 0, ""), line.ruling, line.at) for line in lines]


def _letter(staged: StagedVerdict) -> Letter:
    offer = staged.offer
    stage = stages.STAGES[staged.stage]
    data = {
        "offer": offer.title,
        "campaign": offer.campaign.title,
        "path": f"/sell/a/{offer.id}",
        "ruling": staged.ruling.value,
        "reason": in_words(staged.reasons, staged.note),
        "stage": stage.msgid,
        "evidence": evidence_of(staged.reasons, staged.note),
    }
    people = staff_of(offer)
    locale = db.session.scalar(select(User.locale).where(User.id == people[0])) if people else None
    return Letter(data, locale or "en", len(people))
