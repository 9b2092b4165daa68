"""What needs an operator today: each entry is counted in one statement and leads to its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core.claims import Claim
from c2b.core.db import db
from c2b.core.outbox import Delivery, Notice
from c2b.core.runs import Run, last_runs
from c2b.merchants.models import Merchant
from c2b.merchants.states import MerchantState
from c2b.operators import cases
from c2b.orders.models import Dispute
from c2b.orders.states import DisputeOrigin, DisputeState
from c2b.pipeline.models import Launch, Offer, Place, StageVisit, VerdictLine
from c2b.pipeline.second_look import BEFORE_SALE, SECOND
from c2b.pipeline.stage import Ruling
from c2b.pipeline.states import LaunchState
from c2b.settlement.models import Payout
from c2b.settlement.states import PayoutState

CHARGING_TAKES = timedelta(hours=1)  # a launch that charges for longer is stuck
RECENT = timedelta(days=7)
TO_RULE = and_(Dispute.origin == DisputeOrigin.SHOPPER, Dispute.state == DisputeState.ANSWERED)


@dataclass(frozen=True)
class Need:
    """So many things of one kind wait; the oldest since then."""

    kind: str
    count: int
    since: datetime | None = None


def needs(now: datetime) -> list[Need]:
    """What waits, most urgent kinds first; kinds of which nothing waits are left out."""
    found = [
        _broken_promises(),
        _troubled_launches(now),
        Need("cases", *cases.how_many()),
        _count("disputes", Dispute, TO_RULE, Dispute.opened_at),
        _failing_jobs(),
        _count("moderation", Campaign, Campaign.state == CampaignState.SUBMITTED, Campaign.state_since),
        _count("certification", Merchant, Merchant.state == MerchantState.APPLIED, Merchant.state_since),
        _overdue_offers(now),
        _doubted(),
        _undated(),
        _count("payouts", Payout, Payout.state == PayoutState.PLANNED, Payout.planned_at),
        _count("mail", Notice, Notice.delivery == Delivery.DEAD, Notice.created_at),
    ]
    return [need for need in found if need.count]


def nav_counts(now: datetime) -> dict[str, int]:
    """The numbers beside the console's navigation, in one statement."""
    counts = db.session.execute(
        select(
            _subcount(Campaign, Campaign.state == CampaignState.SUBMITTED),
            _subcount(Merchant, Merchant.state == MerchantState.APPLIED),
            _subcount(Notice, Notice.delivery == Delivery.DEAD),
            _subcount(Claim, Claim.failures > 0),
            _subcount(Offer, Offer.state == "final_review"),
            _subcount(Dispute, TO_RULE),
            _subcount(Payout, Payout.state == PayoutState.PLANNED),
        )
    ).one()
    return dict(
        zip(("moderation", "merchants", "mail", "jobs", "review", "disputes", "money"), counts, strict=True)
    )


def _subcount(model: Any, condition: Any) -> Any:
    return select(func.count()).select_from(model).where(condition).scalar_subquery()


def _count(kind: str, model: Any, condition: Any, since: Any) -> Need:
    count, oldest = db.session.execute(
        select(func.count(), func.min(since)).select_from(model).where(condition)
    ).one()
    return Need(kind, count, oldest)


def _broken_promises() -> Need:
    run = db.session.scalar(
        select(Run)
        .where(Run.name == "check_promises", Run.finished_at.is_not(None))
        .order_by(Run.id.desc())
        .limit(1)
    )
    return Need("promises", run.failed if run else 0, run.finished_at if run else None)


def _troubled_launches(now: datetime) -> Need:
    L = LaunchState  # noqa: N806  # as in the lives
    stuck = and_(
        Launch.state.in_((L.AUTHORISING, L.CAPTURING, L.VOIDING)), Launch.state_since < now - CHARGING_TAKES
    )
    waits = and_(Launch.state == L.MENDING, Launch.mend_until < now - CHARGING_TAKES)
    fell = and_(Launch.state == L.FAILED, Launch.state_since > now - RECENT)
    return _count("launches", Launch, or_(stuck, waits, fell), Launch.state_since)


def _failing_jobs() -> Need:
    failing = [run for run in last_runs() if (run.error or run.failed) and run.name != "check_promises"]
    rows = db.session.scalar(select(func.count()).where(Claim.failures > 0)) or 0
    since = min((run.due_at for run in failing), default=None)
    return Need("jobs", max(len(failing), rows), since)


def _overdue_offers(now: datetime) -> Need:
    """Stages whose time is over, except sign-up, which is the merchant's own."""
    late = and_(StageVisit.left_at.is_(None), StageVisit.due_at < now, StageVisit.stage != "signup")
    return _count("overdue", StageVisit, late, StageVisit.due_at)


def _doubted() -> Need:
    """Offers that passed and that a second look would not let through, while they can be stopped."""
    doubted = and_(VerdictLine.stage == SECOND, VerdictLine.ruling != Ruling.PASS)
    going_on = select(Offer.id).where(Offer.state.in_(BEFORE_SALE))
    return _count("doubted", VerdictLine, and_(doubted, VerdictLine.offer_id.in_(going_on)), VerdictLine.at)


def _undated() -> Need:
    placed = select(Place.campaign_id).where(Place.campaign_id.is_not(None))
    waiting = and_(Campaign.state == CampaignState.AWARDED, Campaign.id.not_in(placed))
    return _count("dates", Campaign, waiting, Campaign.state_since)
