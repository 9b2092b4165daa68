"""What the clock does to offers that stand still: reminders, escalation, lapsing, falling through."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from c2b.accounts.queries import with_role
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.text import gettext as _
from c2b.pipeline import stages
from c2b.pipeline.engine import end_offer, locked
from c2b.pipeline.judging import stage_of, visit_of
from c2b.pipeline.models import Offer, StageVisit
from c2b.pipeline.people import tell_merchant
from c2b.pipeline.places import free_place
from c2b.pipeline.stage import Stage
from c2b.pipeline.states import FELL_THROUGH, LAPSED, NOT_CHOSEN, RUNNER_UP

LAUNCHED_ALREADY = (CampaignState.LIVE, CampaignState.COMPLETED)
GONE = (CampaignState.CANCELLED, CampaignState.FAILED, CampaignState.EXPIRED, CampaignState.REJECTED)


def offers_to_remind(now: datetime) -> list[int]:
    """Offers whose owner is to be reminded, or told that it is overdue."""
    soonest = max((stage.remind_before for stage in stages.PIPELINE), default=timedelta())
    rows = db.session.execute(
        select(StageVisit.offer_id, StageVisit.stage, StageVisit.due_at, StageVisit.reminded_at)
        .where(
            StageVisit.left_at.is_(None),
            StageVisit.due_at <= now + soonest,
            or_(StageVisit.reminded_at.is_(None), StageVisit.escalated_at.is_(None)),
        )
        .order_by(StageVisit.due_at, StageVisit.offer_id)
    )
    found = []
    for offer_id, key, due_at, reminded_at in rows:
        stage = stages.STAGES.get(key)
        if stage is not None and (
            now > due_at or (reminded_at is None and now >= due_at - stage.remind_before)
        ):
            found.append(offer_id)
    return found


def remind_owner(offer_id: int, *, now: datetime) -> None:
    """Tell the owner of the stage that it is due soon, once; and the operators, once, that it is overdue."""
    offer = locked(offer_id)
    stage, visit = stage_of(offer), visit_of(offer)
    if stage is None or visit is None:
        return
    if now > visit.due_at and visit.escalated_at is None:
        visit.escalated_at = now
        _tell_role(Role.OPERATOR, "queue_overdue", stage, visit, now)
        record(offer, "offer.overdue", by=None, at=now, stage=stage.key)
    elif now >= visit.due_at - stage.remind_before and visit.reminded_at is None:
        visit.reminded_at = now
        if stage.owner is Role.MERCHANT:
            due = visit.due_at.isoformat()
            tell_merchant("offer_due_soon", offer, str(visit.id), now=now, stage=stage.msgid, due_at=due)
        elif stage.decide is None:
            _tell_role(stage.owner, "queue_due_soon", stage, visit, now)
        record(offer, "offer.reminded", by=None, at=now, stage=stage.key)


def _tell_role(role: Role, kind: str, stage: Stage, visit: StageVisit, now: datetime) -> None:
    """One notice a day for each person and stage, however many offers wait there."""
    people = with_role(role)
    path = "/review" if stage.decide else f"/review/q/{stage.key}"
    about = {"stage": stage.msgid, "due_at": visit.due_at.isoformat(), "path": path}
    day = now.date().isoformat()
    notify_many(kind, [(user_id, f"{stage.key}:{day}:{user_id}", about) for user_id in people], now=now)


def offers_to_lapse(now: datetime) -> list[int]:
    """Offers whose time is over in a stage that lapses."""
    lapsing = [stage.key for stage in stages.PIPELINE if stage.lapses]
    return list(
        db.session.scalars(
            select(Offer.id).where(Offer.state.in_(lapsing), Offer.due_at < now).order_by(Offer.id)
        )
    )


def lapse_offer(offer_id: int, *, now: datetime) -> None:
    """Its time in a stage that lapses is over, and nothing keeps it alive."""
    offer = locked(offer_id)
    stage = stage_of(offer)
    if stage is None or not stage.lapses or offer.due_at is None or offer.due_at >= now:
        return
    if stage.why_not_lapse and stage.why_not_lapse(offer, now):
        return
    end_offer(offer, LAPSED, by=None, now=now, stage=stage.key)
    tell_merchant("offer_lapsed", offer, str(offer.id), now=now, stage=stage.msgid)


def offers_to_drop(now: datetime) -> list[int]:
    """Offers on their way whose campaign is gone, and runners-up who are not needed any more."""
    on_the_way = [*stages.STAGES, RUNNER_UP]
    return list(
        db.session.scalars(
            select(Offer.id)
            .join(Campaign, Campaign.id == Offer.campaign_id)
            .where(
                or_(
                    Offer.state.in_(on_the_way) & Campaign.state.in_(GONE),
                    (Offer.state == RUNNER_UP) & Campaign.state.in_(LAUNCHED_ALREADY),
                )
            )
            .order_by(Offer.id)
        )
    )


def drop_offer(offer_id: int, *, now: datetime) -> None:
    """Its campaign is gone, so the offer falls through; or is launched, so the runner-up is let go."""
    offer = locked(offer_id)
    if offer.campaign.state in GONE and offer.state in (*stages.STAGES, RUNNER_UP):
        free_place(offer.campaign_id)
        end_offer(offer, FELL_THROUGH, by=None, now=now, why=str(offer.campaign.state))
        tell_merchant("offer_fell_through", offer, str(offer.id), now=now, reason=offer.campaign.reason or "")
    elif offer.campaign.state in LAUNCHED_ALREADY and offer.state == RUNNER_UP:
        reason = _("The chosen offer was launched.")
        end_offer(offer, NOT_CHOSEN, by=None, now=now, reason=reason)
        tell_merchant("offer_not_chosen", offer, str(offer.id), now=now, reason=reason)
