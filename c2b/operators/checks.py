"""Promises of the clock: every run once and in time, and nothing left lying although its job has run."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core.checks import check
from c2b.core.claims import Claim
from c2b.core.db import db
from c2b.core.runs import Run
from c2b.pipeline.models import Batch, Launch
from c2b.pipeline.states import BatchState, LaunchState

LATEST = timedelta(seconds=60)
GRACE = timedelta(hours=1)
MOST_NAMED = 20


@check("I-33 each scheduled job ran once per due time, and was begun within a minute")
def jobs_ran_once() -> Iterator[str]:
    """The unique key forbids a second run; a late one means that a clock lived and did not tick."""
    twice = select(Run.name, Run.due_at).group_by(Run.name, Run.due_at).having(func.count() > 1)
    for name, due_at in db.session.execute(twice.limit(MOST_NAMED)):
        yield f"{name} ran more than once for {due_at:%Y-%m-%d %H:%M:%S}"
    begun = select(Run.name, Run.due_at, Run.started_at).where(Run.by.is_(None), Run.started_at.is_not(None))
    rows: Any = db.session.execute(begun)
    for name, due_at, started_at in rows:
        if started_at - due_at > LATEST:
            yield f"{name} was due at {due_at:%Y-%m-%d %H:%M:%S} and began {started_at - due_at} later"


@check("I-34 nothing rests longer than its time although its job has run since")
def nothing_rests() -> Iterator[str]:
    """Measured by the last good run of the job that should have moved it; a row that fails has a retry due."""
    seen = _last_good_runs()
    for job, model, over, since in _transient():
        if job not in seen:
            continue
        limit = seen[job] - GRACE
        failing = exists().where(Claim.item == model.id, Claim.failures > 0)
        late = (
            select(model.id, since).where(over, since < limit, ~failing).order_by(model.id).limit(MOST_NAMED)
        )
        for id_, at in db.session.execute(late):
            yield f"{model.__tablename__} {id_} should have moved on at {at:%Y-%m-%d %H:%M}, and {job} passed it by"


def _transient() -> Iterator[tuple[str, Any, ColumnElement[bool], Any]]:
    """(job, record, in which state, since when it should have moved on)."""
    L = LaunchState  # noqa: N806  # as in the lives
    yield "close_campaigns", Campaign, Campaign.state == CampaignState.OPEN, Campaign.closes_at
    yield "close_campaigns", Campaign, Campaign.state == CampaignState.TIPPED, Campaign.closes_at
    yield "open_batches", Batch, Batch.state == BatchState.OPEN, Batch.signup_closes_at
    yield "settle_launches", Launch, Launch.state == L.MENDING, Launch.mend_until
    yield "finish_launches", Launch, Launch.state == L.SELLING, Launch.closes_at


def _last_good_runs() -> dict[str, datetime]:
    rows = db.session.execute(
        select(Run.name, func.max(Run.started_at))
        .where(Run.finished_at.is_not(None), Run.error.is_(None), Run.failed == 0)
        .group_by(Run.name)
    )
    return {name: at for name, at in rows if at is not None}
