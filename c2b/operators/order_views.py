"""All orders, whosever they are: found by number, person, firm or campaign."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import Fulfilment
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.merchants.models import Merchant
from c2b.operators.blueprint import bp
from c2b.orders.firm_words import TO_SEND, state_words
from c2b.orders.models import Order
from c2b.orders.states import OrderState

SORTS = {
    "new": Sort(_l("Newest"), Order.id, down=True),
    "due": Sort(_l("Due soonest"), Order.ship_by),
    "total": Sort(_l("Largest"), Order.total, down=True),
}
SEARCHED = (Order.number, User.name, User.email, Merchant.name, Campaign.title)


@bp.get("/orders")
@requires(Role.OPERATOR)
def orders() -> ResponseReturnValue:
    """Orders of everybody, by state; the late ones are a filter of their own."""
    now = utcnow()
    state = asked("state", [*(str(s) for s in OrderState), "late"])
    how = asked("how", [str(f) for f in Fulfilment])
    statement = (
        select(Order, Campaign, Merchant, User)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .join(User, User.id == Order.shopper_id)
    )
    late = Order.state.in_(TO_SEND) & (Order.ship_by < now)
    if state:
        statement = statement.where(late if state == "late" else Order.state == state)
    if how:
        statement = statement.where(Order.fulfilment == how)
    found = find(statement, SORTS, Order.id, search=SEARCHED)
    if found.as_file:
        return found.file("orders", _headings(), _cells)
    return render_template(
        "operators/orders.html",
        table=found,
        filters=_filters(state, late),
        to_send=TO_SEND,
        words=state_words,
        now=now,
    )


def _filters(state: str, late: Any) -> list[tuple[str, str, int, bool]]:
    query = select(Order.state, func.count(), func.count().filter(late)).group_by(Order.state)
    rows = db.session.execute(query).all()
    counts = {str(s): n for s, n, _late in rows}
    return [
        (_("All"), here(state=None), sum(counts.values()), not state),
        (_("Late"), here(state="late"), sum(n for _state, _n, n in rows), state == "late"),
        *((state_words(s), here(state=str(s)), counts.get(str(s), 0), state == s) for s in OrderState),
    ]


def _headings() -> list[str]:
    return [
        _("Order"), _("State"), _("Campaign"), _("Firm"), _("Shopper"), _("E-mail"), _("Units"), _("Unit price"),
        _("Total"), _("Our fee"), _("Currency"), _("Ordered"), _("Send by"), _("Sent"), _("Delivered"),
    ]  # fmt: skip


def _cells(rows: Sequence[Any]) -> list[list[Any]]:
    return [
        [
            o.number, state_words(o.state), c.title, m.name, u.name, u.email, o.quantity,
            Amount(o.unit_price, o.currency),
            Amount(o.total, o.currency), Amount(o.fee, o.currency), o.currency, moment(o.placed_at),
            moment(o.ship_by), moment(o.shipped_at), moment(o.delivered_at),
        ]
        for o, c, m, u in rows
    ]  # fmt: skip
