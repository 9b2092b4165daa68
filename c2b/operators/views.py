"""The overview: what needs an operator today, and how the site is doing."""

from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_decimal, ngettext
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.tables import asked, download, here
from c2b.operators import figures, health, setup
from c2b.operators.blueprint import bp
from c2b.operators.cards import cards, slowest, week_words
from c2b.operators.running import running
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
    "doubted": ("warn", "eye", "pipeline.second_looks"),
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
    joined = figures.joins(now, days, zone)
    if asked("format") == "csv":
        return _as_file(joined)
    waiting, stock = [_need(need) for need in needs(now)], figures.stock()
    passed = _named(now, days)
    return render_template(
        "operators/home.html",
        now=now,
        days=days,
        greeting=_greeting(now.astimezone(zone)),
        said=_said(len(waiting)),
        waiting=waiting,
        periods=[(_days(int(p)), here(days=None if p == "30" else p), int(p) == days) for p in PERIODS],
        csv=here(format="csv"),
        zone=zone.key,
        joins=joined,
        joins_said=_joins_said(joined, days),
        joined_rows=[
            [format_date(day, "medium", rebase=False), str(new), str(old)]
            for day, new, old in zip(joined.days, joined.counts, joined.before, strict=True)
        ],
        week=week_words(joined.week),
        stock=stock,
        new_site=not stock.by_state,
        steps=setup.steps() if not stock.by_state else [],
        cards=cards(joined, now, days),
        sales=figures.sales(now, days),
        funnel=[{"label": p.label, "value": p.count, "note": span(p.took)} for p in passed],
        funnel_rows=[[p.label, format_decimal(p.count), span(p.took)] for p in passed],
        slowest=_slowest(passed),
        nearly=figures.nearly(),
        batch=open_batch(now),
        running=running(now),
        runs=health.latest_work(3),
        job_words=job_words,
        parts=health.parts(now),
    )


def _slowest(passed: list[figures.Passed]) -> str:
    """What a stage took stands beside the one after it."""
    return slowest([(a.label, b.took.total_seconds() if b.took else None) for a, b in pairwise(passed)])


def _as_file(joined: figures.Joins) -> ResponseReturnValue:
    rows: list[list[Any]] = [["day", "joined", "before"]]
    rows += [
        [day.isoformat(), new, old]
        for day, new, old in zip(joined.days, joined.counts, joined.before, strict=True)
    ]
    return download(rows, "joined")


def _joins_said(joined: figures.Joins, days: int) -> str:
    words = ngettext(
        "%(total)s people joined in %(num)s day, %(before)s the day before.",
        "%(total)s people joined in %(num)s days, %(before)s in the days before.",
        days,
        total=format_decimal(joined.total),
        before=format_decimal(joined.total_before),
    )
    return str(words)


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
