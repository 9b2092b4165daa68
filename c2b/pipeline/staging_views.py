"""Staging verdicts, taking them back, looking at the mails that would go out, and sending."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import flash, get_template_attribute, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound, Refused, Stale
from c2b.pipeline.blueprint import bp
from c2b.pipeline.forms import HandoverForm, VerdictForm
from c2b.pipeline.models import Offer
from c2b.pipeline.people import why_not_independent
from c2b.pipeline.queries import batch_by_number
from c2b.pipeline.review_models import StagedVerdict
from c2b.pipeline.review_views import batch_page, blind, offer_page
from c2b.pipeline.staging import send_staged, stage_verdict, take_back, write_handover
from c2b.pipeline.staging_queries import Decided, bar_of, decided_by, staged_on, waiting

MOST = 200  # offers in one go


@dataclass(frozen=True)
class Outcome:
    """What became of one verdict of several."""

    offer: Offer
    done: bool
    sentence: str
    stale: bool = False
    others: Sequence[Decided] = field(default_factory=tuple)


@bp.post("/review/a/<int:offer_id>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_offer_judge(offer_id: int) -> ResponseReturnValue:
    """Keep a verdict on what was seen, and go on to the next offer; nothing is sent."""
    offer, form = get_or_404(Offer, offer_id), VerdictForm()
    if not form.validate_on_submit():
        return _answer([], [_first_error(form)], 422) if _by_script() else (offer_page(offer, form), 422)
    try:
        with transaction():
            _stage(offer_id, form, form.seen.data or "")
    except Refused as no:
        if _by_script():
            return _answer([offer_id], [str(no)], 409)
        return offer_page(get_or_404(Offer, offer_id), form, stale=str(no)), 409
    if _by_script():
        return _answer([offer_id], [])
    offer = get_or_404(Offer, offer_id)
    hide = 1 if blind() else None
    if offer.batch is None:
        return redirect(url_for(".review", blind=hide))
    return redirect(url_for(".review_batch", number=offer.batch.number, blind=hide, **_view()))


@bp.post("/review/b/<int:number>")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_batch_judge(number: int) -> ResponseReturnValue:
    """Keep one verdict for all ticked offers; what cannot be kept is said of each."""
    batch, form = batch_by_number(number), VerdictForm()
    typed = request.form.getlist("offer")[:MOST]
    chosen = [int(id_) for id_ in typed if id_.isascii() and id_.isdecimal() and len(id_) < 16]
    valid = form.validate_on_submit()
    if valid and not chosen:
        form.note.errors = [*form.note.errors, _("Tick at least one offer.")]
    if not valid or not chosen:
        if _by_script():
            return _answer([], [_first_error(form)], 422)
        return batch_page(batch, form, ticked=chosen), 422
    refused = [said for id_ in chosen if (said := _try_to_stage(id_, form))]
    if _by_script():
        return _answer(chosen, refused)
    if refused:
        return batch_page(batch, VerdictForm(formdata=None), refused=refused)
    return redirect(url_for(".review_batch", number=number, blind=1 if blind() else None, **_view()))


def _try_to_stage(offer_id: int, form: VerdictForm) -> str:
    """Stage one of several, in a transaction of its own; the sentence where it was refused."""
    try:
        with transaction():
            _stage(offer_id, form, request.form.get(f"seen-{offer_id}", ""))
    except NotFound:
        return ""
    except Refused as no:
        return str(_("O-%(id)s: %(why)s", id=offer_id, why=str(no)))
    return ""


def _stage(offer_id: int, form: VerdictForm, seen: str) -> None:
    stage_verdict(
        offer_id,
        form.verdict,
        form.reasons.data or [],
        form.note.data or "",
        by=current_user.id,
        now=utcnow(),
        content_hash=seen,
        stage=form.stage.data or None,
    )


@bp.post("/review/undo")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_undo() -> ResponseReturnValue:
    """Take back the last staged verdict, or the one on the offer that is named."""
    typed = request.form.get("offer", "")
    named = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 16 else None
    with transaction():
        gone = take_back(named, by=current_user.id)
    if _by_script():
        return _answer([gone] if gone else [], [] if gone else [_("There is nothing to undo.")])
    if gone:
        flash(_("Undone: O-%(id)s has no verdict of yours now.", id=gone), "ok")
    else:
        flash(_("There is nothing to undo."), "info")
    return redirect(_back())


@bp.get("/review/send")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_send() -> ResponseReturnValue:
    """What will happen and which mails will go out."""
    return _send_page()


@bp.post("/review/send")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_send_now() -> ResponseReturnValue:
    """Give the verdicts that were shown, each in a transaction of its own; no refusal stops another one."""
    typed = request.form.getlist("one")[:MOST]
    ids = [int(id_) for id_ in typed if id_.isascii() and id_.isdecimal() and len(id_) < 16]
    outcomes = [outcome for id_ in dict.fromkeys(ids) if (outcome := _send(id_))]
    if not outcomes:
        flash(_("Nothing was sent: choose at least one verdict, or see what became of them."), "info")
        return redirect(url_for(".review_send", blind=1 if blind() else None))
    return _send_page(outcomes)


def _send(staged_id: int) -> Outcome | None:
    """One of the verdicts; None where it was sent or taken back already."""
    try:
        with transaction():
            line = send_staged(staged_id, by=current_user.id, now=utcnow())
            offer_id, label = line.offer_id, line.ruling.label
    except NotFound:
        return None
    except Refused as no:
        return _refused(staged_id, no)
    return Outcome(get_or_404(Offer, offer_id), True, label)


def _refused(staged_id: int, no: Refused) -> Outcome:
    """Why not. What can be looked at again is kept; what others have ended is not."""
    mine = get_or_404(StagedVerdict, staged_id)
    offer, stays = mine.offer, mine.stage == mine.offer.state
    others = () if why_not_independent(offer, current_user.id) else decided_by(offer)
    if not stays:
        with transaction():
            take_back(offer.id, by=current_user.id)
    return Outcome(get_or_404(Offer, offer.id), False, str(no), isinstance(no, Stale) and stays, others)


def _send_page(outcomes: Sequence[Outcome] = ()) -> str:
    now = utcnow()
    return render_template(
        "pipeline/review_send.html",
        waiting=waiting(current_user, now),
        outcomes=outcomes,
        sent=sum(one.done for one in outcomes),
        blind=blind(),
        now=now,
    )


@bp.post("/review/b/<int:number>/note")
@requires(Role.REVIEWER, Role.OPERATOR)
def review_handover(number: int) -> ResponseReturnValue:
    """Leave words for whoever reviews this batch next."""
    batch, form = batch_by_number(number), HandoverForm()
    if form.validate_on_submit():
        with transaction():
            write_handover(batch.id, form.words.data or "", by=current_user.id, now=utcnow())
        flash(_("The note is saved."), "ok")
    else:
        flash(_first_error(form), "bad")
    return redirect(url_for(".review_batch", number=number, blind=1 if blind() else None))


def _first_error(form: Any) -> str:
    return next((str(message) for messages in form.errors.values() for message in messages), "")


def _view() -> dict[str, Any]:
    """The reader's view, search and category, which stay as they were."""
    return {name: request.args[name] for name in ("view", "q", "category") if request.args.get(name)}


