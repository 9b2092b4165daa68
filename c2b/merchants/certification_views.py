"""Where operators certify firms: the papers beside the decision."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.events import history
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.merchants import operations
from c2b.merchants.blueprint import certification as bp
from c2b.merchants.forms import CertifyForm, ReasonForm, region_name
from c2b.merchants.models import Merchant
from c2b.merchants.queries import counts_by_state, documents_of
from c2b.merchants.rules import MIN_DEPOSIT, papers_needed, why_not_judge
from c2b.merchants.states import MERCHANT, Grade, MerchantState

SORTS = {
    "since": Sort(_l("Waiting longest"), Merchant.state_since),
    "new": Sort(_l("Newest"), Merchant.id, down=True),
    "name": Sort(_l("By name"), Merchant.name),
}


@bp.get("/ops/merchants")
@requires(Role.OPERATOR)
def queue() -> ResponseReturnValue:
    """Firms by state; those that wait come first."""
    state = asked("state", [*(str(s) for s in MerchantState), "all"]) or str(MerchantState.APPLIED)
    statement = select(Merchant).options(selectinload(Merchant.documents))
    if state != "all":
        statement = statement.where(Merchant.state == state)
    found = find(
        statement, SORTS, Merchant.id, search=(Merchant.name, Merchant.licence_number, Merchant.slug)
    )
    if found.as_file:
        return found.file("merchants", _headings(), _cells)
    counts = counts_by_state()
    applied = str(MerchantState.APPLIED)
    filters = [
        (s.label, here(state=None if s == applied else str(s)), counts[s], s == state) for s in MerchantState
    ]
    filters.append((_("All"), here(state="all"), sum(counts.values()), state == "all"))
    return render_template("merchants/queue.html", table=found, state=state, filters=filters)


def _headings() -> list[str]:
    return [
        _("Number"), _("Firm"), _("State"), _("Kind"), _("Grade"), _("Licence number"), _("Region"), _("Deposit"),
        _("Kept"), _("Broken"), _("Registered"), _("Certified"),
    ]  # fmt: skip


def _cells(firms: Sequence[Merchant]) -> list[list[object]]:
    return [
        [
            f.id, f.name, f.state.label, f.kind.label, f.grade.label if f.grade else "", f.licence_number, f.region,
            Amount(f.deposit, "CNY"), f.kept, f.broken, moment(f.created_at), moment(f.certified_at),
        ]
        for f in firms
    ]  # fmt: skip


@bp.get("/ops/merchants/<int:merchant_id>")
@requires(Role.OPERATOR)
def show(merchant_id: int) -> ResponseReturnValue:
    """One firm with its papers and the decision."""
    return _page(merchant_id)


@bp.post("/ops/merchants/<int:merchant_id>/certify")
@requires(Role.OPERATOR)
def certify(merchant_id: int) -> ResponseReturnValue:
    """Certify, change the grade, or let a suspended firm work again."""
    form = CertifyForm()
    if form.validate_on_submit():
        grade = Grade(form.grade.data)
        if (form.deposit.data or 0) >= MIN_DEPOSIT[grade]:
            with transaction():
                firm = operations.certify(
                    merchant_id, grade, deposit=form.deposit.data, by=current_user.id, now=utcnow()
                )
            flash(_("%(firm)s is certified.", firm=firm.name), "ok")
            return redirect(url_for(".queue"))
        least = form.deposit.show(MIN_DEPOSIT[grade])
        form.deposit.errors = [_("This grade asks for a deposit of at least %(amount)s.", amount=least)]
    return _page(merchant_id, certify_form=form)


@bp.post("/ops/merchants/<int:merchant_id>/refuse")
@requires(Role.OPERATOR)
def turn_down(merchant_id: int) -> ResponseReturnValue:
    """Decline an application, or suspend a certified firm."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _page(merchant_id, reason_form=form)
    firm = get_or_404(Merchant, merchant_id)
    act = operations.suspend if firm.state == MerchantState.CERTIFIED else operations.decline
    with transaction():
        act(merchant_id, form.reason.data, by=current_user.id, now=utcnow())
    flash(_("%(firm)s was told, with your reason.", firm=firm.name), "ok")
    return redirect(url_for(".queue"))


def _page(
    merchant_id: int, certify_form: CertifyForm | None = None, reason_form: ReasonForm | None = None
) -> ResponseReturnValue:
    firm = get_or_404(Merchant, merchant_id)
    staff = [row.user_id for row in firm.staff]
    lines = history(firm)
    fresh = CertifyForm(
        formdata=None, grade=str(firm.grade or Grade.BASIC), deposit=firm.deposit or MIN_DEPOSIT[Grade.BASIC]
    )
    page = render_template(
        "merchants/certify.html",
        firm=firm,
        region=region_name(firm.region),
        documents=documents_of(firm.id),
        needed=papers_needed(firm.kind),
        names=names_of([*staff, *(line.by for line in lines if line.by)]),
        lines=lines,
        why_not=why_not_judge(current_user.id, staff),
        ways=MERCHANT.arrows.get(firm.state, set()),
        deposits=MIN_DEPOSIT,
        certify_form=certify_form or fresh,
        reason_form=reason_form or ReasonForm(formdata=None),
    )
    return page, 422 if certify_form or reason_form else 200
