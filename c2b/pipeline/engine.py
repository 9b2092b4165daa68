"""How offers go through the stages. Everything is read from PIPELINE: nothing here knows a stage by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import false, or_, select, true

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core.access import Role
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, Stale, refuse
from c2b.core.events import record
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.pipeline import stages
from c2b.pipeline.judging import passes, stage_of, visit_of, waits, why_not_judge, why_not_ruling
from c2b.pipeline.models import Offer, StageVisit, VerdictLine
from c2b.pipeline.people import tell_merchant
from c2b.pipeline.said import for_notice
from c2b.pipeline.stage import Ruling, Stage, Verdict
from c2b.pipeline.states import LAUNCHED, REJECTED


def locked(offer_id: int) -> Offer:
    """The offer, held together with its campaign until the transaction ends."""
    db.session.flush()
    offer = get_or_404(Offer, offer_id)
    lock(Campaign, offer.campaign_id)
    return lock(Offer, offer_id)


def open_visit(offer: Offer) -> StageVisit:
    """The present stay of the offer in its stage; NotFound when its way has ended."""
    visit = visit_of(offer)
    if visit is None:
        raise NotFound
    return visit


def enter_stage(offer: Offer, key: str, *, now: datetime, by: int | None = None) -> StageVisit:
    """Put the offer into a stage (or note that it is in its first): visit, due date, what the stage makes."""
    present = visit_of(offer)
    if present is not None and present.stage == key:
        return present
    stage = stages.STAGES[key]
    due = stage.due_at(offer, now) if stage.due_at else now + stage.due
    _leave(offer, now)
    if offer.state != key:
        move(offer, key, by=by, now=now, due_at=due.isoformat())
    offer.due_at = due
    visit = StageVisit(offer_id=offer.id, stage=key, entered_at=now, due_at=due)
    db.session.add(visit)
    db.session.flush()
    if stage.enter:
        stage.enter(offer, now)
    if stage.owner is Role.MERCHANT and key != stages.PIPELINE[0].key:
        tell_merchant(
            "offer_your_turn", offer, f"{visit.id}", now=now, stage=stage.msgid, due_at=due.isoformat()
        )
    return visit


def hand_in(offer: Offer, *, by: int, now: datetime) -> None:
    """The merchant stands by the present content (content_hash is set before).

    In a stage of the merchant's own the offer goes on to the next one. In a later stage, which had asked to
    mend it, it starts again at the first gate: what was approved before is not what stands there now.
    """
    stage, visit = stage_of(offer), open_visit(offer)
    if stage is not None and stage.owner is Role.MERCHANT:
        _write(offer, visit, stage, Verdict(Ruling.PASS, ""), by=by, now=now)
        _go_on(offer, stage, by=by, now=now)
        return
    signup, gate = stages.PIPELINE[0], stages.PIPELINE[1]
    _write(offer, visit, signup, Verdict(Ruling.PASS, ""), by=by, now=now)
    if offer.state != gate.key:
        enter_stage(offer, gate.key, now=now, by=by)


def give_verdict(
    offer_id: int,
    ruling: Ruling,
    reason: str,
    *,
    by: int,
    now: datetime,
    evidence: Mapping[str, Any] | None = None,
    content_hash: str | None = None,
    stage: str | None = None,
) -> VerdictLine:
    """A person's verdict on the content that they saw; Stale where content or stage are others by now."""
    offer = locked(offer_id)
    if stage is not None and stage != offer.state:
        raise Stale(_("This offer has left the stage since you looked. Please look again."))
    if content_hash is not None and content_hash != offer.content_hash:
        raise Stale(_("The merchant has changed this offer since you looked. Please read it again."))
    refuse(why_not_judge(offer, get_or_404(User, by), now))
    refuse(why_not_ruling(ruling, reason))
    return _apply(offer, Verdict(ruling, reason, dict(evidence or {})), by=by, now=now)


def judge_by_machine(offer_id: int, *, now: datetime) -> None:
    """Let the stage that the offer is in decide, if it can by now, and then the next ones."""
    offer = locked(offer_id)
    while (stage := stage_of(offer)) and stage.decide and not waits(offer, open_visit(offer)):
        verdict = stage.decide(offer, now)
        if verdict is None:
            return
        _apply(offer, verdict, by=None, now=now)


