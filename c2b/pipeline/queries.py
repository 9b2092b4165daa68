"""What the pipeline's pages and operations read, each in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from c2b.campaigns.models import DemandPoint
from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.demand.curve import Curve
from c2b.pipeline import stages
from c2b.pipeline.models import Award, Batch, BatchEntry, Offer, Place, Slot
from c2b.pipeline.states import BatchState


def batch_by_number(number: int) -> Batch:
    """The batch, or NotFound."""
    batch = db.session.scalar(select(Batch).where(Batch.number == number))
    if batch is None:
        raise NotFound
    return batch


def open_batch(now: datetime) -> Batch | None:
    """The batch whose sign-up is open; the one with most time left where there are several."""
    return db.session.scalar(
        select(Batch)
        .where(Batch.state == BatchState.OPEN, Batch.opens_at <= now, Batch.signup_closes_at > now)
        .order_by(Batch.signup_closes_at.desc(), Batch.id)
        .limit(1)
    )


def entry_of(campaign_id: int) -> BatchEntry | None:
    """The campaign's latest place in a batch."""
    return db.session.scalar(
        select(BatchEntry)
        .where(BatchEntry.campaign_id == campaign_id)
        .order_by(BatchEntry.attempt.desc())
        .limit(1)
    )


def award_of(campaign_id: int) -> Award | None:
    """Which offer the campaign has."""
    return db.session.get(Award, campaign_id)


def place_of(campaign_id: int) -> Place | None:
    """The place in a slot that the campaign holds."""
    return db.session.scalar(select(Place).where(Place.campaign_id == campaign_id))


def slot_of(campaign_id: int) -> Slot | None:
    """The slot in which the campaign launches."""
    return db.session.scalar(
        select(Slot).join(Place, Place.slot_id == Slot.id).where(Place.campaign_id == campaign_id)
    )


def curves_of(campaign_ids: Iterable[int]) -> dict[int, Curve]:
    """The demand curves of these campaigns, in one statement; an empty curve where nobody pledged."""
    ids = sorted(set(campaign_ids))
    rows: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    points = db.session.execute(
        select(
            DemandPoint.campaign_id,
            DemandPoint.ceiling,
            DemandPoint.units,
            DemandPoint.tolerance,
            DemandPoint.people,
        ).where(DemandPoint.campaign_id.in_(ids))
    )
    for campaign_id, *group in points:
        rows[campaign_id].append((group[0], group[1], group[2], group[3]))
    return {id_: Curve.from_groups(rows[id_]) for id_ in ids}


def stages_before(key: str, *, after_signup: bool = True) -> list[str]:
    """The keys of the stages before this one."""
    keys = [stage.key for stage in stages.PIPELINE]
    return keys[1 if after_signup else 0 : keys.index(key)]


def offers_in(campaign_id: int, keys: Sequence[str]) -> Sequence[Offer]:
    """The campaign's offers in these states."""
    return db.session.scalars(
        select(Offer).where(Offer.campaign_id == campaign_id, Offer.state.in_(keys)).order_by(Offer.id)
    ).all()


def pending_by_campaign(campaign_ids: Sequence[int]) -> dict[int, int]:
    """How many offers of each campaign are handed in and not decided yet."""
    rows = db.session.execute(
        select(Offer.campaign_id, func.count())
        .where(Offer.campaign_id.in_(campaign_ids), Offer.state.in_(stages_before("scheduling")))
        .group_by(Offer.campaign_id)
    )
    return {row[0]: row[1] for row in rows}


def passed_by_campaign(campaign_ids: Sequence[int]) -> dict[int, int]:
    """How many offers of each campaign have passed the final review."""
    rows = db.session.execute(
        select(Offer.campaign_id, func.count())
        .where(Offer.campaign_id.in_(campaign_ids), Offer.state == "scheduling")
        .group_by(Offer.campaign_id)
    )
    return {row[0]: row[1] for row in rows}
