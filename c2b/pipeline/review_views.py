"""Pages of reviewers: batches and queues, one batch side by side, one offer with its verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound, Refused, refuse
from c2b.pipeline import stages
from c2b.pipeline.blueprint import bp
from c2b.pipeline.engine import give_verdict
from c2b.pipeline.forms import VerdictForm
from c2b.pipeline.models import Batch, Offer
from c2b.pipeline.queries import batch_by_number
from c2b.pipeline.review_pane import pane
from c2b.pipeline.review_queries import (
    Group,
    Row,
    batch_groups,
    batch_lines,
    groups_of,
    judged_by,
    offers_of_stage,
    queues_for,
)
from c2b.pipeline.sample_queries import sample_counts

VIEWS = ("open", "warning", "second", "all")


@dataclass(frozen=True)
class Outcome:
    """What became of one verdict of many."""

    offer: Offer
    done: bool
    sentence: str


def blind() -> bool:
    """Whether the merchants' names are hidden on this page."""
    return request.args.get("blind") == "1"


@bp.get("/review")
@requires(Role.REVIEWER, Role.OPERATOR)
def review() -> ResponseReturnValue:
    """What waits for this person, and the latest batches."""
    now = utcnow()
    return render_template(
        "pipeline/review.html",
        queues=queues_for(current_user, now),
        batches=batch_lines(),
        samples=sample_counts(now),
        now=now,
    )


@bp.get("/review/q/<key>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_queue(key: str) -> ResponseReturnValue:
    """Everything in one stage, whichever batch it belongs to."""
    stage = stages.STAGES.get(key)
    if stage is None or stage not in judged_by(current_user):
        raise NotFound
    now = utcnow()
    groups = groups_of(offers_of_stage(key), current_user, now)
    return render_template(
        "pipeline/review_queue.html", stage=stage, groups=_without_conflicts(groups), blind=blind(), now=now
    )


@bp.get("/review/b/<int:number>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_batch(number: int) -> ResponseReturnValue:
    """Decide a batch."""
    return _batch_page(batch_by_number(number), VerdictForm(formdata=None))


@bp.post("/review/b/<int:number>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_batch_judge(number: int) -> ResponseReturnValue:
    """One verdict for all ticked offers; each has an outcome of its own."""
    batch, form = batch_by_number(number), VerdictForm()
    chosen = [int(id_) for id_ in request.form.getlist("offer") if id_.isascii() and id_.isdecimal()][:200]
    valid = form.validate_on_submit()
    if valid and not chosen:
        form.note.errors = [*form.note.errors, _("Tick at least one offer.")]
    if not valid or not chosen:
        return _batch_page(batch, form, ticked=chosen), 422
    outcomes = [_judge(id_, form, request.form.get(f"seen-{id_}", "")) for id_ in chosen]
    return _batch_page(batch, VerdictForm(formdata=None), outcomes=[one for one in outcomes if one])


def _judge(offer_id: int, form: VerdictForm, seen: str) -> Outcome | None:
    """One of many verdicts, in a transaction of its own, so that a refused one stops no other."""
    try:
        with transaction():
            _give(offer_id, form, seen)
    except NotFound:
        return None
    except Refused as no:
        return Outcome(get_or_404(Offer, offer_id), False, str(no))
    return Outcome(get_or_404(Offer, offer_id), True, form.verdict.label)


def _give(offer_id: int, form: VerdictForm, seen: str) -> None:
    give_verdict(
        offer_id,
        form.verdict,
        form.reason,
        by=current_user.id,
        now=utcnow(),
        evidence=form.evidence,
        content_hash=seen,
        stage=form.stage.data or None,
    )


def _batch_page(
    batch: Batch, form: VerdictForm, *, outcomes: Sequence[Outcome] = (), ticked: Sequence[int] = ()
) -> str:
    now = utcnow()
    groups = _without_conflicts(batch_groups(batch, current_user, now))
    rows = [row for group in groups for row in group.rows]
    view = request.args.get("view", "open")
    view = view if view in VIEWS else "open"
    shown = [
        Group(g.campaign, kept) for g in groups if (kept := [row for row in g.rows if _is_in(row, view)])
    ]
    chosen = _chosen(rows, [row for group in shown for row in group.rows])
    return render_template(
        "pipeline/review_batch.html",
        batch=batch,
        groups=shown,
        counts={name: sum(_is_in(row, name) for row in rows) for name in VIEWS},
        decided=sum(not _is_pending(row) for row in rows),
        total=len(rows),
        view=view,
        pane=pane(chosen.offer, current_user, now) if chosen else None,
        form=form,
        verdict_form=_form_for(chosen.offer) if chosen else None,
        outcomes=outcomes,
        ticked=ticked,
        blind=blind(),
        now=now,
    )


def _without_conflicts(groups: Sequence[Group]) -> list[Group]:
    """Whoever belongs to a competing firm does not see the others' prices."""
    return [g for g in groups if all(current_user.id not in _firm_people(row) for row in g.rows)]


def _firm_people(row: Row) -> set[int]:
    return {row.offer.created_by, *(staff.user_id for staff in row.offer.merchant.staff)}


def _is_pending(row: Row) -> bool:
    stage = stages.STAGES.get(row.offer.state)
    return stage is not None and row.offer.state not in ("scheduling", "launch")


def _is_in(row: Row, view: str) -> bool:
    return {
        "open": row.open,
        "warning": "warn" in row.squares and _is_pending(row),
        "second": row.open and row.passes > 0,
        "all": True,
    }[view]


def _chosen(rows: Sequence[Row], shown: Sequence[Row]) -> Row | None:
    """The offer in the pane: the one asked for, else the first that is shown."""
    asked = request.args.get("offer", "")
    return next((row for row in rows if str(row.offer.id) == asked), shown[0] if shown else None)


def _form_for(offer: Offer) -> VerdictForm:
    return VerdictForm(formdata=None, data={"seen": offer.content_hash, "stage": offer.state})


@bp.get("/review/a/<int:offer_id>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_offer(offer_id: int) -> ResponseReturnValue:
    """One offer with everything that speaks for and against it."""
    offer = get_or_404(Offer, offer_id)
    return _offer_page(offer, _form_for(offer))


@bp.post("/review/a/<int:offer_id>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_offer_judge(offer_id: int) -> ResponseReturnValue:
    """Give the verdict on what was seen, and go on to the next one."""
    offer, form = get_or_404(Offer, offer_id), VerdictForm()
    if not form.validate_on_submit():
        return _offer_page(offer, form), 422
    with transaction():
        _give(offer_id, form, form.seen.data or "")
    offer = get_or_404(Offer, offer_id)
    ruling = form.verdict.label
    flash(_("%(ruling)s: your verdict on offer %(id)s is kept.", ruling=ruling, id=f"O-{offer_id}"), "ok")
    hide = 1 if blind() else None
    if offer.batch is None:
        return redirect(url_for(".review", blind=hide))
    return redirect(url_for(".review_batch", number=offer.batch.number, blind=hide))


def _offer_page(offer: Offer, form: VerdictForm) -> str:
    now = utcnow()
    seen = pane(offer, current_user, now)
    refuse(seen.conflict)
    return render_template("pipeline/review_offer.html", pane=seen, verdict_form=form, blind=blind(), now=now)
