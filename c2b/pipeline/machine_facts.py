"""Everything that the machine review looks at, read in a fixed number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.demand.curve import Curve, Tier
from c2b.merchants.models import Merchant
from c2b.pipeline.models import Offer, PricePoint
from c2b.pipeline.offer_content import tiers_of
from c2b.pipeline.queries import curves_of
from c2b.pipeline.ranking import ladder
from c2b.pipeline.states import LAPSED, REJECTED, WITHDRAWN

EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
OVER = (REJECTED, WITHDRAWN, LAPSED)


@dataclass(frozen=True)
class Facts:
    """One offer and all that speaks for or against it."""

    offer: Offer
    campaign: Campaign
    merchant: Merchant
    demand: Curve
    tiers: list[Tier]
    ladder: list[Tier]  # as it works: nothing below the minimum
    days: int  # how far back a list price must be real
    lowest_seen: int | None  # lowest price that this merchant was seen with in those days
    twins: list[
        tuple[int, str]
    ]  # standing offers of the same merchant with this title or main picture: id, why
    borrowed: int  # pictures that are another merchant's too
    others: Curve  # demand without the merchant's own people
    own_people: int  # how many of them have pledged
    own_counted: int  # units of theirs that count towards the threshold
    own_counted_people: int
    regions: Mapping[str, int]  # units wanted, by region
    now: datetime


def gather(offer: Offer, now: datetime) -> Facts:
    """Read the facts."""
    regions = {*offer.regions, *offer.campaign.regions}
    days = 30 if regions & EU else 7
    twins, borrowed = _likenesses(offer)
    own = _own_pledges(offer)
    demand = curves_of([offer.campaign_id])[offer.campaign_id]
    return Facts(
        offer=offer,
        campaign=offer.campaign,
        merchant=offer.merchant,
        demand=demand,
        tiers=tiers_of(offer),
        ladder=ladder(offer),
        days=days,
        lowest_seen=_lowest_seen(offer, now - timedelta(days=days)),
        twins=twins,
        borrowed=borrowed,
        others=_without(demand, own),
        own_people=len(own),
        own_counted=sum(units for _ceiling, units, _tolerance, counts in own if counts),
        own_counted_people=sum(counts for *_rest, counts in own),
        regions=_regions(offer.campaign_id),
        now=now,
    )


def _lowest_seen(offer: Offer, since: datetime) -> int | None:
    """Over the same campaign, and over others for which the merchant offered goods of the same title."""
    same = select(Offer.campaign_id).where(Offer.merchant_id == offer.merchant_id, Offer.title == offer.title)
    return db.session.scalar(
        select(func.min(PricePoint.unit_price)).where(
            PricePoint.merchant_id == offer.merchant_id,
            PricePoint.currency == offer.currency,
            PricePoint.at >= since,
            or_(PricePoint.campaign_id == offer.campaign_id, PricePoint.campaign_id.in_(same)),
        )
    )


def _likenesses(offer: Offer) -> tuple[list[tuple[int, str]], int]:
    """Offers that are like this one, in one statement: the merchant's own, and others' with the same pictures."""
    uploads = [ref for ref in offer.pictures if ref.startswith("pic/")]
    pictures = cast(Offer.pictures, String)
    shared: ColumnElement[bool] = or_(
        false(), *(pictures.contains(f'"{ref}"', autoescape=True) for ref in uploads)
    )
    own = and_(
        Offer.merchant_id == offer.merchant_id,
        Offer.state.not_in(OVER),
        or_(func.lower(Offer.title) == offer.title.lower(), shared),
    )
    rows = db.session.execute(
        select(Offer.id, Offer.merchant_id, Offer.title, Offer.pictures)
        .where(Offer.id != offer.id, or_(own, and_(Offer.merchant_id != offer.merchant_id, shared)))
        .order_by(Offer.id)
        .limit(50)
    ).all()
    twins = []
    borrowed: set[str] = set()
    for row in rows:
        if row.merchant_id != offer.merchant_id:
            borrowed |= set(uploads) & set(row.pictures)
        elif row.title.lower() == offer.title.lower():
            twins.append((row.id, "title"))
        elif uploads and offer.pictures[0] in row.pictures[:1]:
            twins.append((row.id, "picture"))
    return twins, len(borrowed)


def _own_pledges(offer: Offer) -> list[tuple[int, int, int, bool]]:
    """Pledges of the merchant's own people: ceiling, units, tolerance, whether they count."""
    staff = [row.user_id for row in offer.merchant.staff]
    rows = db.session.execute(
        select(Pledge.ceiling, Pledge.quantity, Pledge.tolerance, Pledge.counts).where(
            Pledge.campaign_id == offer.campaign_id,
            Pledge.shopper_id.in_(staff),
            Pledge.state == PledgeState.ACTIVE,
        )
    )
    return [(row.ceiling, row.quantity, row.tolerance, row.counts) for row in rows]


def _without(demand: Curve, own: Sequence[tuple[int, int, int, bool]]) -> Curve:
    """The demand of everybody else."""
    groups = {group.ceiling: list(group) for group in demand.groups}
    for ceiling, units, tolerance, _counts in own:
        group = groups[ceiling]
        groups[ceiling] = [ceiling, group[1] - units, group[2] - tolerance, group[3] - 1]
    return Curve.from_groups((g[0], g[1], g[2], g[3]) for g in groups.values())


def _regions(campaign_id: int) -> dict[str, int]:
    rows = db.session.execute(
        select(Pledge.region, func.sum(Pledge.quantity))
        .where(Pledge.campaign_id == campaign_id, Pledge.state == PledgeState.ACTIVE)
        .group_by(Pledge.region)
        .order_by(Pledge.region)
    )
    return {row[0]: int(row[1]) for row in rows}
