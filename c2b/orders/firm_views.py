"""The firm's own list of orders: what to send until when, and that it was sent."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.errors import NotFound
from c2b.core.forms import attempt
from c2b.merchants.models import Merchant
from c2b.merchants.queries import firm_of
from c2b.orders import queries
from c2b.orders.forms import ShipForm
from c2b.orders.pages import page_number
from c2b.orders.shipping import ship_orders
from c2b.orders.states import OrderState
from c2b.orders.views import bp


def my_firm() -> Merchant:
    """The firm that I work for, or NotFound."""
    firm = firm_of(current_user.id)
    if firm is None:
        raise NotFound
    return firm


@bp.route("/sell/orders", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def firm_orders() -> ResponseReturnValue:
    """Orders of my firm by state; those to be sent can be marked as sent, many at once."""
    firm_id, by = my_firm().id, current_user.id
    state = next((s for s in OrderState if s == request.args.get("state")), OrderState.PLACED)
    page = page_number()
    rows, more = queries.orders_of_firm(firm_id, state, page=page)
    form = ShipForm()
    status = 200
    if form.is_submitted():
        status = 422
        parcels = form.parcels(request.form, [order.id for order, *_rest in rows])
        if form.validate() and not form.refuse_parcels(parcels):
            status = 409
            carrier = form.carrier.data
            sent = attempt(
                form, lambda: ship_orders(parcels, carrier, merchant_id=firm_id, by=by, now=utcnow())
            )
            if sent:
                flash(
                    ngettext("%(num)s order is on its way.", "%(num)s orders are on their way.", sent), "ok"
                )
                return redirect(url_for(".firm_orders"))
            rows, more = queries.orders_of_firm(firm_id, state, page=page)
    html = render_template(
        "orders/firm_orders.html",
        rows=rows,
        names=names_of(order.shopper_id for order, *_rest in rows),
        counts=queries.firm_counts(firm_id),
        state=state,
        states=list(OrderState),
        form=form,
        typed=request.form,
        now=utcnow(),
        page=page,
        more=more,
        title=_("Orders"),
    )
    return html, status
