"""All refunds: found, asked for again one by one or many at once, and those that were paid in another way."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from wtforms.validators import DataRequired

from c2b.accounts.models import User
from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign, Pledge
from c2b.core.access import Role, requires
from c2b.core.bulk import chosen, one_by_one
from c2b.core.clock import utcnow
from c2b.core.db import db, get_or_404
from c2b.core.forms import LineField, attempt
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark
from c2b.operators.blueprint import bp
from c2b.orders.models import Order
from c2b.payments.models import Attempt, Refund
from c2b.payments.refunds import send_again
from c2b.payments.states import RefundState
from c2b.settlement.otherwise import pay_otherwise
from c2b.settlement.rules import is_large, why_not_otherwise

SORTS = {
    "new": Sort(mark("Newest"), Refund.id, down=True),
    "old": Sort(mark("Oldest"), Refund.id),
    "amount": Sort(mark("Largest"), Refund.amount, down=True),
}
SEARCHED = (Refund.key, Order.number, Campaign.title, User.name, User.email)


class OtherwiseForm(FlaskForm):
    """How a refund was paid in another way."""

    way = LineField(
        _l("How it was paid"), [DataRequired(_l("Say how, with a reference that can be found."))], longest=200
    )


def _all() -> Any:
    return (
        select(Refund, Order, Campaign, User)
        .join(Attempt, Attempt.id == Refund.capture_id)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .join(User, User.id == Refund.shopper_id)
        .outerjoin(Order, Order.attempt_id == Attempt.id)
    )


@bp.get("/refunds")
@requires(Role.OPERATOR)
def refunds() -> ResponseReturnValue:
    """Refunds by state, newest first."""
    state = asked("state", [str(s) for s in RefundState])
    statement = _all().where(Refund.state == state) if state else _all()
    found = find(statement, SORTS, Refund.id, search=SEARCHED)
    if found.as_file:
        headings = [
            _("Refund"), _("State"), _("Order"), _("Campaign"), _("Shopper"), _("Why"), _("Amount"), _("Currency"),
            _("Promised"), _("Paid"), _("Paid in another way"),
        ]  # fmt: skip
        return found.file("refunds", headings, _cells)
    rows = db.session.execute(select(Refund.state, func.count()).group_by(Refund.state))
    counts = {str(s): n for s, n in rows}
    return render_template(
        "operators/refunds.html",
        table=found,
        filters=[
            (_("All"), here(state=None), sum(counts.values()), not state),
            *((s.label, here(state=str(s)), counts.get(str(s), 0), state == s) for s in RefundState),
        ],
        now=utcnow(),
    )


def _cells(rows: Sequence[Any]) -> list[list[Any]]:
    return [
        [
            r.key, r.state.label, o.number if o else "", c.title, u.name, r.cause.label, Amount(r.amount, r.currency),
            r.currency, moment(r.created_at), moment(r.paid_at), r.other_way if r.other_by else "",
        ]
        for r, o, c, u in rows
    ]  # fmt: skip


@bp.post("/refunds/again")
@requires(Role.OPERATOR)
def refunds_again() -> ResponseReturnValue:
    """Ask for the chosen refunds once more; each with its own result."""
    rows, by, now = chosen(), current_user.id, utcnow()
    names = dict(db.session.execute(select(Refund.id, Refund.key).where(Refund.id.in_(rows))).all())
    return render_template(
        "operators/bulk.html",
        title=_("Ask again"),
        outcomes=one_by_one(rows, lambda id_: send_again(id_, by=by, now=now), names, _("asked for again")),
        back=url_for(".refunds", state="stuck"),
        back_text=_("Refunds"),
        nav="refunds",
    )


@bp.get("/refunds/<int:refund_id>")
@requires(Role.OPERATOR)
def refund(refund_id: int) -> ResponseReturnValue:
    """One refund with every request for it, and what can be done where it is stuck."""
    return _page(refund_id, OtherwiseForm(formdata=None)), 200


@bp.post("/refunds/<int:refund_id>/otherwise")
@requires(Role.OPERATOR)
def paid_otherwise(refund_id: int) -> ResponseReturnValue:
    """Say that it was paid in another way, or confirm what a colleague said."""
    form, by = OtherwiseForm(), current_user.id
    said = get_or_404(Refund, refund_id).other_way
    if said is None and not form.validate_on_submit():
        return _page(refund_id, form), 422
    way = said or form.way.data or ""
    done = attempt(form, lambda: pay_otherwise(refund_id, way, by=by, now=utcnow()))
    if done is None:
        return _page(refund_id, form), 409
    if done.state == RefundState.PAID:
        flash(_("It is booked as paid. The shopper is told."), "ok")
    else:
        flash(_("Noted. A second operator confirms it, as it is large."), "ok")
    return redirect(url_for(".refund", refund_id=refund_id))


def _page(refund_id: int, form: OtherwiseForm) -> str:
    get_or_404(Refund, refund_id)
    found, order, campaign, person = db.session.execute(_all().where(Refund.id == refund_id)).one()
    requests = db.session.scalars(
        select(Attempt).where(Attempt.refund_id == refund_id).order_by(Attempt.generation)
    ).all()
    return render_template(
        "operators/refund.html",
        refund=found,
        order=order,
        campaign=campaign,
        person=person,
        requests=requests,
        names=names_of(id_ for id_ in (found.by, found.other_first_by, found.other_by) if id_),
        large=is_large(found),
        why_not=why_not_otherwise(found, current_user.id, asked=False) if found.state == "stuck" else None,
        form=form,
        now=utcnow(),
    )
