"""The overview: what needs an operator today, and how the site is doing."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.operators import figures, health
from c2b.operators.blueprint import bp
from c2b.operators.paging import asked, here
from c2b.operators.wording import job_words, need_title, span
from c2b.operators.worklist import Need, needs
from c2b.pipeline.queries import open_batch

PERIODS = ("7", "30", "90")
# kind: (tone, icon, endpoint)
PLACES = {
    "promises": ("bad", "alert", "operators.checks"),
    "launches": ("bad", "bolt", "launches.index"),
    "cases": ("bad", "alert", "operators.cases"),
    "disputes": ("warn", "msg", "disputes.queue"),
    "jobs": ("bad", "cpu", "operators.jobs"),
    "moderation": ("warn", "flag", "moderation.queue"),
    "certification": ("warn", "store", "certification.queue"),
    "overdue": ("warn", "inbox", "pipeline.review"),
    "dates": ("info", "cal", "pipeline.schedule"),
    "payouts": ("warn", "scale", "settlement.payouts"),
    "mail": ("info", "mail", "operators.mail"),
}


@bp.get("")
@requires(Role.OPERATOR)
def home() -> ResponseReturnValue:
    """Everything at a glance, for the last 7, 30 or 90 days."""
    now = utcnow()
    days = int(asked("days", PERIODS) or 30)
    zone = ZoneInfo(current_app.config["C2B"].time_zone)
    waiting = [_need(need) for need in needs(now)]
    joined = figures.joins(now, days, zone)
    return render_template(
        "operators/home.html",
        now=now,
        days=days,
        greeting=_greeting(now.astimezone(zone)),
        said=_said(len(waiting)),
        waiting=waiting,
        periods=[(_days(int(p)), here(days=None if p == "30" else p), int(p) == days) for p in PERIODS],
        joins=joined,
        joined_rows=[
            [format_date(day, "medium", rebase=False), str(new), str(old)]
            for day, new, old in zip(joined.days, joined.counts, joined.before, strict=True)
        ],
        stock=figures.stock(),
        sales=figures.sales(now, days),
        change=figures.change,
        funnel=[{"label": p.label, "value": p.count, "note": span(p.took)} for p in _named(now, days)],
        nearly=figures.nearly(),
        batch=open_batch(now),
        runs=health.latest_work(),
        job_words=job_words,
        parts=health.parts(now),
    )


def _named(now: datetime, days: int) -> list[figures.Passed]:
    rows = figures.funnel(now, days)
    return [*rows[:-1], figures.Passed(_("Launched"), rows[-1].count, rows[-1].took)]


def _need(need: Need) -> dict[str, Any]:
    tone, icon, endpoint = PLACES[need.kind]
    return {"title": need_title(need), "since": need.since, "tone": tone, "icon": icon, "endpoint": endpoint}


def _days(n: int) -> str:
    return str(ngettext("%(num)s day", "%(num)s days", n))


def _said(n: int) -> str:
    if n == 0:
        return str(_("Nothing needs you today."))
    return str(ngettext("%(num)s thing needs you today.", "%(num)s things need you today.", n))


def _greeting(local: datetime) -> str:
    name = current_user.name
    if local.hour < 5 or local.hour >= 18:
        return str(_("Good evening, %(name)s", name=name))
    if local.hour < 12:
        return str(_("Good morning, %(name)s", name=name))
    return str(_("Good afternoon, %(name)s", name=name))
