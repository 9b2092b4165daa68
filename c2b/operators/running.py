"""What takes long and is under way: work that people asked for, launches whose cards are being charged, jobs."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from c2b.core.db import db
from c2b.core.runs import under_way
from c2b.core.work import Work, WorkState
from c2b.operators.wording import job_words
from c2b.orders.progress import WHOLE, progress_of, runs_of
from c2b.pipeline.models import Launch

SHOWN = 4  # of each kind


@dataclass(frozen=True)
class Running:
    """One thing that is under way: so many of so many; `whole` is 0 while that is not known."""

    title: str
    url: str
    done: int
    whole: int
    said: str
    note: str = ""


def running(now: datetime) -> list[Running]:
    """All that is under way, launches first."""
    return [*_launches(now), *_runs(now), *_works()]


def _runs(now: datetime) -> list[Running]:
    return [
        Running(
            job_words(run.name),
            url_for("operators.job", name=run.name),
            run.done,
            run.whole or 0,
            _of(run.done, run.whole or 0),
        )
        for run in under_way(now)[:SHOWN]
    ]


def _launches(now: datetime) -> list[Running]:
    launches = db.session.scalars(
        select(Launch).where(Launch.state.in_(WHOLE)).order_by(Launch.state_since).limit(SHOWN)
    ).all()
    progress = progress_of(launches) if launches else {}
    runs = runs_of(launches, progress, now=now) if launches else {}
    found = []
    for launch in launches:
        run, failed = runs[launch.id], progress[launch.id].failed
        found.append(
            Running(
                f"{launch.campaign.title}: {launch.state.label}",
                url_for("launches.show", launch_id=launch.id),
                run.done,
                run.whole,
                _of(run.done, run.whole),
                ngettext("%(num)s card failed", "%(num)s cards failed", failed) if failed else "",
            )
        )
    return found


def _works() -> list[Running]:
    works = db.session.scalars(
        select(Work)
        .where(Work.state.in_((WorkState.QUEUED, WorkState.RUNNING)))
        .order_by(Work.state.desc(), Work.id)
        .limit(SHOWN)
    )
    return [
        Running(
            work.title,
            url_for("work.show", work_id=work.id),
            work.done,
            work.total or 0,
            _of(work.done, work.total) if work.total else str(work.state.label),
            ngettext("%(num)s row failed", "%(num)s rows failed", work.failed) if work.failed else "",
        )
        for work in works
    ]


def _of(done: int, whole: int) -> str:
    return str(_("%(done)s of %(whole)s", done=format_decimal(done), whole=format_decimal(whole)))