def _back() -> str:
    """The batch that the undo was pressed on, or the page of what is not sent."""
    number = request.form.get("batch", "")
    if number.isascii() and number.isdecimal() and len(number) < 10:
        return url_for(".review_batch", number=int(number), blind=1 if blind() else None, **_view())
    return url_for(".review_send", blind=1 if blind() else None)


def _by_script() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _answer(ids: Sequence[int], refused: Sequence[str], status: int = 200) -> ResponseReturnValue:
    """For the page's script: the marks of these rows as they are now, the bar, and a sentence to be read out."""
    bar = bar_of(current_user.id)
    mark = get_template_attribute("pipeline/_mark.html", "staged_mark")
    rows = {id_: str(mark(one)) if (one := staged_on(id_, current_user.id)) else "" for id_ in ids}
    said = " ".join(refused) or ngettext(
        "%(num)s verdict not sent yet.", "%(num)s verdicts not sent yet.", bar.total
    )
    html = render_template("pipeline/_staged.html", bar=bar, blind=blind(), batch_number=_number_typed())
    return jsonify(rows=rows, bar=html, total=bar.total, said=said, refused=bool(refused)), status


def _number_typed() -> str:
    typed = request.form.get("batch", "")
    return typed if typed.isascii() and typed.isdecimal() and len(typed) < 10 else ""
