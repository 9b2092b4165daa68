"""Batches: their dates, and who is in them."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.core.events import history
from c2b.core.forms import attempt
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.operators.blueprint import bp
from c2b.operators.forms import DatesForm
from c2b.operators.operations import change_dates
from c2b.operators.rules import CHANGED_IN, DATES
from c2b.pipeline.models import Batch, BatchEntry, Offer, Place, Slot
from c2b.pipeline.queries import batch_by_number
from c2b.pipeline.states import BatchState

SORTS = {
    "new": Sort(_l("Newest"), Batch.id, down=True),
    "old": Sort(_l("Oldest"), Batch.id),
}


@bp.get("/batches")
@requires(Role.OPERATOR)
def batches() -> ResponseReturnValue:
    """All batches, newest first, with how much is in them."""
    entries = select(func.count()).where(BatchEntry.batch_id == Batch.id).scalar_subquery()
    offers = select(func.count()).where(Offer.batch_id == Batch.id).scalar_subquery()
    places = (
        select(func.count(), func.count(Place.campaign_id))
        .select_from(Place)
        .join(Slot, Slot.id == Place.slot_id)
        .where(Slot.batch_id == Batch.id)
    )
    statement = select(
        Batch,
        entries.label("campaigns"),
        offers.label("offers"),
        places.with_only_columns(func.count()).scalar_subquery().label("places"),
        places.with_only_columns(func.count(Place.campaign_id)).scalar_subquery().label("booked"),
    )
    state = asked("state", [str(s) for s in BatchState])
    found = find(
        statement.where(Batch.state == state) if state else statement, SORTS, Batch.id, per=20, named=True
    )
    if found.as_file:
        return found.file("batches", _headings(), _cells)
    counts = dict(db.session.execute(select(Batch.state, func.count()).group_by(Batch.state)).all())
    return render_template(
        "operators/batches.html",
        table=found,
        filters=[
            (_("All"), here(state=None), sum(counts.values()), not state),
            *((s.label, here(state=str(s)), counts.get(s, 0), state == s) for s in BatchState),
        ],
        now=utcnow(),
    )


def _headings() -> list[str]:
    dates = [_("Sign-up closes"), _("Samples are due"), _("Review"), _("First launch day"), _("Launches end")]
    return [_("Batch"), _("State"), *dates, _("Campaigns"), _("Offers"), _("In use"), _("Places")]


def _cells(rows: Sequence[Any]) -> list[list[Any]]:
    return [
        [
            row.Batch.number, row.Batch.state.label, moment(row.Batch.signup_closes_at),
            moment(row.Batch.samples_due_at), moment(row.Batch.review_at), moment(row.Batch.launch_from),
            moment(row.Batch.launch_until), row.campaigns, row.offers, row.booked, row.places,
        ]
        for row in rows
    ]  # fmt: skip


@bp.get("/batches/<int:number>")
@requires(Role.OPERATOR)
def batch(number: int) -> ResponseReturnValue:
    """One batch: its dates, its campaigns, its diary."""
    return _page(number)


@bp.post("/batches/<int:number>")
@requires(Role.OPERATOR)
def change_batch(number: int) -> ResponseReturnValue:
    """Other dates for a batch that is not decided yet, with the reason."""
    form = DatesForm()
    if not form.validate_on_submit():
        return _page(number, form), 422
    found = batch_by_number(number)
    old = {name: getattr(found, name) for name in DATES}
    moments = form.moments(old, _zone())

    def act() -> bool:
        change_dates(found.id, moments, form.reason.data, by=current_user.id, now=utcnow())
        return True

    if not attempt(form, act):
        return _page(number, form), 409
    flash(_("The dates are changed; everything that is due by them has moved."), "ok")
    return redirect(url_for(".batch", number=number))


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["C2B"].time_zone)


def _page(number: int, form: DatesForm | None = None) -> str:
    found = batch_by_number(number)
    if form is None:
        form = DatesForm(formdata=None)
        form.fill({name: getattr(found, name) for name in DATES}, _zone())
    offers = select(func.count()).where(Offer.batch_id == found.id, Offer.campaign_id == Campaign.id)
    members = db.session.execute(
        select(
            Campaign.title,
            Campaign.slug,
            Campaign.state,
            BatchEntry.attempt,
            offers.scalar_subquery().label("offers"),
        )
        .join(BatchEntry, BatchEntry.campaign_id == Campaign.id)
        .where(BatchEntry.batch_id == found.id)
        .order_by(BatchEntry.id)
        .limit(200)
    ).all()
    diary = list(reversed(history(found)))
    return render_template(
        "operators/batch.html",
        batch=found,
        form=form,
        names_of_dates=DATES,
        changeable=str(found.state) in CHANGED_IN,
        members=members,
        diary=diary,
        names=names_of(line.by for line in diary if line.by),
        zone=str(_zone()),
        now=utcnow(),
    )
