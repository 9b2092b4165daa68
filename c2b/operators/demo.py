"""Setting the demo's clock: by how much, and the line in the diary."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import TAKES_PLEDGES
from c2b.core.clock import DemoClock, set_forward
from c2b.core.db import db
from c2b.core.events import record
from c2b.pipeline.models import Batch, Launch, Place, Sample, Slot, StageVisit
from c2b.pipeline.states import BatchState, LaunchState, SampleState

A_MOMENT = timedelta(seconds=1)


def forward(by_how_much: timedelta, *, by: int, now: datetime) -> None:
    """Set the clock of the demo forward and say so in its diary."""
    set_forward(by_how_much)
    clock = db.session.scalars(select(DemoClock)).one()
    record(clock, "demo_clock.forward", by=by, at=now, seconds=int(by_how_much.total_seconds()))


def next_due(now: datetime) -> timedelta | None:
    """How long until something is due (and a moment more); None where nothing is."""
    closing = Campaign.state.in_(TAKES_PLEDGES)
    dates = [
        Batch.signup_closes_at,
        Batch.samples_due_at,
        Batch.review_at,
        Batch.launch_from,
        Batch.launch_until,
    ]
    live = Launch.state.in_((LaunchState.AUTHORISING, LaunchState.MENDING, LaunchState.SELLING))
    sample = Sample.state.in_((SampleState.REQUESTED, SampleState.SENT))
    booked = select(Place.slot_id).where(Place.campaign_id.is_not(None))
    moments = [
        select(func.min(Campaign.closes_at)).where(closing, Campaign.closes_at > now),
        *(select(func.min(date)).where(Batch.state != BatchState.FINISHED, date > now) for date in dates),
        select(func.min(StageVisit.due_at)).where(StageVisit.left_at.is_(None), StageVisit.due_at > now),
        select(func.min(Sample.due_at)).where(sample, Sample.due_at > now),
        select(func.min(Slot.opens_at)).where(Slot.id.in_(booked), Slot.opens_at > now),
        select(func.min(Launch.mend_until)).where(live, Launch.mend_until > now),
        select(func.min(Launch.closes_at)).where(live, Launch.closes_at > now),
    ]
    found = db.session.execute(select(*(moment.scalar_subquery() for moment in moments))).one()
    times = [moment for moment in found if moment is not None]
    return min(times) - now + A_MOMENT if times else None
