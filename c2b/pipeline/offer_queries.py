"""What the merchants' pages read, each in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import PUBLIC
from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.demand.clearing import Cleared, clear
from c2b.demand.curve import Curve, Point, Tier, hidden_points
from c2b.pipeline.models import Batch, BatchEntry, Offer, Sample, StageVisit, VerdictLine
from c2b.pipeline.offer_rules import TAKES_OFFERS
from c2b.pipeline.queries import curves_of
from c2b.pipeline.states import LAPSED, REJECTED, WITHDRAWN, SampleState

SHOWN = 50
MOST_BARS = 6
OVER = (REJECTED, WITHDRAWN, LAPSED)


@dataclass(frozen=True)
class Opportunity:
    """A campaign that looks for a merchant, with what people would pay."""

    campaign: Campaign
    batch: Batch
    demand: Curve
    points: list[Point]  # in groups large enough to hide a person, highest price first
    own: Offer | None

    @property
    def cleared(self) -> Cleared | None:
        """What the tiers that shoppers have seen would come to."""
        return clear([Tier(tier.from_quantity, tier.unit_price) for tier in self.campaign.tiers], self.demand)


def own_offer(offer_id: int, merchant_id: int) -> Offer:
    """The merchant's own offer; NotFound for anybody else's."""
    offer = db.session.get(Offer, offer_id, options=[joinedload(Offer.campaign), joinedload(Offer.batch)])
    if offer is None or offer.merchant_id != merchant_id:
        raise NotFound
    return offer


def offers_of(merchant_id: int, *, limit: int = 200) -> Sequence[Offer]:
    """All offers of a merchant with campaign and batch: what is due soonest first, what is over last."""
    return db.session.scalars(
        select(Offer)
        .where(Offer.merchant_id == merchant_id)
        .options(joinedload(Offer.campaign), joinedload(Offer.batch))
        .order_by(Offer.due_at.is_(None), Offer.due_at, Offer.id.desc())
        .limit(limit)
    ).all()


def waiting_among(offers: Sequence[Offer]) -> set[int]:
    """Those that wait for the merchant to mend them."""
    return set(
        db.session.scalars(
            select(StageVisit.offer_id)
            .join(Offer, Offer.id == StageVisit.offer_id)
            .where(
                StageVisit.offer_id.in_([offer.id for offer in offers]),
                StageVisit.left_at.is_(None),
                StageVisit.waiting_for == Offer.content_hash,
            )
        )
    )


def samples_asked_for(offers: Sequence[Offer]) -> set[int]:
    """Those whose sample the merchant has yet to send."""
    return set(
        db.session.scalars(
            select(Sample.offer_id).where(
                Sample.offer_id.in_([offer.id for offer in offers]), Sample.state == SampleState.REQUESTED
            )
        )
    )


def visits_of(offer_id: int) -> Sequence[StageVisit]:
    """Every stay of the offer in a stage, oldest first."""
    return db.session.scalars(
        select(StageVisit).where(StageVisit.offer_id == offer_id).order_by(StageVisit.id)
    ).all()


def last_verdict(offer_id: int, stage: str) -> VerdictLine | None:
    """The latest verdict that a stage gave."""
    return db.session.scalar(
        select(VerdictLine)
        .where(VerdictLine.offer_id == offer_id, VerdictLine.stage == stage)
        .order_by(VerdictLine.id.desc())
        .limit(1)
    )


def opportunities(merchant_id: int, now: datetime, *, slug: str | None = None) -> list[Opportunity]:
    """Campaigns in a batch whose sign-up is open, most wanted first; the merchant's own offer beside each."""
    latest = (
        select(BatchEntry.campaign_id, func.max(BatchEntry.attempt).label("attempt"))
        .group_by(BatchEntry.campaign_id)
        .subquery()
    )
    query = (
        select(Campaign, Batch)
        .join(BatchEntry, BatchEntry.campaign_id == Campaign.id)
        .join(
            latest,
            (latest.c.campaign_id == BatchEntry.campaign_id) & (latest.c.attempt == BatchEntry.attempt),
        )
        .join(Batch, Batch.id == BatchEntry.batch_id)
        .where(Campaign.state.in_(TAKES_OFFERS), Batch.opens_at <= now, Batch.signup_closes_at > now)
        .order_by(Campaign.units.desc(), Campaign.id)
        .limit(SHOWN)
    )
    rows = db.session.execute(query if slug is None else query.where(Campaign.slug == slug)).all()
    ids = [row[0].id for row in rows]
    curves = curves_of(ids)
    own = {
        offer.campaign_id: offer
        for offer in db.session.scalars(
            select(Offer).where(
                Offer.merchant_id == merchant_id, Offer.campaign_id.in_(ids), Offer.state.not_in(OVER)
            )
        )
    }
    return [
        Opportunity(
            campaign, batch, curves[campaign.id], points_of(curves[campaign.id]), own.get(campaign.id)
        )
        for campaign, batch in rows
    ]


def points_of(demand: Curve) -> list[Point]:
    """A few points of the curve that hide every single person, highest price first."""
    points = hidden_points(demand.points())
    if len(points) <= MOST_BARS:
        return list(points)
    last = len(points) - 1
    return [points[round(i * last / (MOST_BARS - 1))] for i in range(MOST_BARS)]


def reached_at(demand: Curve, price: int) -> Point | None:
    """At least so much is wanted at a price: exact numbers for any price would tell single persons apart."""
    above = [point for point in hidden_points(demand.points()) if point.price >= price]
    return above[-1] if above else None


def public_campaigns_of(merchant_id: int, *, limit: int = 24) -> Sequence[Campaign]:
    """Campaigns that this merchant started or won and that everybody may see, newest first."""
    return db.session.scalars(
        select(Campaign)
        .where(Campaign.merchant_id == merchant_id, Campaign.state.in_(PUBLIC))
        .order_by(Campaign.id.desc())
        .limit(limit)
    ).all()
