"""The firm's own orders: what to send until when, where parcels are, and codes that are taken at the till."""

from collections.abc import Sequence
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from c2b.accounts import throttle
from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound, Refused
from c2b.core.forms import attempt
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, Table, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.merchants.models import Merchant
from c2b.merchants.queries import firm_of
from c2b.orders import delivery_rules as rules
from c2b.orders import due, order_queries
from c2b.orders.carriers import DEMO, KNOWN, carriers, page_of
from c2b.orders.codes import spaced
from c2b.orders.delivery_forms import CodeForm, MarkForm, ParcelForm, ShipForm
from c2b.orders.firm_words import state_words, way_words
from c2b.orders.models import Order, Shipment, Voucher
from c2b.orders.papers import option_text
from c2b.orders.remedy_queries import remedies_of
from c2b.orders.shipping import is_refunded, mark_parcel, send_parcels, ship_order
from c2b.orders.states import OrderState, ShipmentState, VoucherState
from c2b.orders.story import story_of
from c2b.orders.views import bp
from c2b.orders.vouchers import find_code, plain_code, redeem

SORTS = {
    "due": Sort(_l("Due soonest"), Order.ship_by),
    "new": Sort(_l("Newest"), Order.id, down=True),
    "total": Sort(_l("Largest"), Order.total, down=True),
}
WRONG_CODES = throttle.Limit(30, 900)  # codes that one person may mistype


def my_firm() -> Merchant:
    """The firm that I work for, or NotFound."""
    firm = firm_of(current_user.id)
    if firm is None:
        raise NotFound
    return firm


def carrier_names() -> list[str]:
    """What is offered while a carrier is typed."""
    return [*KNOWN, *([DEMO] if carriers() else [])]


