"""Pages of reviewers: batches and queues, one batch side by side, one offer with its verdict."""

from collections.abc import Sequence
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from c2b.campaigns.categories import Category
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404
from c2b.core.errors import NotFound, refuse
from c2b.pipeline import stages
from c2b.pipeline.blueprint import bp
from c2b.pipeline.forms import VerdictForm
from c2b.pipeline.models import Batch, Offer
from c2b.pipeline.queries import batch_by_number
from c2b.pipeline.review_pane import likes, pane
from c2b.pipeline.review_queries import (
    Group,
    Row,
    batch_groups,
    batch_lines,
    groups_of,
    judged_by,
    next_batch,
    offers_of_stage,
    queues_for,
)
from c2b.pipeline.review_table import chosen_view, csv_of, shown_in, without_conflicts
from c2b.pipeline.sample_queries import sample_counts
from c2b.pipeline.second_look import waiting_looks
from c2b.pipeline.staging import handover
from c2b.pipeline.staging_queries import bar_of, decided_by, staged_on


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
        looks=len(waiting_looks(current_user.id)),
        bar=bar_of(current_user.id),
        blind=False,
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
    groups = without_conflicts(groups_of(offers_of_stage(key), current_user, now))
    chosen = _chosen(groups)
    return render_template(
        "pipeline/review_queue.html",
        stage=stage,
        groups=groups,
        chosen=chosen,
        pane=pane(chosen, current_user, now) if chosen else None,
        verdict_form=form_for(chosen) if chosen else None,
        bar=bar_of(current_user.id),
        blind=blind(),
        now=now,
    )


@bp.get("/review/b/<int:number>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_batch(number: int) -> ResponseReturnValue:
    """Decide a batch; as a table for a spreadsheet with `format=csv`."""
    batch = batch_by_number(number)
    if request.args.get("format") == "csv":
        groups = without_conflicts(batch_groups(batch, current_user, utcnow()))
        table = csv_of(shown_in(groups, chosen_view(request.args)), hide=blind())
        named = {"Content-Disposition": f'attachment; filename="batch-{number}.csv"'}
        return Response(table, mimetype="text/csv", headers=named)
    return batch_page(batch, VerdictForm(formdata=None))


def batch_page(
    batch: Batch, form: VerdictForm, *, refused: Sequence[str] = (), ticked: Sequence[int] = ()
) -> str:
    """The batch side by side, with what was typed and what was refused."""
    now, view = utcnow(), chosen_view(request.args)
    groups = without_conflicts(batch_groups(batch, current_user, now))
    rows = [row for group in groups for row in group.rows]
    shown = shown_in(groups, view)
    chosen = _chosen(shown, rows)
    return render_template(
        "pipeline/review_batch.html",
        batch=batch,
        groups=shown,
        view=view,
        counts=view.counts(rows),
        decided=sum(not row.pending for row in rows),
        total=len(rows),
        following=next_batch(batch, now),
        handover=handover(batch.id),
        pane=pane(chosen, current_user, now) if chosen else None,
        form=form,
        verdict_form=form_for(chosen) if chosen else None,
        bar=bar_of(current_user.id),
        refused=refused,
        ticked=ticked,
        categories=list(Category),
        blind=blind(),
        now=now,
    )


def _chosen(shown: Sequence[Group], rows: Sequence[Row] = ()) -> Offer | None:
    """The offer in the pane: the one asked for, else the first that is shown."""
    seen = [row for group in shown for row in group.rows]
    asked = request.args.get("offer", "")
    row = next((row for row in [*seen, *rows] if str(row.offer.id) == asked), seen[0] if seen else None)
    return row.offer if row else None


def form_for(offer: Offer) -> VerdictForm:
    """The verdict form with what this reviewer has staged, bound to the content that is shown."""
    kept: dict[str, Any] = {"seen": offer.content_hash, "stage": offer.state}
    mine = staged_on(offer.id, current_user.id)
    if mine is not None:
        kept |= {"reasons": mine.reasons, "note": mine.note}
    return VerdictForm(formdata=None, data=kept)


@bp.get("/review/a/<int:offer_id>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_offer(offer_id: int) -> ResponseReturnValue:
    """One offer with everything that speaks for and against it; its pane alone with `part=pane`."""
    offer = get_or_404(Offer, offer_id)
    if request.args.get("part") == "pane":
        now = utcnow()
        seen = pane(offer, current_user, now)
        refuse(seen.conflict)
        return render_template(
            "pipeline/_pane.html", pane=seen, verdict_form=form_for(offer), blind=blind(), full=False, now=now
        )
    return offer_page(offer, form_for(offer))


def offer_page(offer: Offer, form: VerdictForm, *, stale: str = "") -> str:
    """The full page; `stale` says what was in the way of a verdict."""
    now = utcnow()
    seen = pane(offer, current_user, now)
    refuse(seen.conflict)
    return render_template(
        "pipeline/review_offer.html",
        pane=seen,
        similar=likes(offer, current_user),
        verdict_form=form,
        bar=bar_of(current_user.id),
        stale=stale,
        others=decided_by(offer) if stale or seen.why_not else (),
        blind=blind(),
        now=now,
    )
