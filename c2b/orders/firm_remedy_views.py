"""The firm's side when something is not right: answer returns and disputes, pay back, say that goods are missing."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import func
from wtforms.fields.choices import SelectChoice

from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.forms import attempt
from c2b.core.tables import Sort, find, moment
from c2b.core.text import mark as _l
from c2b.orders import order_queries, returns, unwinding
from c2b.orders.delivery_forms import ParcelForm
from c2b.orders.evidence import evidence_of
from c2b.orders.firm_views import carrier_names, my_firm
from c2b.orders.models import Order, Return
from c2b.orders.refunding import left_to_refund, refund_order
from c2b.orders.remedy_forms import AddressForm, EvidenceForm, GoodwillForm, OutOfStockForm, WordsForm
from c2b.orders.remedy_queries import dispute_page, disputes_of_firm, return_page, returns_of_firm
from c2b.orders.remedy_rules import next_of_dispute, next_of_return, why_not_give_evidence
from c2b.orders.remedy_story import story_of_dispute, story_of_return
from c2b.orders.remedy_views import said
from c2b.orders.states import OrderState, Party
from c2b.orders.views import bp
from c2b.payments.states import RefundCause

FAR = datetime(2200, 1, 1, tzinfo=UTC)  # what needs nobody comes last
SORTS = {
    "due": Sort(_l("Your move first"), func.coalesce(Return.due_at, FAR)),
    "new": Sort(_l("Newest"), Return.id, down=True),
}
MOST_ORDERS = 200  # on the page of what cannot be sent


@bp.get("/sell/returns")
@requires(Role.MERCHANT)
def firm_returns() -> ResponseReturnValue:
    """Returns and disputes of my firm, those that wait for us first."""
    firm_id = my_firm().id
    found = find(returns_of_firm(firm_id), SORTS, Return.id, search=(Order.number, Campaign.title))
    if found.as_file:
        headings = [
            _("Order"),
            _("Goods"),
            _("Why"),
            _("Units"),
            _("State"),
            _("Asked"),
            _("Next move until"),
        ]
        return found.file("returns", headings, _cells)
    return render_template(
        "orders/firm_returns.html",
        table=found,
        disputes=disputes_of_firm(firm_id),
        next_of_return=next_of_return,
        next_of_dispute=next_of_dispute,
        now=utcnow(),
    )


def _cells(rows: Sequence[Any]) -> list[list[object]]:
    return [
        [order.number, campaign.title, back.cause.label, back.quantity, back.state.label, moment(back.asked_at),
         moment(back.due_at)]
        for back, order, campaign in rows
    ]  # fmt: skip


@bp.get("/sell/returns/<int:return_id>")
@requires(Role.MERCHANT)
def firm_return(return_id: int) -> ResponseReturnValue:
    """One return: what the shopper says, and what I can do."""
    return _return_page(return_id, {}, 200)


def _return_page(return_id: int, forms: dict[str, FlaskForm], status: int) -> ResponseReturnValue:
    page = return_page(return_id, merchant_id=my_firm().id)
    blank: dict[str, FlaskForm] = {
        "accept": AddressForm(formdata=None, address=returns.address_of(page.merchant.id)),
        "decline": WordsForm(formdata=None),
        "replace": ParcelForm(formdata=None),
    }
    html = render_template(
        "orders/firm_return.html",
        **page._asdict(),
        forms=blank | forms,
        name=names_of([page.order.shopper_id]).get(page.order.shopper_id, ""),
        next=next_of_return(page.back),
        story=story_of_return(page.back),
        carrier_names=carrier_names(),
        now=utcnow(),
    )
    return html, status


def _answer(
    return_id: int, name: str, form: FlaskForm, act: Callable[..., Any], done: str
) -> ResponseReturnValue:
    """Do what a form of the page asks for, or show the page with what was typed."""
    firm_id, by = my_firm().id, current_user.id
    return_page(return_id, merchant_id=firm_id)
    if not form.validate():
        return _return_page(return_id, {name: form}, 422)
    if attempt(form, lambda: act(merchant_id=firm_id, by=by, now=utcnow())):
        flash(done, "ok")
        return redirect(url_for(".firm_return", return_id=return_id))
    return _return_page(return_id, {name: form}, 409)


@bp.post("/sell/returns/<int:return_id>/accept")
@requires(Role.MERCHANT)
def accept_return(return_id: int) -> ResponseReturnValue:
    """Yes, and here it goes."""
    form = AddressForm()

    def act(**who: Any) -> Any:
        return returns.accept_return(return_id, form.address.data or "", **who)

    return _answer(return_id, "accept", form, act, _("It is accepted. The shopper has a week to send it."))


@bp.post("/sell/returns/<int:return_id>/decline")
@requires(Role.MERCHANT)
def decline_return(return_id: int) -> ResponseReturnValue:
    """No, and why."""
    form = WordsForm()

    def act(**who: Any) -> Any:
        return returns.decline_return(return_id, form.words.data or "", **who)

    return _answer(return_id, "decline", form, act, _("It is declined. The shopper reads your reason."))


@bp.post("/sell/returns/<int:return_id>/replace")
@requires(Role.MERCHANT)
def replace_return(return_id: int) -> ResponseReturnValue:
    """Others are on their way."""
    form = ParcelForm()

    def act(**who: Any) -> Any:
        carrier, tracking = form.carrier.data or "", form.tracking.data or ""
        return returns.replace_return(return_id, carrier, tracking, **who)

    return _answer(return_id, "replace", form, act, _("The replacement is on its way. The shopper is told."))


@bp.post("/sell/returns/<int:return_id>/received")
@requires(Role.MERCHANT)
def received_back(return_id: int) -> ResponseReturnValue:
    """The goods are here again."""
    with transaction():
        returns.receive_back(return_id, merchant_id=my_firm().id, by=current_user.id, now=utcnow())
    flash(_("Noted. Pay back or send a replacement within three days."), "ok")
    return redirect(url_for(".firm_return", return_id=return_id))


@bp.post("/sell/returns/<int:return_id>/refund")
@requires(Role.MERCHANT)
def refund_return(return_id: int) -> ResponseReturnValue:
    """Pay it back."""
    with transaction():
        returns.refund_return(return_id, merchant_id=my_firm().id, by=current_user.id, now=utcnow())
    flash(_("The money goes back to the shopper, who is told."), "ok")
    return redirect(url_for(".firm_return", return_id=return_id))


@bp.get("/sell/disputes/<int:dispute_id>")
@requires(Role.MERCHANT)
def firm_dispute(dispute_id: int) -> ResponseReturnValue:
    """One dispute: what was said, and until when I can answer."""
    return _dispute_page(dispute_id, EvidenceForm(), 200)


def _dispute_page(dispute_id: int, form: EvidenceForm, status: int) -> ResponseReturnValue:
    page, now = dispute_page(dispute_id, merchant_id=my_firm().id), utcnow()
    evidence = evidence_of(dispute_id)
    html = render_template(
        "orders/firm_dispute.html",
        **page._asdict(),
        evidence=evidence,
        story=story_of_dispute(page.dispute, evidence),
        next=next_of_dispute(page.dispute),
        why_not=why_not_give_evidence(page.dispute, Party.MERCHANT, now),
        form=form,
        now=now,
    )
    return html, status


@bp.post("/sell/disputes/<int:dispute_id>/evidence")
@requires(Role.MERCHANT)
def firm_evidence(dispute_id: int) -> ResponseReturnValue:
    """What speaks for us."""
    dispute_page(dispute_id, merchant_id=my_firm().id)
    form, by = EvidenceForm(), current_user.id
    if not form.validate():
        return _dispute_page(dispute_id, form, 422)
    if attempt(form, said(dispute_id, Party.MERCHANT, form, by)):
        flash(_("It is handed in."), "ok")
        return redirect(url_for(".firm_dispute", dispute_id=dispute_id))
    return _dispute_page(dispute_id, form, 409)


@bp.route("/sell/orders/<number>/refund", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def goodwill(number: str) -> ResponseReturnValue:
    """Pay an order back, whole or in part, by our own will."""
    order = order_queries.firms_order(my_firm().id, number)
    order_id, by = order.id, current_user.id
    form, status = GoodwillForm(), 200
    form.amount.currency = order.currency
    if form.is_submitted():
        status = 422
        if form.validate():
            status = 409
            amount, words = form.amount.data or 0, form.words.data or ""
            key = f"goodwill-{order_id}-{form.request_key.data}"
            if attempt(
                form,
                lambda: refund_order(
                    order_id, amount, RefundCause.GOODWILL, key=key, by=by, now=utcnow(), note=words
                ),
            ):
                flash(_("The money goes back to the shopper, who is told."), "ok")
                return redirect(url_for(".firm_order", number=number))
    if not form.request_key.data:
        form.request_key.data = utcnow().strftime("%Y%m%d%H%M%S%f")
    order = get_or_404(Order, order_id)
    html = render_template("orders/goodwill.html", order=order, left=left_to_refund(order), form=form)
    return html, status


@bp.route("/sell/out-of-stock", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def out_of_stock() -> ResponseReturnValue:
    """Orders that we cannot send: cancelled and paid back."""
    firm_id, by = my_firm().id, current_user.id
    form, status = OutOfStockForm(), 200
    rows = _unsent(firm_id)
    chosen = request.args.get("order", "")
    form.orders.choices = [SelectChoice(order.id, order.number) for order, *_rest in rows]
    if form.is_submitted():
        status = 422
        if form.validate():
            status = 409
            ids, words = list(form.orders.data or []), form.words.data or ""
            n = attempt(
                form, lambda: unwinding.out_of_stock(ids, words, merchant_id=firm_id, by=by, now=utcnow())
            )
            if n:
                flash(
                    ngettext(
                        "%(num)s order is cancelled and paid back.",
                        "%(num)s orders are cancelled and paid back.",
                        n,
                    ),
                    "ok",
                )
                return redirect(url_for(".firm_orders"))
            rows = _unsent(firm_id)
    else:
        form.orders.data = [order.id for order, *_rest in rows if order.number == chosen]
    html = render_template(
        "orders/out_of_stock.html", rows=rows, form=form, names=names_of(o.shopper_id for o, *_r in rows)
    )
    return html, status


def _unsent(firm_id: int) -> list[Any]:
    """What was not sent yet, the most urgent first."""
    rows: list[Any] = []
    for state in (OrderState.PLACED, OrderState.READY):
        rows += order_queries.urgent_orders(firm_id, state, MOST_ORDERS)
    return rows
