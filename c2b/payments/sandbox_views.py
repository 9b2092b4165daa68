"""The sandbox provider's own pages. They stand for a bank's and a provider's; production has none."""

from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from c2b.core.access import public
from c2b.core.db import end_transaction
from c2b.core.paths import local_path
from c2b.payments.forms import TestAccountForm, TestCardForm
from c2b.payments.gateway import gateway
from c2b.payments.gateways.cards import TEST_ACCOUNTS, TEST_CARDS
from c2b.payments.gateways.visits import Pages

bp = Blueprint("sandbox", __name__)


def provider() -> Pages:
    """The sandbox, where it is what the site is paid through; else these pages do not exist."""
    if current_app.config["C2B"].production:
        abort(404)
    end_transaction()
    found = gateway()
    if not isinstance(found, Pages):
        abort(404)
    return found


@bp.route("/sandbox/setup/<token>", methods=["GET", "POST"])
@public
def setup(token: str) -> ResponseReturnValue:
    """Where a shopper would type in a card; here one is chosen."""
    sandbox = provider()
    visit = sandbox.visit(token)
    if visit is None:
        abort(404)
    form = TestCardForm()
    if form.validate_on_submit():
        sandbox.choose(token, form.card.data)
        return redirect(visit["return_url"])
    notes = {card.kind: card.words for card in TEST_CARDS}
    page: dict[str, Any] = {"form": form, "notes": notes, "back": visit["return_url"]}
    return render_template("payments/sandbox_setup.html", **page), 422 if form.errors else 200


@bp.route("/sandbox/payee/<token>", methods=["GET", "POST"])
@public
def payee(token: str) -> ResponseReturnValue:
    """Where a firm would say which bank account is its own; here one is chosen."""
    sandbox = provider()
    visit = sandbox.visit(token, "payee")
    if visit is None:
        abort(404)
    form = TestAccountForm()
    if form.validate_on_submit():
        sandbox.choose_payee(token, form.account.data)
        return redirect(visit["return_url"])
    notes = {account.kind: account.words for account in TEST_ACCOUNTS}
    page: dict[str, Any] = {"form": form, "notes": notes, "back": visit["return_url"]}
    return render_template("payments/sandbox_payee.html", **page), 422 if form.errors else 200


@bp.route("/sandbox/confirm/<reference>", methods=["GET", "POST"])
@public
def confirm(reference: str) -> ResponseReturnValue:
    """Where a bank would ask its customer to confirm a payment."""
    sandbox = provider()
    hold = sandbox.hold(reference)
    if hold is None:
        abort(404)
    form = FlaskForm()
    back = local_path(request.args.get("back") or url_for("payments.cards"))
    if form.validate_on_submit():
        sandbox.confirm(reference, request.form.get("answer") == "yes")
        return redirect(back)
    return render_template("payments/sandbox_confirm.html", form=form, hold=hold, back=back)
