"""Launches as operators see them: how far the charging is, and every request for money."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, get_or_404
from c2b.core.events import history
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.orders import late, queries
from c2b.orders.progress import progress_of, runs_of
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

SORTS = {
    "new": Sort(_l("Newest"), Launch.id, down=True),
    "old": Sort(_l("Oldest"), Launch.id),
    "units": Sort(_l("Largest"), Launch.allocated, down=True),
}

bp = Blueprint("launches", __name__, url_prefix="/ops/launches")


@bp.get("")
@requires(Role.OPERATOR)
def index() -> ResponseReturnValue:
    """All launches by state, newest first, with their progress."""
    state = asked("state", [str(s) for s in LaunchState])
    statement = select(Launch, Campaign).join(Campaign, Campaign.id == Launch.campaign_id)
    found = find(
        statement.where(Launch.state == state) if state else statement,
        SORTS,
        Launch.id,
        search=(Campaign.title,),
        per=30,
    )
    if found.as_file:
        return found.file("launches", _headings(), _cells)
    launches, now = [launch for launch, _campaign in found.rows], utcnow()
    progress = progress_of(launches)
    runs = runs_of(launches, progress, now=now)
    return render_template(
        "orders/launches.html", table=found, filters=_filters(state), progress=progress, runs=runs, now=now
    )


def _filters(state: str) -> list[tuple[str, str, int, bool]]:
    rows = db.session.execute(select(Launch.state, func.count()).group_by(Launch.state)).all()
    counts = {str(s): n for s, n in rows}
    return [
        (_("All"), here(state=None), sum(counts.values()), not state),
        *((s.label, here(state=str(s)), counts.get(str(s), 0), state == s) for s in LaunchState),
    ]


def _headings() -> list[str]:
    return [
        _("Campaign"), _("State"), _("Price"), _("Units"), _("Failed"), _("Waiting"), _("Charged"), _("Currency"),
        _("Opened"),
    ]  # fmt: skip


def _cells(rows: Sequence[Any]) -> list[list[Any]]:
    """The lines of one part, whose progress is read at once."""
    progress = progress_of([launch for launch, _campaign in rows])
    return [
        [
            c.title, one.state.label, Amount(one.unit_price, one.currency), one.allocated,
            progress[one.id].failed, progress[one.id].waiting,
            Amount(progress[one.id].amount_captured, one.currency), one.currency, moment(one.opened_at),
        ]
        for one, c in rows
    ]  # fmt: skip


@bp.get("/<int(max=9223372036854775807):launch_id>")
@requires(Role.OPERATOR)
def show(launch_id: int) -> ResponseReturnValue:
    """One launch: price, units, money, attempts, history."""
    launch = get_or_404(Launch, launch_id)
    attempts = queries.attempts_of(launch_id).page()
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
        names=names_of(shopper_id for _attempt, shopper_id in attempts.rows),
        lines=history(launch),
        words={
            "launch.opened": _("Opened"),
            late.DUE_SOON: _("The merchant was reminded of the promised day"),
            late.OVERDUE: _("The merchant was told that orders are overdue"),
            late.KEPT: _("Sent as promised"),
            late.BROKEN: _("Not sent as promised"),
            **{f"launch.{state}": state.label for state in LaunchState},
        },
        now=now,
    )
