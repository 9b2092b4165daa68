"""Disputes as operators rule on them, and everything that is being taken back."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.accounts.models import User
from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.forms import attempt
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, find, moment
from c2b.core.text import mark as _l
from c2b.merchants.models import Merchant
from c2b.orders import disputes, progress_back, remedy_queries
from c2b.orders.evidence import evidence_of, pack_of, words_of
from c2b.orders.firm_words import state_words
from c2b.orders.models import Dispute, Order
from c2b.orders.remedy_forms import RulingForm
from c2b.orders.remedy_rules import next_of_dispute, why_not_rule
from c2b.payments.refunds import send_again

bp = Blueprint("disputes", __name__, url_prefix="/ops")
SORTS = {
    "due": Sort(_l("Due soonest"), Dispute.rule_by),
    "new": Sort(_l("Newest"), Dispute.id, down=True),
    "amount": Sort(_l("Largest"), Dispute.amount, down=True),
}


@bp.get("/disputes")
@requires(Role.OPERATOR)
def queue() -> ResponseReturnValue:
    """Disputes that wait for a ruling first, then for an answer; and people who get much back."""
    closed = request.args.get("over") == "1"
    search = (Order.number, Campaign.title, User.name, Merchant.name)
    found = find(remedy_queries.all_disputes(is_open=not closed), SORTS, Dispute.id, search=search)
    if found.as_file:
        headings = [
            _("Order"), _("Goods"), _("Firm"), _("Shopper"), _("About"), _("Opened by"), _("State"), _("In dispute"),
            _("Given back"), _("Currency"), _("Opened"), _("Ruled"),
        ]  # fmt: skip
        return found.file("disputes", headings, _cells)
    people = remedy_queries.conspicuous_shoppers()
    names = names_of(row.shopper_id for row in people)
    return render_template(
        "orders/disputes.html",
        table=found,
        closed=closed,
        people=people,
        names=names,
        next_of_dispute=next_of_dispute,
        now=utcnow(),
    )


def _cells(rows: Sequence[Any]) -> list[list[object]]:
    return [
        [
            o.number, c.title, firm.name, person.name, d.cause.label, d.origin.label, d.state_words,
            Amount(d.amount, d.currency), Amount(d.awarded, d.currency) if d.awarded is not None else "", d.currency,
            moment(d.opened_at), moment(d.ruled_at),
        ]
        for d, o, c, person, firm in rows
    ]  # fmt: skip


@bp.get("/disputes/<int:dispute_id>")
@requires(Role.OPERATOR)
def show(dispute_id: int) -> ResponseReturnValue:
    """Both sides side by side, both records, all that our own records say, and the ruling."""
    return _page(dispute_id, RulingForm(), 200)


def _page(dispute_id: int, form: RulingForm, status: int) -> ResponseReturnValue:
    page, now = remedy_queries.dispute_page(dispute_id), utcnow()
    form.amount.currency = page.dispute.currency
    pack = pack_of(page.order)
    evidence = evidence_of(dispute_id)
    people = [
        page.order.shopper_id,
        *(line.by for line in pack.lines if line.by),
        *(e.by for e in evidence if e.by),
    ]
    html = render_template(
        "orders/dispute_ruling.html",
        **page._asdict(),
        evidence=evidence,
        pack=pack,
        names=names_of(people),
        shopper_record=remedy_queries.record_of(shopper_id=page.order.shopper_id),
        firm_record=remedy_queries.record_of(merchant_id=page.merchant.id),
        next=next_of_dispute(page.dispute),
        why_not=why_not_rule(page.dispute, now),
        form=form,
        state_words=state_words,
        now=now,
    )
    return html, status


@bp.post("/disputes/<int:dispute_id>/rule")
@requires(Role.OPERATOR)
def rule(dispute_id: int) -> ResponseReturnValue:
    """So much goes back, and why."""
    page, form, by = remedy_queries.dispute_page(dispute_id), RulingForm(), current_user.id
    form.amount.currency = page.dispute.currency
    if not form.validate():
        return _page(dispute_id, form, 422)
    amount, words = form.goes_back(page.left), form.words.data or ""
    if attempt(form, lambda: disputes.rule_dispute(dispute_id, amount, words, by=by, now=utcnow())):
        flash(_("It is ruled. Both sides read it."), "ok")
        return redirect(url_for(".show", dispute_id=dispute_id))
    return _page(dispute_id, form, 409)


@bp.get("/disputes/<int:dispute_id>/pack")
@requires(Role.OPERATOR)
def pack(dispute_id: int) -> ResponseReturnValue:
    """All that our own records say of the order, as plain text to be kept or sent."""
    page = remedy_queries.dispute_page(dispute_id)
    answer = Response(words_of(pack_of(page.order)), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="{page.order.number}.txt"'
    return answer


@bp.get("/unwinding")
@requires(Role.OPERATOR)
def unwinding() -> ResponseReturnValue:
    """What is still under way: cards to let go, refunds owed, refunds that are stuck. Nothing here needs a button."""
    return render_template(
        "orders/unwinding.html",
        launches=progress_back.launches_under_way(),
        owed=progress_back.refunds_owed(),
        stuck=remedy_queries.stuck_refunds(),
        now=utcnow(),
    )


@bp.post("/refunds/<int:refund_id>/again")
@requires(Role.OPERATOR)
def again(refund_id: int) -> ResponseReturnValue:
    """Ask for a refund that is stuck once more."""
    with transaction():
        send_again(refund_id, by=current_user.id, now=utcnow())
    flash(_("It is asked for again within a minute."), "ok")
    return redirect(url_for(".unwinding"))
