"""The merchant's money: what we owe and why, the payouts, a month's statement, and where the firm is paid."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, end_transaction, transaction
from c2b.core.errors import NotFound, refuse
from c2b.core.sheets import Amount, written
from c2b.core.tables import Sort, find, moment
from c2b.core.text import mark as _l
from c2b.merchants.models import Merchant
from c2b.merchants.queries import firm_of, post_of
from c2b.orders.firm_words import state_words
from c2b.orders.models import Order
from c2b.payments import windows
from c2b.payments.gateway import gateway
from c2b.settlement import statements
from c2b.settlement.accounts import accounts_of, save_account, why_not_name_account
from c2b.settlement.blueprint import bp
from c2b.settlement.models import Payout
from c2b.settlement.months import last_months, month
from c2b.settlement.planning import bank_account_of
from c2b.settlement.rules import why_not_use
from c2b.settlement.wording import KINDS, WAITS, line_words

VISIT = "payee_visit"  # in the session: which visit to the provider's page is this browser's own
PER_PAGE = 25
SORTS = {
    "new": Sort(_l("Newest"), Order.id, down=True),
    "old": Sort(_l("Oldest"), Order.id),
    "total": Sort(_l("Largest"), Order.total, down=True),
}
SHOWN = ("ready", "window", "delivery", "held", "paid")


def my_firm() -> Merchant:
    """The firm that I work for, or NotFound."""
    firm = firm_of(current_user.id)
    if firm is None:
        raise NotFound
    return firm


def zone() -> ZoneInfo:
    """The site's own time, in which months begin."""
    return ZoneInfo(current_app.config["C2B"].time_zone)


@bp.get("/sell/money")
@requires(Role.MERCHANT)
def money() -> ResponseReturnValue:
    """What my firm is owed and why, order by order."""
    firm, now = my_firm(), utcnow()
    what = next((word for word in SHOWN if word == request.args.get("show")), None)
    orders = statements.orders_table(firm.id, now, what=what)
    found = find(orders, SORTS, Order.id, search=(Order.number, Campaign.title), per=PER_PAGE, named=True)
    if found.as_file:
        return found.file("money", _headings(), _cells)
    account = bank_account_of(firm.id)
    return render_template(
        "settlement/money.html",
        firm=firm,
        standings=statements.standings(firm.id, now),
        table=found,
        what=what,
        shown=SHOWN,
        waits=WAITS,
        payouts=statements.payouts_of(firm.id),
        kinds=KINDS,
        account=account,
        why_not=why_not_use(account, now),
        return_window=windows.RETURN,
        now=now,
    )


def _headings() -> list[str]:
    return [
        _("Order"), _("Goods"), _("State"), _("Ordered"), _("Delivered"), _("Sale"), _("Our fee"), _("Went back"),
        _("Lost to banks"), _("Paid out"), _("Open"), _("Currency"),
    ]  # fmt: skip


def _cells(rows: Sequence[Any]) -> list[list[object]]:
    return [
        [
            r.number, r.title, state_words(r.state), moment(r.placed_at), moment(r.delivered_at),
            Amount(r.total, r.currency), Amount(r.fee_back - r.fee, r.currency), Amount(-r.refunded, r.currency),
            Amount(-r.lost, r.currency), Amount(r.paid, r.currency), Amount(r.due + r.planned, r.currency), r.currency,
        ]
        for r in rows
    ]  # fmt: skip


@bp.get("/sell/money/payouts/<number>")
@requires(Role.MERCHANT)
def payout(number: str) -> ResponseReturnValue:
    """One payout with the orders that it is for."""
    found = db.session.scalar(
        select(Payout).where(Payout.number == number, Payout.merchant_id == my_firm().id)
    )
    if found is None:
        raise NotFound
    lines = statements.lines_of(found.id)
    return render_template("settlement/payout.html", payout=found, lines=lines, kinds=KINDS)


@bp.get("/sell/money/statement")
@requires(Role.MERCHANT)
def statement() -> ResponseReturnValue:
    """A month of my firm's account, to be printed."""
    return statement_page(my_firm(), url_for(".money"), ".statement", ".statement_csv", {})


@bp.get("/sell/money/statement.csv")
@requires(Role.MERCHANT)
def statement_csv() -> ResponseReturnValue:
    """The same month as a file."""
    return statement_file(my_firm())


def statement_page(
    firm: Merchant, back: str, endpoint: str, csv_endpoint: str, args: dict[str, Any]
) -> ResponseReturnValue:
    """The statement of a firm for the month that is asked for."""
    now, words = utcnow(), current_app.jinja_env.filters["month"]
    name, start, end = month(request.args.get("month", ""), now, zone())
    return render_template(
        "settlement/statement.html",
        firm=firm,
        name=name,
        start=start,
        months=[
            (words(m), url_for(endpoint, month=m, **args), None, m == name) for m in last_months(now, zone())
        ],
        found=statements.month_of(firm.id, start, end, most=statements.MOST_LINES),
        most=statements.MOST_LINES,
        line_words=line_words,
        back=back,
        csv=url_for(csv_endpoint, month=name, **args),
        nav="money",
    )


def statement_file(firm: Merchant) -> Response:
    """The same as a file, whole."""
    name, start, end = month(request.args.get("month", ""), utcnow(), zone())
    rows: list[list[Any]] = [["date", "currency", "what", "number", "amount"]]
    for found in statements.month_of(firm.id, start, end):
        c = found.currency
        rows.append([moment(start), c, _("Balance before"), "", Amount(found.before, c)])
        rows += [
            [moment(line.at), c, line_words(line.cause, line.kind), line.number, Amount(line.amount, c)]
            for line in found.lines
        ]
        rows.append([moment(end), c, _("Balance after"), "", Amount(found.after, c)])
    return as_file(rows, f"statement-{firm.slug}-{name}")


def as_file(rows: list[list[Any]], name: str) -> Response:
    """A CSV file to be saved; nobody keeps a copy on the way."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response(written(rows), content_type="text/csv; charset=utf-8", headers=headers)


@bp.get("/sell/money/account")
@requires(Role.MERCHANT)
def account() -> ResponseReturnValue:
    """Where my firm is paid, and where it was before."""
    firm = my_firm()
    found = accounts_of(firm.id)
    return render_template(
        "settlement/account.html",
        firm=firm,
        accounts=found,
        names=names_of(row.added_by for row in found),
        why_not=why_not_name_account(post_of(firm, current_user.id)),
        now=utcnow(),
    )


@bp.get("/sell/money/account/name")
@requires(Role.MERCHANT)
def name_account() -> ResponseReturnValue:
    """Off to the provider's page, where the bank account is named."""
    firm = my_firm()
    refuse(why_not_name_account(post_of(firm, current_user.id)))
    name = f"firm-{firm.id}"
    end_transaction()
    visit = gateway().start_payee(name, url_for(".account_named", _external=True))
    session[VISIT] = visit.reference
    return redirect(visit.address)


@bp.get("/sell/money/account/named")
@requires(Role.MERCHANT)
def account_named() -> ResponseReturnValue:
    """Back from the provider's page."""
    firm_id, by = my_firm().id, current_user.id
    reference = session.pop(VISIT, None)
    end_transaction()
    payee = gateway().finish_payee(reference) if reference else None
    if payee is None:
        flash(_("No bank account was named."), "warn")
    else:
        with transaction():
            saved = save_account(firm_id, payee, by=by, now=utcnow())
            label = saved.label
        flash(_("Your firm is paid to %(account)s. Everybody in the firm gets a mail.", account=label), "ok")
    return redirect(url_for(".account"))
