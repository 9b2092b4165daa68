"""Launches as operators see them: how far the charging is, and every request for money."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404
from c2b.core.events import history
from c2b.orders import late, queries
from c2b.orders.pages import page_number
from c2b.orders.progress import progress_of, runs_of
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

bp = Blueprint("launches", __name__, url_prefix="/ops/launches")


@bp.get("")
@requires(Role.OPERATOR)
def index() -> ResponseReturnValue:
    """All launches, newest first, with their progress."""
    page = page_number()
    rows, more = queries.all_launches(page=page)
    launches, now = [launch for launch, _campaign in rows], utcnow()
    progress = progress_of(launches)
    runs = runs_of(launches, progress, now=now)
    return render_template(
        "orders/launches.html", rows=rows, progress=progress, runs=runs, page=page, more=more, now=now
    )


@bp.get("/<int(max=9223372036854775807):launch_id>")
@requires(Role.OPERATOR)
def show(launch_id: int) -> ResponseReturnValue:
    """One launch: price, units, money, attempts, history."""
    launch = get_or_404(Launch, launch_id)
    page = page_number()
    attempts, more = queries.attempts_of(launch_id, page=page)
    progress, now = progress_of([launch]), utcnow()
    return render_template(
        "orders/launch.html",
        launch=launch,
        campaign=launch.campaign,
        offer=launch.offer,
        merchant=launch.offer.merchant,
        progress=progress[launch.id],
        run=runs_of([launch], progress, now=now).get(launch.id),
        attempts=attempts,
        names=names_of(shopper_id for _attempt, shopper_id in attempts),
        lines=history(launch),
        words={
            "launch.opened": _("Opened"),
            late.DUE_SOON: _("The merchant was reminded of the promised day"),
            late.OVERDUE: _("The merchant was told that orders are overdue"),
            late.KEPT: _("Sent as promised"),
            late.BROKEN: _("Not sent as promised"),
            **{f"launch.{state}": state.label for state in LaunchState},
        },
        page=page,
        more=more,
        now=now,
    )
