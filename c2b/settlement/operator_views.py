"""The operators' side of the books: balances, payouts to approve, statements, the last reconciliation."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, end_transaction, get_or_404, transaction
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.ledger.models import Account, Entry, Transaction
from c2b.merchants.models import Merchant
from c2b.merchants.queries import names_of_firms, staff_ids
from c2b.settlement import rules, statements
from c2b.settlement.blueprint import bp
from c2b.settlement.comparing import Gap
from c2b.settlement.merchant_views import as_file, statement_file, statement_page, zone
from c2b.settlement.models import BankAccount, Payout
from c2b.settlement.months import last_months, month
from c2b.settlement.payouts import approve_payout
from c2b.settlement.planning import bank_account_of
from c2b.settlement.reconciling import last_reconciliation, reconcile
from c2b.settlement.states import PayoutState
from c2b.settlement.wording import KINDS

SHOWN = list(PayoutState)
SORTS = {
    "old": Sort(_l("Oldest"), Payout.id),
    "new": Sort(_l("Newest"), Payout.id, down=True),
    "amount": Sort(_l("Largest"), Payout.amount, down=True),
}


@bp.get("/ops/money")
@requires(Role.OPERATOR)
def books() -> ResponseReturnValue:
    """Balances of all accounts, what waits for an approval, whom we owe, and whether the provider agrees."""
    owed = statements.debts_to_merchants()
    waiting = statements.payouts_in([PayoutState.PLANNED])
    return render_template(
        "settlement/books.html",
        books=statements.books(),
        owed=owed,
        firms=names_of_firms([row.owner for row in owed] + [row.merchant_id for row in waiting]),
        waiting=waiting,
        last=last_reconciliation(),
        gap_words={gap.value: gap.label for gap in Gap},
        months=last_months(utcnow(), zone()),
        now=utcnow(),
    )


@bp.post("/ops/money/reconcile")
@requires(Role.OPERATOR)
def compare_now() -> ResponseReturnValue:
    """Compare our books with the provider's now."""
    end_transaction()
    found = reconcile(utcnow())
    if found.differences:
        flash(_("The books differ: see below."), "bad")
    else:
        flash(_("Both books say the same."), "ok")
    return redirect(url_for(".books"))


@bp.get("/ops/money/journal.csv")
@requires(Role.OPERATOR)
def journal_csv() -> ResponseReturnValue:
    """Every entry of a month, as a file."""
    name, start, end = month(request.args.get("month", ""), utcnow(), zone())
    entries = db.session.execute(
        select(
            Transaction.at, Transaction.id, Transaction.cause, Transaction.cause_id,
            Transaction.kind, Account.kind.label("account"), Account.owner, Account.currency, Entry.amount,
        )
        .join(Entry, Entry.tx_id == Transaction.id)
        .join(Account, Account.id == Entry.account_id)
        .where(Transaction.at >= start, Transaction.at < end)
        .order_by(Transaction.at, Transaction.id, Entry.seq)
    )  # fmt: skip
    rows: list[list[Any]] = [
        ["date", "transaction", "cause", "cause number", "kind", "account", "owner", "currency", "amount"]
    ]
    rows += [
        [moment(e.at), e.id, e.cause, e.cause_id, e.kind, e.account, e.owner, e.currency,
         Amount(e.amount, e.currency)]
        for e in entries
    ]  # fmt: skip
    return as_file(rows, f"journal-{name}")


@bp.get("/ops/money/merchants/<int:merchant_id>")
@requires(Role.OPERATOR)
def merchant_statement(merchant_id: int) -> ResponseReturnValue:
    """A month of one merchant's account."""
    firm = get_or_404(Merchant, merchant_id)
    args = {"merchant_id": merchant_id}
    return statement_page(firm, url_for(".books"), ".merchant_statement", ".merchant_statement_csv", args)


@bp.get("/ops/money/merchants/<int:merchant_id>.csv")
@requires(Role.OPERATOR)
def merchant_statement_csv(merchant_id: int) -> ResponseReturnValue:
    """The same as a file."""
    return statement_file(get_or_404(Merchant, merchant_id))


