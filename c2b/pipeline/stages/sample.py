"""Sample: where goods could be other than they look, a piece of them is looked at before anybody pays."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.models import Offer, Sample
from c2b.pipeline.sample_rules import why_none, why_sample
from c2b.pipeline.samples import request_sample, sample_due, sample_of, tidy_up, why_not_lapse
from c2b.pipeline.stage import Ruling, Stage, Verdict
from c2b.pipeline.states import SampleState


def enter(offer: Offer, now: datetime) -> None:
    """Ask for a sample where one is needed and none was asked for yet."""
    why = why_sample(offer)
    if why is not None and sample_of(offer.id) is None:
        request_sample(offer, why, due_at=sample_due(offer, now), now=now)


def decide(offer: Offer, now: datetime) -> Verdict | None:
    """What the sample room found; at once where no sample is needed."""
    sample = sample_of(offer.id)
    if sample is None:
        return Verdict(Ruling.PASS, why_none(offer))
    evidence = {"sample": sample.code, "by": sample.inspected_by}
    if sample.state == SampleState.PASSED:
        return Verdict(Ruling.PASS, sample.note or "", evidence)
    if sample.state == SampleState.FAILED:
        return Verdict(Ruling.REJECT, sample.note or "", evidence)
    return None


def ready(now: datetime) -> Select[Any]:
    """Offers whose sample has a result, or that need none."""
    undecided = (SampleState.REQUESTED, SampleState.SENT, SampleState.RECEIVED)
    waiting = select(Sample.offer_id).where(Sample.state.in_(undecided))
    return select(Offer.id).where(Offer.state == "sample", Offer.id.not_in(waiting))


stage: Stage = Stage(
    "sample",
    _l("Sample"),
    owner=Role.REVIEWER,
    due=timedelta(days=7),
    due_at=sample_due,
    decide=decide,
    ready=ready,
    enter=enter,
    leave=tidy_up,
    lapses=True,
    why_not_lapse=why_not_lapse,
)
