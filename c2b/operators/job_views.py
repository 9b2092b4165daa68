"""Jobs: when each ran, what it did, what fails; and a button that asks the clock to run one now."""

from collections.abc import Sequence

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from c2b.accounts.queries import names_of
from c2b.core import claims
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.runs import Run, ask_for, last_runs
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.operators.blueprint import bp
from c2b.operators.wording import job_words

SORTS = {"new": Sort(_l("Newest"), Run.id, down=True), "old": Sort(_l("Oldest"), Run.id)}
SHOWN = ("work", "trouble", "hand")


@bp.get("/jobs")
@requires(Role.OPERATOR)
def jobs() -> ResponseReturnValue:
    """Each job with its newest run, and the rows that failed."""
    waiting = set(db.session.scalars(select(Run.name).where(Run.started_at.is_(None))))
    failing = db.session.scalars(
        select(claims.Claim).where(claims.Claim.failures > 0).order_by(claims.Claim.until).limit(100)
    ).all()
    return render_template(
        "operators/jobs.html",
        runs=last_runs(),
        waiting=waiting,
        failing=failing,
        database_time=claims.database_time(),
        job_words=job_words,
        now=utcnow(),
    )


@bp.get("/jobs/<name>")
@requires(Role.OPERATOR)
def job(name: str) -> ResponseReturnValue:
    """One job's runs, newest first."""
    _must_be_known(name)
    shown = asked("show", SHOWN)
    statement = select(Run).where(Run.name == name)
    if shown == "work":
        statement = statement.where(Run.done > 0)
    elif shown == "trouble":
        statement = statement.where((Run.failed > 0) | Run.error.is_not(None))
    elif shown == "hand":
        statement = statement.where(Run.by.is_not(None))
    labels = (
        (_("All"), ""),
        (_("With work"), "work"),
        (_("With trouble"), "trouble"),
        (_("Asked for"), "hand"),
    )
    found = find(statement, SORTS, Run.id)
    if found.as_file:
        headings = [_("Due"), _("Begun"), _("Ended"), _("Done"), _("Refused"), _("Failed"), _("Why")]
        return found.file(f"runs-{name}", headings, _cells)
    return render_template(
        "operators/job.html",
        name=name,
        words=job_words(name),
        table=found,
        names=names_of(run.by for run in found.rows if run.by),
        filters=[(text, here(show=key or None), None, key == shown) for text, key in labels],
        now=utcnow(),
    )


def _cells(runs: Sequence[Run]) -> list[list[object]]:
    return [
        [moment(r.due_at), moment(r.started_at), moment(r.finished_at), r.done, r.refused, r.failed, r.error]
        for r in runs
    ]


@bp.post("/jobs/<name>/run")
@requires(Role.OPERATOR)
def run_job(name: str) -> ResponseReturnValue:
    """Ask the clock to run a job; it does within seconds."""
    _must_be_known(name)
    with transaction():
        ask_for(name, by=current_user.id, now=utcnow())
    flash(_("The clock will run it within seconds."), "ok")
    return redirect(url_for(".jobs"))


@bp.post("/jobs/retry")
@requires(Role.OPERATOR)
def retry_row() -> ResponseReturnValue:
    """Let a row that failed be tried again at the next run."""
    item = request.form.get("item", "")
    if not item.isascii() or not item.isdigit() or len(item) > 18:
        abort(400)
    with transaction():
        rested = claims.wake(request.form.get("work", ""), int(item))
    flash(_("It is tried again at the next run.") if rested else _("It does not wait any more."), "ok")
    return redirect(url_for(".jobs"))


def _must_be_known(name: str) -> None:
    if db.session.scalar(select(Run.id).where(Run.name == name).limit(1)) is None:
        abort(404)