@bp.get("/ops/money/payouts")
@requires(Role.OPERATOR)
def payouts() -> ResponseReturnValue:
    """Payouts by state; those that wait for approval first."""
    state = asked("state", [*(str(s) for s in SHOWN), "all"]) or str(PayoutState.PLANNED)
    statement = (
        select(Payout, Merchant, BankAccount)
        .join(Merchant, Merchant.id == Payout.merchant_id)
        .outerjoin(BankAccount, BankAccount.id == Payout.bank_account_id)
    )
    if state != "all":
        statement = statement.where(Payout.state == state)
    table = find(statement, SORTS, Payout.id, search=(Payout.number, Merchant.name, BankAccount.label))
    if table.as_file:
        return table.file("payouts", _payout_headings(), _payout_cells)
    found = [payout for payout, _firm, _account in table.rows]
    me = current_user.id
    return render_template(
        "settlement/payouts.html",
        table=table,
        names=names_of(id_ for row in found for id_ in (row.first_by, row.second_by) if id_),
        why_not={p.id: _why_not(p, me) for p in found if p.state == PayoutState.PLANNED},
        filters=_payout_filters(state),
        kinds=KINDS,
    )


def _payout_filters(state: str) -> list[tuple[str, str, int, bool]]:
    rows = db.session.execute(select(Payout.state, func.count()).group_by(Payout.state))
    counts = {str(s): n for s, n in rows}
    planned = str(PayoutState.PLANNED)
    labels = {str(s): s.label for s in SHOWN} | {planned: _("To approve")}
    return [
        *(
            (labels[str(s)], here(state=None if s == planned else str(s)), counts.get(str(s), 0), s == state)
            for s in SHOWN
        ),
        (_("All"), here(state="all"), sum(counts.values()), state == "all"),
    ]


def _payout_headings() -> list[str]:
    return [
        _("Payout"), _("Firm"), _("State"), _("Amount"), _("Currency"), _("Goes to"), _("Planned"), _("Paid"),
        _("First approval"), _("Second approval"),
    ]  # fmt: skip


def _payout_cells(rows: Sequence[Any]) -> list[list[Any]]:
    names = names_of(id_ for p, _firm, _account in rows for id_ in (p.first_by, p.second_by) if id_)
    return [
        [p.number, firm.name, p.state.label, Amount(p.amount, p.currency), p.currency, account.label if account else "",
         moment(p.planned_at), moment(p.paid_at), names.get(p.first_by, ""), names.get(p.second_by, "")]
        for p, firm, account in rows
    ]  # fmt: skip


@bp.get("/ops/money/payouts/<int:payout_id>")
@requires(Role.OPERATOR)
def payout_lines(payout_id: int) -> ResponseReturnValue:
    """One payout with the orders that it is for, and the button of whoever may approve it."""
    found = get_or_404(Payout, payout_id)
    return render_template(
        "settlement/payout_lines.html",
        payout=found,
        firm=get_or_404(Merchant, found.merchant_id),
        lines=statements.lines_of(found.id),
        names=names_of(id_ for id_ in (found.first_by, found.second_by) if id_),
        why_not=_why_not(found, current_user.id),
        kinds=KINDS,
        account=_account_of(found),
        now=utcnow(),
    )


def _account_of(payout: Payout) -> BankAccount | None:
    """Where it goes: the account that it was sent to, or the firm's present one."""
    return db.session.get(BankAccount, payout.bank_account_id) or bank_account_of(payout.merchant_id)


def _why_not(payout: Payout, by: int) -> str | None:
    return rules.why_not_approve(payout, by, staff_ids(payout.merchant_id))


@bp.post("/ops/money/payouts/<int:payout_id>/approve")
@requires(Role.OPERATOR)
def approve(payout_id: int) -> ResponseReturnValue:
    """Say yes to a large payout."""
    with transaction():
        found = approve_payout(payout_id, by=current_user.id, now=utcnow())
        whole = found.state == PayoutState.APPROVED
    if whole:
        flash(_("Approved by two: the payout is sent within a minute."), "ok")
    else:
        flash(_("Your approval is noted. A second operator approves it as well."), "ok")
    return redirect(url_for(".payouts"))