@bp.route("/sell/orders", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def firm_orders() -> ResponseReturnValue:
    """Orders of my firm by state, the overdue first; those to be sent can be marked as sent, many at once."""
    firm_id, by = my_firm().id, current_user.id
    state = asked("state", [*(str(s) for s in OrderState), "all"]) or str(OrderState.PLACED)
    found = _orders_table(firm_id, state)
    if found.as_file:
        return found.file("orders", _headings(), _cells)
    form = ShipForm()
    status = 200
    if form.is_submitted():
        status = 422
        parcels = form.parcels(request.form, [order.id for order, *_rest in found.rows])
        if form.validate() and not form.refuse_parcels(parcels):
            status = 409
            sent = attempt(form, lambda: send_parcels(parcels, merchant_id=firm_id, by=by, now=utcnow()))
            if sent:
                flash(
                    ngettext("%(num)s order is on its way.", "%(num)s orders are on their way.", sent), "ok"
                )
                return redirect(url_for(".firm_orders"))
            found = _orders_table(firm_id, state)
    now = utcnow()
    html = render_template(
        "orders/firm_orders.html",
        table=found,
        parcels=order_queries.parcels_by_order([order.id for order, *_rest in found.rows]),
        sales=order_queries.sales_of_firm(firm_id),
        overdue=due.overdue_of(firm_id, now),
        filters=_state_filters(order_queries.counts_of(Order.merchant_id == firm_id), state),
        state=state,
        way_words=way_words,
        form=form,
        carrier_names=carrier_names(),
        typed=request.form,
        now=now,
        title=_("Orders"),
    )
    return html, status


def _orders_table(firm_id: int, state: str) -> Table:
    statement = order_queries.firm_table(firm_id)
    if state != "all":
        statement = statement.where(Order.state == state)
    return find(statement, SORTS, Order.id, search=(Order.number, Campaign.title, User.name))


def _state_filters(counts: dict[str, int], state: str) -> list[tuple[str, str, int, bool]]:
    first = str(OrderState.PLACED)
    return [
        *(
            (state_words(s), here(state=None if s == first else str(s)), counts.get(str(s), 0), s == state)
            for s in OrderState
        ),
        (_("All"), here(state="all"), sum(counts.values()), state == "all"),
    ]


def _headings() -> list[str]:
    return [
        _("Order"), _("State"), _("Goods"), _("Choices"), _("Units"), _("Total"), _("Our fee"), _("Currency"),
        _("For"), _("Region"), _("Ordered"), _("Send by"), _("Sent"), _("Delivered"),
    ]  # fmt: skip


def _cells(rows: Sequence[Any]) -> list[list[object]]:
    return [
        [
            o.number, state_words(o.state), c.title, option_text(o.options), o.quantity, Amount(o.total, o.currency),
            Amount(o.fee, o.currency), o.currency, address.name if address else name, region, moment(o.placed_at),
            moment(o.ship_by), moment(o.shipped_at), moment(o.delivered_at),
        ]
        for o, c, region, address, name in rows
    ]  # fmt: skip


@bp.get("/sell/orders/<number>")
@requires(Role.MERCHANT)
def firm_order(number: str) -> ResponseReturnValue:
    """One order as the firm sees it: where it goes, its parcels, its story."""
    order = order_queries.firms_order(my_firm().id, number)
    return _order_page(order, ParcelForm())


@bp.post("/sell/orders/<number>/parcels")
@requires(Role.MERCHANT)
def send_parcel(number: str) -> ResponseReturnValue:
    """A parcel is on its way, the first or a further one."""
    firm_id, by = my_firm().id, current_user.id
    order_id = order_queries.firms_order(firm_id, number).id
    form = ParcelForm()
    if not form.validate():
        return _order_page(get_or_404(Order, order_id), form, 422)
    carrier, tracking = form.carrier.data or "", form.tracking.data or ""
    sent = attempt(
        form, lambda: ship_order(order_id, carrier, tracking, merchant_id=firm_id, by=by, now=utcnow())
    )
    if sent is None:
        return _order_page(get_or_404(Order, order_id), form, 409)
    flash(_("The parcel is on its way. The shopper is told."), "ok")
    return redirect(url_for(".firm_order", number=number))


@bp.post("/sell/orders/<number>/parcels/<int:shipment_id>")
@requires(Role.MERCHANT)
def mark(number: str, shipment_id: int) -> ResponseReturnValue:
    """Say where a parcel is."""
    firm_id = my_firm().id
    order = order_queries.firms_order(firm_id, number)
    if get_or_404(Shipment, shipment_id).order_id != order.id:
        raise NotFound
    form = MarkForm()
    form.offer()
    if not form.validate():
        raise Refused(_("Choose where the parcel is."))
    with transaction():
        new = ShipmentState(form.state.data)
        mark_parcel(shipment_id, new, merchant_id=firm_id, by=current_user.id, now=utcnow())
    flash(_("Noted. The shopper sees it."), "ok")
    return redirect(url_for(".firm_order", number=number))


def _order_page(order: Order, form: ParcelForm, status: int = 200) -> ResponseReturnValue:
    page = order_queries.order_page(order)
    address, name, region = order_queries.goes_to(order)
    marks = MarkForm(formdata=None)
    marks.offer()
    html = render_template(
        "orders/firm_order.html",
        **page._asdict(),
        remedies=remedies_of(order, utcnow()),
        story=story_of(page, _money, firm=True),
        way_words=way_words,
        state_words=state_words,
        address=address,
        name=name,
        region=region,
        form=form,
        marks=marks,
        followed={parcel.id: page_of(parcel.carrier, parcel.tracking) for parcel in page.parcels},
        travelling=rules.TRAVELLING,
        gone=[parcel for parcel in page.parcels if parcel.state in rules.GONE],
        carrier_names=carrier_names(),
        why_not_send=rules.why_not_send(order, refunded=is_refunded(order)),
        used=sum(voucher.state == VoucherState.REDEEMED for voucher in page.vouchers),
        now=utcnow(),
    )
    return html, status


def _money(amount: int, currency: str) -> str:
    return str(current_app.jinja_env.filters["money"](amount, currency))


@bp.route("/sell/redeem", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def redeem_code() -> ResponseReturnValue:
    """The till: a code is typed or scanned, looked at, and taken once."""
    firm_id, by = my_firm().id, current_user.id
    form = CodeForm()
    if not form.is_submitted():
        return _till(form, None, 200)
    code = plain_code(form.code.data or "")
    found = _looked_up(form, code, firm_id) if form.validate() else None
    if found is None:
        return _till(form, None, 422)
    if request.form.get("take") != "1":
        return _till(form, found, 200)
    if attempt(form, lambda: redeem(code, merchant_id=firm_id, by=by, now=utcnow())):
        flash(_("Taken: %(code)s. Hand over the goods.", code=spaced(code)), "ok")
        return redirect(url_for(".redeem_code"))
    return _till(form, find_code(code, firm_id), 409)


def _looked_up(form: CodeForm, code: str, firm_id: int) -> tuple[Voucher, Order] | None:
    """The code of this firm, or a sentence in the form; guessing is slow."""
    what, now = f"code:{current_user.id}", utcnow()
    with transaction():
        wait = throttle.take(what, WRONG_CODES, now)
    if wait is not None:
        form.code.errors = [_("Too many codes were wrong. Try again in a few minutes.")]
        return None
    try:
        found = find_code(code, firm_id)
    except NotFound:
        form.code.errors = [_("No order of yours has this code. Check it letter by letter.")]
        return None
    with transaction():
        throttle.give_back(what, WRONG_CODES, now)
    return found


def _till(form: CodeForm, found: tuple[Voucher, Order] | None, status: int) -> ResponseReturnValue:
    voucher, order = found if found else (None, None)
    now = utcnow()
    html = render_template(
        "orders/redeem.html",
        form=form,
        voucher=voucher,
        order=order,
        page=order_queries.order_page(order) if order else None,
        why_not=rules.why_not_redeem(voucher, order, now) if voucher else None,
        code=spaced(voucher.code) if voucher else "",
        now=now,
    )
    return html, status
