"""How selling works, the application, and a firm's own page."""

import mimetypes
from io import BytesIO

from flask import Response, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.accounts.queries import names_of
from c2b.core.access import Role, public, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound, Refused
from c2b.core.events import history
from c2b.core.files import content_of
from c2b.merchants import example, operations
from c2b.merchants.blueprint import bp
from c2b.merchants.forms import ApplyForm, EditorForm, FirmForm, PapersForm, region_name
from c2b.merchants.models import Merchant, MerchantDocument
from c2b.merchants.queries import documents_of, firm_of, post_of
from c2b.merchants.rules import MIN_DEPOSIT, why_not_apply
from c2b.merchants.states import MerchantState, Post


@bp.get("/sell")
@public
def sell() -> ResponseReturnValue:
    """Why and how to sell: the eight stages, the papers, the deposit."""
    firm = firm_of(current_user.id) if current_user.is_authenticated else None
    return render_template("merchants/sell.html", firm=firm, deposits=MIN_DEPOSIT, example=example)


@bp.route("/sell/apply", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def apply() -> ResponseReturnValue:
    """Apply for certification, or apply again after a decline."""
    firm = firm_of(current_user.id)
    if firm is not None and firm.state != MerchantState.DECLINED:
        return redirect(url_for(".firm"))
    post = post_of(firm, current_user.id) if firm else None
    there = frozenset(paper.kind for paper in documents_of(firm.id)) if firm else frozenset()
    form = ApplyForm(obj=firm, papers_there=there)
    why_not = why_not_apply(firm, post, current_user.email_confirmed_at)
    if why_not is None and form.validate_on_submit():
        try:
            with transaction():
                operations.apply(form.application, form.papers, by=current_user.id, now=utcnow())
        except Refused as problem:
            form.licence_number.errors = [str(problem)]
        else:
            flash(_("Your application is in. We look at it within two working days and write to you."), "ok")
            return redirect(url_for(".firm"))
    status = 422 if form.errors else 200
    return render_template("merchants/apply.html", form=form, firm=firm, why_not=why_not, there=there), status


@bp.get("/sell/firm")
@requires(Role.SHOPPER)
def firm() -> ResponseReturnValue:
    """The state of the application, the papers and the people."""
    return _firm_page(_own_firm())


@bp.post("/sell/firm")
@requires(Role.SHOPPER)
def change() -> ResponseReturnValue:
    """Change what a firm may say of itself."""
    own = _own_firm()
    form = FirmForm()
    if not form.validate_on_submit():
        return _firm_page(own, firm_form=form)
    with transaction():
        operations.change_firm(
            own.id,
            about=form.about.data or "",
            ships_from=form.ships_from.data or "",
            contact_phone=form.contact_phone.data or "",
            by=current_user.id,
            now=utcnow(),
        )
    flash(_("Saved."), "ok")
    return redirect(url_for(".firm"))


@bp.post("/sell/firm/papers")
@requires(Role.SHOPPER)
def add_papers() -> ResponseReturnValue:
    """Hand in further papers."""
    own = _own_firm()
    form = PapersForm()
    if not form.validate_on_submit():
        return _firm_page(own, papers_form=form)
    if not form.papers:
        form.licence.errors = [_("Choose a file.")]
        return _firm_page(own, papers_form=form)
    with transaction():
        operations.add_documents(own.id, form.papers, by=current_user.id, now=utcnow())
    flash(_("The papers are in."), "ok")
    return redirect(url_for(".firm") + "#papers")


@bp.post("/sell/firm/editors")
@requires(Role.SHOPPER)
def add_editor() -> ResponseReturnValue:
    """Give a colleague a post."""
    own = _own_firm()
    form = EditorForm()
    if form.validate_on_submit():
        try:
            with transaction():
                user = operations.add_editor(own.id, form.email.data, by=current_user.id, now=utcnow())
        except Refused as problem:
            form.email.errors = [str(problem)]
        else:
            flash(_("%(name)s can now work on the firm's offers.", name=user.name), "ok")
            return redirect(url_for(".firm") + "#people")
    return _firm_page(_own_firm(), editor_form=form)


@bp.post("/sell/firm/editors/<int:user_id>/remove")
@requires(Role.SHOPPER)
def remove_editor(user_id: int) -> ResponseReturnValue:
    """Take a colleague's post away."""
    own = _own_firm()
    with transaction():
        operations.remove_editor(own.id, user_id, by=current_user.id, now=utcnow())
    flash(_("This person no longer works on the firm's offers."), "ok")
    return redirect(url_for(".firm") + "#people")


@bp.get("/sell/papers/<int:document_id>")
@requires(Role.MERCHANT, Role.REVIEWER, Role.OPERATOR)
def paper(document_id: int) -> Response:
    """A paper as a download, for the firm's people and for those who judge it."""
    document = get_or_404(MerchantDocument, document_id)
    judge = current_user.has_role(Role.OPERATOR) or current_user.has_role(Role.REVIEWER)
    own = firm_of(current_user.id)
    if not judge and (own is None or own.id != document.merchant_id):
        raise NotFound
    return download(document.file, document.name)


def download(ref: str, name: str) -> Response:
    """A kept paper, never shown inside a page of ours."""
    content = content_of(ref)
    if content is None:
        raise NotFound
    kind = mimetypes.guess_type(ref)[0] or "application/octet-stream"
    response = send_file(BytesIO(content), kind, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _own_firm() -> Merchant:
    own = firm_of(current_user.id)
    if own is None:
        raise NotFound
    return own


def _firm_page(
    own: Merchant,
    firm_form: FirmForm | None = None,
    papers_form: PapersForm | None = None,
    editor_form: EditorForm | None = None,
) -> ResponseReturnValue:
    wrong = any(form is not None for form in (firm_form, papers_form, editor_form))
    page = render_template(
        "merchants/firm.html",
        firm=own,
        owner=post_of(own, current_user.id) == Post.OWNER,
        names=names_of(row.user_id for row in own.staff),
        documents=documents_of(own.id),
        region=region_name(own.region),
        lines=history(own),
        firm_form=firm_form or FirmForm(formdata=None, obj=own),
        papers_form=papers_form or PapersForm(formdata=None),
        editor_form=editor_form or EditorForm(formdata=None),
    )
    return page, 422 if wrong else 200
