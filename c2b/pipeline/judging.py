"""Who may judge an offer now: the page asks before it shows the buttons, the operation asks again."""

from datetime import datetime

from sqlalchemy import func, select

from c2b.accounts.models import User
from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.text import gettext as _
from c2b.pipeline import stages
from c2b.pipeline.models import Offer, StageVisit, VerdictLine
from c2b.pipeline.people import why_not_independent
from c2b.pipeline.stage import Ruling, Stage


def stage_of(offer: Offer) -> Stage | None:
    """The stage that the offer is in, or None when its way has ended."""
    return stages.STAGES.get(offer.state)


def visit_of(offer: Offer) -> StageVisit | None:
    """The present stay of the offer in a stage, or None when its way has ended."""
    return db.session.scalar(
        select(StageVisit).where(StageVisit.offer_id == offer.id, StageVisit.left_at.is_(None))
    )


def waits(offer: Offer, visit: StageVisit) -> bool:
    """Whether the merchant was asked to mend this very content and has not done so."""
    return visit.waiting_for is not None and visit.waiting_for == offer.content_hash


def passes(visit: StageVisit, content_hash: str) -> int:
    """How many different people have passed this content during this stay."""
    return (
        db.session.scalar(
            select(func.count(VerdictLine.by.distinct())).where(
                VerdictLine.visit_id == visit.id,
                VerdictLine.stage == visit.stage,
                VerdictLine.ruling == Ruling.PASS,
                VerdictLine.content_hash == content_hash,
            )
        )
        or 0
    )


def why_not_judge(offer: Offer, user: User, now: datetime) -> str | None:
    """Why this person cannot give a verdict on the offer now, or None where they can."""
    stage, visit = stage_of(offer), visit_of(offer)
    if stage is None or visit is None:
        return _("This offer is not in the pipeline any more.")
    if stage.decide is not None or stage.owner is Role.MERCHANT:
        return _("In the stage “%(stage)s” nobody gives a verdict by hand.", stage=stage.label)
    if not user.has_role(stage.owner):
        return _(
            "In the stage “%(stage)s” somebody else decides: %(role)s.",
            stage=stage.label,
            role=stage.owner.label,
        )
    if waits(offer, visit):
        return _("The merchant was asked to mend this offer. It can be judged when that is done.")
    if not_independent := why_not_independent(offer, user.id):
        return not_independent
    if _has_judged(visit, user.id, offer.content_hash):
        return _("You have judged this already; somebody else must do the next review.")
    return stage.why_not_judge(offer, now) if stage.why_not_judge else None


def why_not_ruling(ruling: Ruling, reason: str) -> str | None:
    """Whoever stops an offer says why, in words that the merchant can act on."""
    if ruling is not Ruling.PASS and not reason.strip():
        return _("Say why: the merchant needs a reason to act on.")
    return None


def _has_judged(visit: StageVisit, user_id: int, content_hash: str) -> bool:
    return (
        db.session.scalar(
            select(VerdictLine.id).where(
                VerdictLine.visit_id == visit.id,
                VerdictLine.by == user_id,
                VerdictLine.content_hash == content_hash,
            )
        )
        is not None
    )
