"""The shopper's way when something is not right: send it back, cancel what is late, open a dispute."""

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound
from c2b.core.forms import attempt
from c2b.orders import disputes, queries, returns, unwinding
from c2b.orders.disputes import Claim
from c2b.orders.evidence import evidence_of
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.remedy_forms import DisputeForm, EvidenceForm, ReturnForm, SentBackForm
from c2b.orders.remedy_queries import dispute_page, remedies_of, return_page
from c2b.orders.remedy_rules import next_of_dispute, next_of_return, return_until, why_not_give_evidence
from c2b.orders.remedy_story import story_of_dispute, story_of_return
from c2b.orders.returns import ReturnRequest
from c2b.orders.states import DisputeCause, Party, ReturnCause
from c2b.orders.views import bp


@bp.route("/me/orders/<number>/return", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def ask_return(number: str) -> ResponseReturnValue:
    """Send something back."""
    order_id, by = queries.own_order(current_user.id, number).id, current_user.id
    form, status = ReturnForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            status = 409
            wanted = ReturnRequest(
                quantity=form.quantity.data or 0,
                cause=ReturnCause(form.cause.data),
                note=form.note.data or "",
                pictures=[upload.ref for upload in form.pictures.data],
                replace=bool(form.replace.data),
            )
            asked = attempt(form, lambda: returns.ask_return(order_id, wanted, by=by, now=utcnow()).id)
            if asked is not None:
                flash(_("The merchant has three days to answer. We write to you."), "ok")
                return redirect(url_for(".my_return", number=number, return_id=asked))
    now, order = utcnow(), get_or_404(Order, order_id)
    found = remedies_of(order, now)
    untils = {cause: return_until(order, cause) for cause in ReturnCause}
    html = render_template(
        "orders/return_ask.html", remedies=found, order=order, form=form, untils=untils, now=now
    )
    return html, status


@bp.get("/me/orders/<number>/returns/<int:return_id>")
@requires(Role.SHOPPER)
def my_return(number: str, return_id: int) -> ResponseReturnValue:
    """One return: where it is and what comes next."""
    return _return_page(number, return_id, SentBackForm(), 200)


def _return_page(number: str, return_id: int, form: SentBackForm, status: int) -> ResponseReturnValue:
    page = return_page(return_id, shopper_id=current_user.id)
    if page.order.number != number:
        raise NotFound
    html = render_template(
        "orders/return.html",
        **page._asdict(),
        next=next_of_return(page.back),
        story=story_of_return(page.back),
        form=form,
        now=utcnow(),
    )
    return html, status


def _own_return(number: str, return_id: int) -> int:
    order = queries.own_order(current_user.id, number)
    if get_or_404(Return, return_id).order_id != order.id:
        raise NotFound
    return return_id


@bp.post("/me/orders/<number>/returns/<int:return_id>/sent")
@requires(Role.SHOPPER)
def sent_back(number: str, return_id: int) -> ResponseReturnValue:
    """It is on its way back."""
    form, by = SentBackForm(), current_user.id
    _own_return(number, return_id)
    if not form.validate():
        return _return_page(number, return_id, form, 422)
    carrier, tracking = form.carrier.data or "", form.tracking.data or ""
    if attempt(form, lambda: returns.send_back(return_id, carrier, tracking, by=by, now=utcnow())):
        flash(_("Thank you. The merchant is told."), "ok")
        return redirect(url_for(".my_return", number=number, return_id=return_id))
    return _return_page(number, return_id, form, 409)


@bp.post("/me/orders/<number>/returns/<int:return_id>/withdraw")
@requires(Role.SHOPPER)
def withdraw_return(number: str, return_id: int) -> ResponseReturnValue:
    """I keep it after all."""
    _own_return(number, return_id)
    with transaction():
        returns.withdraw_return(return_id, by=current_user.id, now=utcnow())
    flash(_("The return is withdrawn."), "ok")
    return redirect(url_for(".order", number=number))


@bp.post("/me/orders/<number>/cancel")
@requires(Role.SHOPPER)
def cancel_late(number: str) -> ResponseReturnValue:
    """I do not want to wait any longer."""
    mine = queries.own_order(current_user.id, number)
    with transaction():
        unwinding.cancel_late(mine.id, by=current_user.id, now=utcnow())
    flash(_("The order is cancelled. Your money goes back to the card that you paid with."), "ok")
    return redirect(url_for(".order", number=number))


@bp.route("/me/orders/<number>/dispute", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def open_dispute(number: str) -> ResponseReturnValue:
    """Something is wrong, and the merchant does not help."""
    order_id, by = queries.own_order(current_user.id, number).id, current_user.id
    found = remedies_of(get_or_404(Order, order_id), utcnow())
    form, status = DisputeForm(), 200
    form.offer(found.causes)
    if form.is_submitted():
        status = 422
        if form.validate():
            status = 409
            claim = Claim(DisputeCause(form.cause.data), form.words.data or "", _refs(form))
            opened = attempt(form, lambda: disputes.open_dispute(order_id, claim, by=by, now=utcnow()).id)
            if opened is not None:
                flash(_("The merchant has three days to answer; then our staff rule. We write to you."), "ok")
                return redirect(url_for(".my_dispute", number=number, dispute_id=opened))
            found = remedies_of(get_or_404(Order, order_id), utcnow())
    html = render_template(
        "orders/dispute_open.html", remedies=found, order=found.order, form=form, now=utcnow()
    )
    return html, status


def _refs(form: EvidenceForm) -> list[str]:
    return [upload.ref for upload in form.pictures.data]


@bp.get("/me/orders/<number>/disputes/<int:dispute_id>")
@requires(Role.SHOPPER)
def my_dispute(number: str, dispute_id: int) -> ResponseReturnValue:
    """One dispute: what both sides say, and what comes next."""
    return _dispute_page(number, dispute_id, EvidenceForm(), 200)


def _dispute_page(number: str, dispute_id: int, form: EvidenceForm, status: int) -> ResponseReturnValue:
    page, now = dispute_page(dispute_id, shopper_id=current_user.id), utcnow()
    if page.order.number != number:
        raise NotFound
    html = render_template(
        "orders/dispute.html",
        **page._asdict(),
        evidence=evidence_of(dispute_id),
        story=story_of_dispute(page.dispute, evidence_of(dispute_id)),
        next=next_of_dispute(page.dispute),
        why_not=why_not_give_evidence(page.dispute, Party.SHOPPER, now),
        form=form,
        now=now,
    )
    return html, status


@bp.post("/me/orders/<number>/disputes/<int:dispute_id>/evidence")
@requires(Role.SHOPPER)
def my_evidence(number: str, dispute_id: int) -> ResponseReturnValue:
    """I have more to say."""
    _own_dispute(number, dispute_id)
    form, by = EvidenceForm(), current_user.id
    if not form.validate():
        return _dispute_page(number, dispute_id, form, 422)
    if attempt(form, said(dispute_id, Party.SHOPPER, form, by)):
        flash(_("It is handed in."), "ok")
        return redirect(url_for(".my_dispute", number=number, dispute_id=dispute_id))
    return _dispute_page(number, dispute_id, form, 409)


def said(dispute_id: int, party: Party, form: EvidenceForm, by: int) -> Callable[[], Dispute]:
    """What to do with evidence that was filled in."""
    words, pictures = form.words.data or "", _refs(form)
    return lambda: disputes.hand_in(dispute_id, party, words, pictures, by=by, now=utcnow())


def _own_dispute(number: str, dispute_id: int) -> None:
    order = queries.own_order(current_user.id, number)
    if get_or_404(Dispute, dispute_id).order_id != order.id:
        raise NotFound


@bp.post("/me/orders/<number>/disputes/<int:dispute_id>/withdraw")
@requires(Role.SHOPPER)
def withdraw_dispute(number: str, dispute_id: int) -> ResponseReturnValue:
    """It is settled for me."""
    _own_dispute(number, dispute_id)
    with transaction():
        disputes.withdraw_dispute(dispute_id, by=current_user.id, now=utcnow())
    flash(_("The dispute is withdrawn."), "ok")
    return redirect(url_for(".my_dispute", number=number, dispute_id=dispute_id))