def end_offer(offer: Offer, ending: str, *, by: int | None, now: datetime, **data: Any) -> None:
    """Take the offer out (withdrawn, launched, …): its visit is closed, its stage tidies up."""
    _leave(offer, now)
    offer.due_at = None
    move(offer, ending, by=by, now=now, **data)


def due_for_machine(now: datetime) -> list[int]:
    """Offers in a stage that can decide by itself now, except those that wait to be mended."""
    ready = [
        (Offer.state == stage.key) & (Offer.id.in_(stage.ready(now)) if stage.ready else true())
        for stage in stages.PIPELINE
        if stage.decide
    ]
    return list(
        db.session.scalars(
            select(Offer.id)
            .join(StageVisit, (StageVisit.offer_id == Offer.id) & StageVisit.left_at.is_(None))
            .where(
                or_(false(), *ready),
                or_(StageVisit.waiting_for.is_(None), StageVisit.waiting_for != Offer.content_hash),
            )
            .order_by(Offer.id)
        )
    )


def _apply(offer: Offer, verdict: Verdict, *, by: int | None, now: datetime) -> VerdictLine:
    """Write a verdict down and do what follows from it."""
    stage, visit = stages.STAGES[offer.state], open_visit(offer)
    line = _write(offer, visit, stage, verdict, by=by, now=now)
    if verdict.ruling is Ruling.REJECT:
        said = {"reason": verdict.reason, "evidence": for_notice(verdict.evidence)}
        end_offer(offer, REJECTED, by=by, now=now, stage=stage.key, **said)
    elif verdict.ruling is Ruling.WAIT:
        visit.waiting_for = offer.content_hash
    elif by is None or passes(visit, offer.content_hash) >= stage.passes_needed:
        _go_on(offer, stage, by=by, now=now)
    if verdict.ruling is not Ruling.PASS or (by is not None and offer.state != stage.key):
        said = {"ruling": verdict.ruling.value, "reason": verdict.reason, "stage": stage.msgid}
        evidence = for_notice(verdict.evidence)
        tell_merchant("offer_verdict", offer, f"{line.id}", now=now, **said, evidence=evidence)
    return line


def _write(
    offer: Offer, visit: StageVisit, stage: Stage, verdict: Verdict, *, by: int | None, now: datetime
) -> VerdictLine:
    line = VerdictLine(
        visit_id=visit.id,
        offer_id=offer.id,
        stage=stage.key,
        by=by,
        ruling=verdict.ruling,
        reason=verdict.reason,
        evidence=dict(verdict.evidence),
        content_hash=offer.content_hash,
        at=now,
    )
    db.session.add(line)
    db.session.flush()
    said = {"stage": stage.key, "ruling": verdict.ruling.value, "reason": verdict.reason}
    evidence = for_notice(verdict.evidence)
    record(offer, "offer.verdict", by=by, at=now, content_hash=offer.content_hash, **said, evidence=evidence)
    return line


def _go_on(offer: Offer, stage: Stage, *, by: int | None, now: datetime) -> None:
    """To the next stage; back to the first gate where an earlier approval was of other content."""
    at = stages.PIPELINE.index(stage)
    if at > 1 and not _approved(offer, [earlier.key for earlier in stages.PIPELINE[1:at]]):
        enter_stage(offer, stages.PIPELINE[1].key, now=now, by=by)
    elif at + 1 < len(stages.PIPELINE):
        enter_stage(offer, stages.PIPELINE[at + 1].key, now=now, by=by)
    else:
        end_offer(offer, LAUNCHED, by=by, now=now)


def _approved(offer: Offer, keys: list[str]) -> bool:
    """Whether each of these gates that the offer went through has passed the present content.

    A gate that was added behind the offer's back is for those who come after it.
    """
    visited = select(StageVisit.stage).where(StageVisit.offer_id == offer.id, StageVisit.stage.in_(keys))
    passed = select(VerdictLine.stage).where(
        VerdictLine.offer_id == offer.id,
        VerdictLine.ruling == Ruling.PASS,
        VerdictLine.content_hash == offer.content_hash,
    )
    return set(db.session.scalars(visited)) <= set(db.session.scalars(passed))


def _leave(offer: Offer, now: datetime) -> None:
    visit = visit_of(offer)
    if visit is None:
        return
    visit.left_at = now
    db.session.flush()
    stage = stages.STAGES.get(visit.stage)
    if stage is not None and stage.leave:
        stage.leave(offer, now)
