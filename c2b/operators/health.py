"""How the machinery is: clock, jobs, mail. Each function sends a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select, text

from c2b.core import clock_guard
from c2b.core.claims import Claim, database_time
from c2b.core.db import db
from c2b.core.disk import is_full
from c2b.core.kept import WHILE, shared
from c2b.core.outbox import Delivery, Notice
from c2b.core.runs import Run
from c2b.core.work import Work, WorkState
from c2b.operators.wording import span
from c2b.payments.inbox import WAITING
from c2b.payments.models import LIVE, Attempt, InboxEvent
from c2b.payments.states import AttemptState

SLOW_MAIL = timedelta(minutes=5)
GOOD_DELIVERY = 99.0  # per cent
DAYS = 7
MANY_EVENTS = 100


@dataclass(frozen=True)
class Part:
    """One part of the machinery: its figure, and whether it is as it should be."""

    label: str
    figure: str
    fine: bool


def parts(now: datetime) -> list[Part]:
    """Clock, mail and promises."""
    return [_clock(), *_mail(now), _promises(), *_disk()]


def _disk() -> list[Part]:
    return [Part(_("Disk"), _("full: nothing can be saved"), False)] if is_full() else []


def latest_work(limit: int = 5) -> Sequence[Run]:
    """The newest runs that did something or went wrong."""
    worked = (Run.done > 0) | (Run.failed > 0) | Run.error.is_not(None)
    return db.session.scalars(
        select(Run).where(worked, Run.started_at.is_not(None)).order_by(Run.id.desc()).limit(limit)
    ).all()


def _clock() -> Part:
    until = db.session.scalar(select(Claim.until).where(Claim.work == "clock", Claim.item == 0))
    active = until is not None and until > database_time()
    if active and clock_guard.why_frozen(clock_guard.read()) is not None:
        return Part(_("Clock"), _("has jumped, deadlines wait"), False)
    return Part(_("Clock"), _("active") if active else _("none is running"), active)


def _mail(now: datetime) -> list[Part]:
    rows = shared("mail of the last days", lambda: _by_delivery(now), WHILE)
    counts = {str(delivery): int(count) for delivery, count, _oldest in rows}
    oldest = min((due for delivery, _count, due in rows if delivery == Delivery.QUEUED), default=now)
    late = max(now - oldest, timedelta())
    sent, dead = counts.get("sent", 0), counts.get("dead", 0)
    share = 100.0 * sent / (sent + dead) if sent + dead else 100.0
    waits = _("%(count)s waiting", count=counts.get("queued", 0))
    return [
        Part(_("Mail queue"), waits if late < SLOW_MAIL else f"{waits}, {span(late)}", late < SLOW_MAIL),
        Part(_("Mail delivered in 7 days"), f"{share:.1f}%", share >= GOOD_DELIVERY),
    ]


def _by_delivery(now: datetime) -> list[tuple[Delivery, int, datetime]]:
    """How many notices of the last days stand how, and when the first of them is due."""
    rows = db.session.execute(
        select(Notice.delivery, func.count(), func.min(Notice.due_at))
        .where(Notice.created_at > now - timedelta(days=DAYS))
        .group_by(Notice.delivery)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _promises() -> Part:
    run = db.session.scalar(
        select(Run)
        .where(Run.name == "check_promises", Run.finished_at.is_not(None))
        .order_by(Run.id.desc())
        .limit(1)
    )
    if run is None:
        return Part(_("Promises"), _("not checked yet"), True)
    return Part(
        _("Promises"),
        _("%(count)s broken", count=run.failed) if run.failed else _("all kept"),
        not run.failed,
    )


def queues(now: datetime) -> list[Part]:
    """What waits: webhooks, rows that fail, long work, requests without an answer."""
    events, dead, failing, works, unanswered = db.session.execute(
        select(
            _many(InboxEvent, WAITING),
            _many(InboxEvent, InboxEvent.dead_at.is_not(None) & InboxEvent.done_at.is_(None)),
            _many(Claim, Claim.failures > 0),
            _many(Work, Work.state.in_((WorkState.QUEUED, WorkState.RUNNING))),
            _many(Attempt, text(LIVE) & (Attempt.state == AttemptState.UNKNOWN)),
        )
    ).one()
    return [
        Part(_("Webhooks"), _("%(count)s waiting", count=events), events < MANY_EVENTS),
        Part(_("Webhooks given up"), str(dead), not dead),
        Part(_("Rows that fail"), str(failing), not failing),
        Part(_("Long work"), _("%(count)s under way", count=works), True),
        Part(_("Requests for money without an answer"), str(unanswered), not unanswered),
    ]


def about() -> list[tuple[str, str]]:
    """Which version of the schema and which parts this installation has."""
    config = current_app.config["C2B"]
    return [
        (_("Database"), str(db.engine.dialect.name)),
        (_("Time zone"), config.time_zone),
        (_("Address"), config.base_url),
        (_("Demo"), _("yes") if config.demo else _("no")),
    ]


def _many(model: Any, condition: Any) -> Any:
    return select(func.count()).select_from(model).where(condition).scalar_subquery()
