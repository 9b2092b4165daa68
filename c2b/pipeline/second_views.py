"""The page of second looks: what is drawn for this reader, blind, and what such looks have found."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.pipeline.blueprint import bp
from c2b.pipeline.forms import VerdictForm
from c2b.pipeline.review_pane import pane
from c2b.pipeline.second_look import look_again, looks, waiting_looks


@bp.get("/review/second")
@requires(Role.REVIEWER, Role.OPERATOR)
def second_looks() -> ResponseReturnValue:
    """One of the offers that wait for a second look of this reader, beside its evidence."""
    return _page(None)


@bp.post("/review/second/<int:offer_id>")
@requires(Role.REVIEWER, Role.OPERATOR)
def second_look(offer_id: int) -> ResponseReturnValue:
    """Say what the second look found."""
    form = VerdictForm()
    if not form.validate_on_submit():
        return _page(form, offer_id), 422
    with transaction():
        look_again(
            offer_id,
            form.verdict,
            form.reasons.data or [],
            form.note.data or "",
            by=current_user.id,
            now=utcnow(),
            content_hash=form.seen.data or "",
        )
    flash(_("Saved."), "ok")
    return redirect(url_for(".second_looks"))


def _page(form: VerdictForm | None, offer_id: int | None = None) -> str:
    waiting, now = waiting_looks(current_user.id), utcnow()
    asked = str(offer_id) if offer_id is not None else request.args.get("offer", "")
    first = waiting[0] if waiting else None
    chosen = next((offer for offer in waiting if str(offer.id) == asked), first)
    kept = {"seen": chosen.content_hash, "stage": chosen.state} if chosen else {}
    return render_template(
        "pipeline/second_looks.html",
        waiting=waiting,
        chosen=chosen,
        pane=pane(chosen, current_user, now) if chosen else None,
        verdict_form=form or VerdictForm(formdata=None, data=kept),
        done=looks(current_user.id),
        now=now,
    )
