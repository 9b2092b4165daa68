"""The shopper's own orders: where they are, their codes, the receipt, and the review."""

from pathlib import PurePosixPath

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.accounts.addresses import add_address
from c2b.accounts.forms import AddressForm
from c2b.accounts.queries import addresses_of
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound
from c2b.core.forms import attempt
from c2b.core.uploads import Upload
from c2b.orders import delivery_rules as rules
from c2b.orders import order_queries, queries
from c2b.orders.carriers import page_of
from c2b.orders.codes import drawn, spaced
from c2b.orders.delivery_forms import DestinationForm, ReviewForm
from c2b.orders.destinations import destination_of, send_to
from c2b.orders.models import Review, Shipment
from c2b.orders.order_queries import order_page
from c2b.orders.overview import without_address
from c2b.orders.remedy_queries import remedies_of
from c2b.orders.reviews import review_of, write_review
from c2b.orders.shipping import receive_order, receive_parcel
from c2b.orders.story import story_of
from c2b.orders.views import bp
from c2b.payments import windows


@bp.get("/me/orders")
@requires(Role.SHOPPER)
def my_orders() -> ResponseReturnValue:
    """What I bought."""
    rows = order_queries.orders_of(current_user.id)
    parcels = order_queries.parcels_by_order([order.id for order, _campaign in rows])
    gone = {id_ for id_, found in parcels.items() if any(parcel.state in rules.GONE for parcel in found)}
    return render_template(
        "orders/my_orders.html", rows=rows, gone=gone, homeless=without_address(current_user.id), now=utcnow()
    )


@bp.get("/me/orders/<number>")
@requires(Role.SHOPPER)
def order(number: str) -> ResponseReturnValue:
    """One order: what, how much, where it is, and the one thing to do next."""
    return _order(number, DestinationForm())


@bp.post("/me/orders/<number>/address")
@requires(Role.SHOPPER)
def address(number: str) -> ResponseReturnValue:
    """It is to go there."""
    form, mine, by = DestinationForm(), queries.own_order(current_user.id, number), current_user.id
    form.offer(addresses_of(by), None)
    order_id = mine.id
    if not form.validate_on_submit():
        return _order(number, form), 422
    if not attempt(form, lambda: send_to(order_id, form.address.data, by=by, now=utcnow())):
        return _order(number, form), 409
    flash(_("It goes to this address."), "ok")
    return redirect(url_for(".order", number=number))


@bp.route("/me/orders/<number>/address/new", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def new_address(number: str) -> ResponseReturnValue:
    """One more address of mine, to which this order goes at once."""
    mine, by = queries.own_order(current_user.id, number), current_user.id
    order_id, form = mine.id, AddressForm(data={"name": current_user.name})
    why_not = rules.why_not_redirect(mine)
    if why_not is not None:
        flash(why_not, "info")
        return redirect(url_for(".order", number=number))
    status = 200
    if form.validate_on_submit():
        now = utcnow()
        if attempt(
            form, lambda: send_to(order_id, add_address(by, form.place(), now=now).id, by=by, now=now)
        ):
            flash(_("It goes to this address."), "ok")
            return redirect(url_for(".order", number=number, _anchor="address"))
        status = 409
    elif form.errors:
        status = 422
    back = url_for(".order", number=number)
    return render_template("accounts/address.html", form=form, address=None, back=back), status


def _order(number: str, form: DestinationForm) -> str:
    page = order_page(queries.own_order(current_user.id, number))
    now = utcnow()
    goes_to = destination_of(page.order)
    form.offer(addresses_of(current_user.id), goes_to.id if goes_to else None)
    return render_template(
        "orders/order.html",
        **page._asdict(),
        goes_to=goes_to,
        form=form,
        why_not_redirect=rules.why_not_redirect(page.order),
        remedies=remedies_of(page.order, now),
        story=story_of(page, current_app.jinja_env.filters["money"]),
        followed={parcel.id: page_of(parcel.carrier, parcel.tracking) for parcel in page.parcels},
        travelling=[parcel for parcel in page.parcels if parcel.state in rules.TRAVELLING],
        gone=[parcel for parcel in page.parcels if parcel.state in rules.GONE],
        why_not_review=rules.why_not_review(page.order, page.review, current_user.id, now),
        usable=[voucher for voucher in page.vouchers if voucher.state == "issued"],
        refunded=sum(refund.amount for refund in page.refunds),
        delivered_after=windows.DELIVERED_AFTER,
        cancelled_after=windows.UNDELIVERED,
        now=now,
    )


@bp.post("/me/orders/<number>/received")
@requires(Role.SHOPPER)
def received(number: str) -> ResponseReturnValue:
    """I have it all."""
    mine = queries.own_order(current_user.id, number)
    with transaction():
        receive_order(mine.id, by=current_user.id, now=utcnow())
    flash(_("Thank you. We are glad that it arrived."), "ok")
    return redirect(url_for(".order", number=number))


@bp.post("/me/orders/<number>/parcels/<int:shipment_id>/received")
@requires(Role.SHOPPER)
def parcel_received(number: str, shipment_id: int) -> ResponseReturnValue:
    """I have this parcel."""
    mine = queries.own_order(current_user.id, number)
    if get_or_404(Shipment, shipment_id).order_id != mine.id:
        raise NotFound
    with transaction():
        receive_parcel(shipment_id, by=current_user.id, now=utcnow())
    flash(_("Thank you. We are glad that it arrived."), "ok")
    return redirect(url_for(".order", number=number))


@bp.get("/me/orders/<number>/codes")
@requires(Role.SHOPPER)
def codes(number: str) -> ResponseReturnValue:
    """The codes of an order, to be shown on the phone or on paper."""
    page = order_page(queries.own_order(current_user.id, number))
    if not page.vouchers:
        raise NotFound
    shown = [
        {"voucher": voucher, "text": spaced(voucher.code), "qr": drawn(voucher.code)}
        for voucher in page.vouchers
    ]
    return render_template("orders/codes.html", **page._asdict(), shown=shown, now=utcnow())


@bp.get("/me/orders/<number>/receipt")
@requires(Role.SHOPPER)
def receipt(number: str) -> ResponseReturnValue:
    """What was paid to whom, on paper."""
    page = order_page(queries.own_order(current_user.id, number))
    back = sum(refund.amount for refund in page.refunds)
    return render_template("orders/receipt.html", **page._asdict(), back=back, now=utcnow())


@bp.route("/me/orders/<number>/review", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def review(number: str) -> ResponseReturnValue:
    """Say what it is like, or change what I said."""
    shopper_id = current_user.id
    mine = queries.own_order(shopper_id, number)
    order_id, written = mine.id, review_of(mine.id)
    why_not = rules.why_not_review(mine, written, shopper_id, utcnow())
    form = ReviewForm(data=_said(written))
    form.offer()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            status = 409
            if attempt(form, lambda: write_review(order_id, form.said, by=shopper_id, now=utcnow())):
                flash(_("Thank you. Others can read it now."), "ok")
                return redirect(url_for(".order", number=number))
    page = order_page(queries.own_order(shopper_id, number))
    html = render_template("orders/review.html", **page._asdict(), form=form, why_not=why_not)
    return html, status


def _said(written: Review | None) -> dict[str, object]:
    """What the form starts with."""
    if written is None:
        return {}
    pictures = [Upload(ref, PurePosixPath(ref).name) for ref in written.pictures]
    return {"stars": written.stars, "words": written.words, "pictures": pictures}
