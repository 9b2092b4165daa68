"""A firm runs a sale: its papers to print or download, tracking numbers by file, goods that lie ready."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from c2b.campaigns.closing import curve_of
from c2b.community.makers import badge_of
from c2b.community.queries import PER_PAGE, questions_of, said_questions
from c2b.community.states import Badge
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.forms import attempt
from c2b.core.sheets import Amount, decoded, written
from c2b.orders import due, order_queries, papers
from c2b.orders.delivery_forms import ParcelsFile, ReadyForm
from c2b.orders.firm_views import my_firm
from c2b.orders.firm_words import state_words
from c2b.orders.models import Order
from c2b.orders.order_queries import Sale
from c2b.orders.parcels import FILE_BYTES, Reading, read_parcels
from c2b.orders.shipping import send_parcels
from c2b.orders.states import OrderState
from c2b.orders.views import bp
from c2b.orders.vouchers import ready_orders
from c2b.pipeline.offer_queries import points_of


def my_sale(slug: str) -> Sale:
    """The launch of this campaign, where my firm supplies it; else NotFound."""
    return order_queries.sale_of_firm(my_firm().id, slug)


@bp.get("/sell/c/<slug>")
@requires(Role.MERCHANT)
def sale(slug: str) -> ResponseReturnValue:
    """Run a sale: how far it is, its papers, what to do next."""
    return _sale_page(my_sale(slug), ReadyForm())


def _sale_page(mine: Sale, form: ReadyForm, status: int = 200) -> ResponseReturnValue:
    html = render_template(
        "orders/sale.html",
        **mine._asdict(),
        paper=papers.purchase_order(mine.launch.id),
        counts=order_queries.counts_of(Order.launch_id == mine.launch.id),
        overdue=due.overdue_of(mine.offer.merchant_id, utcnow(), mine.launch.id),
        waiting=order_queries.to_make_ready(mine.launch.id),
        form=form,
        states=list(OrderState),
        state_words=state_words,
        speaks=badge_of(mine.campaign, current_user.id) is not Badge.NONE,
        questions=_unanswered(mine.campaign.id),
        now=utcnow(),
    )
    return html, status


def _unanswered(campaign_id: int) -> list[Any]:
    newest = questions_of(campaign_id, current_user.id, speaks=True).first(PER_PAGE)
    return [said for said in said_questions(newest, current_user.id) if said.thing.answered_at is None]


@bp.get("/sell/c/<slug>/demand.csv")
@requires(Role.MERCHANT)
def demand_csv(slug: str) -> ResponseReturnValue:
    """The demand curve: how many would pay each price, people and units."""
    mine = my_sale(slug)
    points = points_of(curve_of(mine.campaign.id))
    c = mine.campaign.currency
    rows = [[_("Price"), _("Currency"), _("People who would pay it"), _("Units they would take")]]
    return _download(
        [*rows, *([Amount(p.price, c), c, p.people, p.units] for p in points)], f"demand-{mine.campaign.id}"
    )


@bp.post("/sell/c/<slug>/ready")
@requires(Role.MERCHANT)
def ready(slug: str) -> ResponseReturnValue:
    """Goods to be collected lie ready: the ticked orders, or all that wait."""
    mine, firm_id, by = my_sale(slug), my_firm().id, current_user.id
    form = ReadyForm()
    waiting = [order.id for order, _name in order_queries.to_make_ready(mine.launch.id)]
    ticked = set(request.form.getlist("order"))
    chosen = [id_ for id_ in waiting if str(id_) in ticked]
    if not form.validate():
        return _sale_page(mine, form, 422)
    if not chosen:
        form.form_errors.append(_("Choose at least one order."))
        return _sale_page(mine, form, 422)
    where = form.where.data or ""
    done = attempt(form, lambda: ready_orders(chosen, where, merchant_id=firm_id, by=by, now=utcnow()))
    if done is None:
        return _sale_page(my_sale(slug), form, 409)
    flash(ngettext("%(num)s shopper has a code now.", "%(num)s shoppers have a code now.", done), "ok")
    return redirect(url_for(".sale", slug=slug))


@bp.get("/sell/c/<slug>/purchase-order")
@requires(Role.MERCHANT)
def purchase_order(slug: str) -> ResponseReturnValue:
    """What was sold, our fee, what is payable; on paper."""
    mine = my_sale(slug)
    paper = papers.purchase_order(mine.launch.id)
    return render_template(
        "orders/purchase_order.html", **mine._asdict(), paper=paper, firm=my_firm(), now=utcnow()
    )


@bp.get("/sell/c/<slug>/pick-list")
@requires(Role.MERCHANT)
def pick_list(slug: str) -> ResponseReturnValue:
    """What to take from the shelves; on paper."""
    mine = my_sale(slug)
    kinds = papers.pick_list(papers.slips(mine.launch.id))
    return render_template("orders/pick_list.html", **mine._asdict(), kinds=kinds, now=utcnow())


@bp.get("/sell/c/<slug>/slips")
@requires(Role.MERCHANT)
def packing_slips(slug: str) -> ResponseReturnValue:
    """One slip for each order that waits; on paper."""
    mine = my_sale(slug)
    found = papers.slips(mine.launch.id, most=papers.MOST_SLIPS)
    return render_template("orders/slips.html", **mine._asdict(), slips=found, firm=my_firm(), now=utcnow())


@bp.get("/sell/c/<slug>/purchase-order.csv")
@requires(Role.MERCHANT)
def purchase_order_csv(slug: str) -> ResponseReturnValue:
    """The purchase order as a table."""
    mine = my_sale(slug)
    paper = papers.purchase_order(mine.launch.id)
    rows = papers.purchase_rows(paper, mine.launch.currency, mine.launch.unit_price)
    return _download(rows, f"purchase-order-{mine.launch.id}")


@bp.get("/sell/c/<slug>/pick-list.csv")
@requires(Role.MERCHANT)
def pick_list_csv(slug: str) -> ResponseReturnValue:
    """The pick list as a table."""
    mine = my_sale(slug)
    return _download(papers.pick_rows(papers.slips(mine.launch.id)), f"pick-list-{mine.launch.id}")


@bp.get("/sell/c/<slug>/orders.csv")
@requires(Role.MERCHANT)
def orders_csv(slug: str) -> ResponseReturnValue:
    """All orders with where they go, as a table that can come back with tracking numbers."""
    mine = my_sale(slug)
    found = papers.slips(mine.launch.id, None, most=100_000)
    return _download(papers.order_rows(found, mine.launch.currency), f"orders-{mine.launch.id}")


def _download(rows: list[list[object]], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response(written(rows), content_type="text/csv; charset=utf-8", headers=headers)


@bp.route("/sell/c/<slug>/parcels", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def import_parcels(slug: str) -> ResponseReturnValue:
    """Tracking numbers by file: looked through first; taken only when every row is good."""
    mine, firm_id, by = my_sale(slug), my_firm().id, current_user.id
    form = ParcelsFile()
    if not form.is_submitted():
        return _import_page(mine, form, None, "", 200)
    text = _text(form) if form.validate() else None
    if text is None:
        return _import_page(mine, form, None, "", 422)
    reading = read_parcels(text, firm_id, mine.launch.id)
    if reading.problems:
        return _import_page(mine, form, reading, text, 422)
    if request.form.get("take") != "1":
        return _import_page(mine, form, reading, text, 200)
    sent = attempt(form, lambda: send_parcels(reading.parcels, merchant_id=firm_id, by=by, now=utcnow()))
    if sent is None:
        return _import_page(my_sale(slug), form, None, "", 409)
    flash(ngettext("%(num)s order is on its way.", "%(num)s orders are on their way.", sent), "ok")
    return redirect(url_for(".sale", slug=slug))


def _text(form: ParcelsFile) -> str | None:
    """What was handed in, as text; a sentence in the form where it cannot be read."""
    file = form.file.data
    if not file or not file.filename:
        return form.text.data or ""
    content = file.stream.read(FILE_BYTES + 1)
    file.close()
    text = decoded(content) if len(content) <= FILE_BYTES else None
    if text is None:
        form.file.errors = [_("Choose a CSV file of at most 1 MB, in UTF-8 or GB 18030.")]
    return text


def _import_page(
    mine: Sale, form: ParcelsFile, reading: Reading | None, text: str, status: int
) -> ResponseReturnValue:
    html = render_template(
        "orders/import_parcels.html",
        **mine._asdict(),
        form=form,
        reading=reading,
        text=text,
    )
    return html, status
