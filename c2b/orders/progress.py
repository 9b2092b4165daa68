"""How far the charging of launches is, for operators: counts, amounts and pace in three statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

PACE_OVER = timedelta(minutes=5)  # the pace of a run is what was answered in the last minutes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the money of a launch is, in pledges, units and minor units."""

    allocated: int = 0
    authorised: int = 0
    failed: int = 0
    waiting: int = 0
    captured: int = 0
    voided: int = 0
    dropped: int = 0
    units_ordered: int = 0
    amount_held: int = 0
    amount_captured: int = 0
    amount_back: int = 0  # of what was captured: paid back, or promised to be


@dataclass(frozen=True, slots=True)
class Run:
    """The charging of a launch while it is under way: so many of so many, how fast, and what stands out."""

    done: int
    whole: int
    each_minute: float  # answers, over the last minutes
    unanswered: int
    cases: int
    through_at: datetime | None  # at this pace; None where nothing was answered lately


def runs_of(launches: Sequence[Launch], progress: dict[int, Progress], *, now: datetime) -> dict[int, Run]:
    """The runs of those launches that are being charged or let go of now."""
    busy = {launch.id: launch for launch in launches if launch.state in WHOLE}
    lately = Attempt.decided_at > now - PACE_OVER
    rows = db.session.execute(
        select(
            Attempt.launch_id,
            func.count().filter(lately).label("lately"),
            func.count().filter(Attempt.state == AttemptState.UNKNOWN).label("unanswered"),
            func.count().filter(Attempt.case_at.is_not(None)).label("cases"),
        )
        .where(
            Attempt.launch_id.in_(busy),
            or_(lately, Attempt.state == AttemptState.UNKNOWN, Attempt.case_at.is_not(None)),
        )
        .group_by(Attempt.launch_id)
    )
    seen = {row.launch_id: row for row in rows}
    return {id_: _run(launch, progress[id_], seen.get(id_), now) for id_, launch in busy.items()}


# (how many are through, of how many) in each state in which a run is under way
WHOLE = {
    LaunchState.AUTHORISING: lambda p: (p.authorised + p.failed, p.allocated),
    LaunchState.CAPTURING: lambda p: (p.captured + p.dropped, p.allocated),
    LaunchState.VOIDING: lambda p: (p.voided, p.authorised + p.waiting),
    LaunchState.UNWINDING: lambda p: (p.voided + p.captured, p.authorised),
}


def _run(launch: Launch, progress: Progress, seen: Any, now: datetime) -> Run:
    done, whole = WHOLE[launch.state](progress)
    lately = seen.lately if seen else 0
    left = max(0, whole - done)
    through_at = now + PACE_OVER * (left / lately) if lately and left else None
    minutes = PACE_OVER / timedelta(minutes=1)
    return Run(
        min(done, whole),
        whole,
        lately / minutes,
        seen.unanswered if seen else 0,
        seen.cases if seen else 0,
        through_at,
    )


def progress_of(launches: Sequence[Launch]) -> dict[int, Progress]:
    """The progress of each of these launches."""
    ids = [launch.id for launch in launches]
    attempts: dict[tuple[int, str, str], tuple[int, int, int]] = {
        (id_, purpose, state): (n, int(amount or 0), int(back or 0))
        for id_, purpose, state, n, amount, back in db.session.execute(
            select(
                Attempt.launch_id,
                Attempt.purpose,
                Attempt.state,
                func.count(),
                func.sum(Attempt.amount),
                func.sum(Attempt.refunded),
            )
            .where(Attempt.launch_id.in_(ids), _is_latest())
            .group_by(Attempt.launch_id, Attempt.purpose, Attempt.state)
        )
    }
    pledges: dict[tuple[int, str], tuple[int, int]] = {
        (campaign_id, state): (n, int(units or 0))
        for campaign_id, state, n, units in db.session.execute(
            select(Pledge.campaign_id, Pledge.state, func.count(), func.sum(Pledge.allocated))
            .where(Pledge.campaign_id.in_([launch.campaign_id for launch in launches]), Pledge.allocated > 0)
            .group_by(Pledge.campaign_id, Pledge.state)
        )
    }
    return {launch.id: _progress(launch, attempts, pledges) for launch in launches}


def _is_latest() -> Any:
    other = Attempt.__table__.alias("other")
    later = (
        select(func.max(other.c.generation))
        .where(other.c.pledge_id == Attempt.pledge_id, other.c.purpose == Attempt.purpose)
        .scalar_subquery()
    )
    return Attempt.generation == later


def _progress(
    launch: Launch,
    attempts: dict[tuple[int, str, str], tuple[int, int, int]],
    pledges: dict[tuple[int, str], tuple[int, int]],
) -> Progress:
    def asked(purpose: Purpose, *states: AttemptState) -> tuple[int, int, int]:
        found = [attempts.get((launch.id, purpose, state), (0, 0, 0)) for state in states]
        return sum(f[0] for f in found), sum(f[1] for f in found), sum(f[2] for f in found)

    ordered = pledges.get((launch.campaign_id, PledgeState.ORDERED), (0, 0))
    dropped = pledges.get((launch.campaign_id, PledgeState.DROPPED), (0, 0))
    held = asked(Purpose.AUTHORISE, AttemptState.SUCCEEDED)
    captured = asked(Purpose.CAPTURE, AttemptState.SUCCEEDED)
    return Progress(
        allocated=sum(n for (campaign_id, _state), (n, _units) in pledges.items()
                      if campaign_id == launch.campaign_id),
        authorised=held[0],
        failed=asked(Purpose.AUTHORISE, AttemptState.FAILED, AttemptState.EXPIRED)[0],
        waiting=asked(
            Purpose.AUTHORISE, AttemptState.STARTED, AttemptState.UNKNOWN, AttemptState.REQUIRES_ACTION
        )[0],
        captured=captured[0],
        voided=asked(Purpose.VOID, AttemptState.SUCCEEDED)[0],
        dropped=dropped[0],
        units_ordered=ordered[1],
        amount_held=held[1],
        amount_captured=captured[1],
        amount_back=captured[2],
    )  # fmt: skip
