"""Saved cards: the list, and the way to the provider's page and back."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import end_transaction, transaction
from c2b.core.paths import local_path
from c2b.payments import operations
from c2b.payments.gateway import gateway
from c2b.payments.queries import live_mandates

bp = Blueprint("payments", __name__)
VISIT = "card_visit"  # in the session: which visit to the provider's page is this browser's own


@bp.get("/me/cards")
@requires(Role.SHOPPER)
def cards() -> ResponseReturnValue:
    """The cards that I have saved."""
    saved = live_mandates(current_user.id)
    why_not = {mandate.id: operations.why_not_revoke(mandate.id) for mandate in saved}
    return render_template("payments/cards.html", cards=saved, why_not=why_not)


@bp.get("/me/cards/add")
@requires(Role.SHOPPER)
def add_card() -> ResponseReturnValue:
    """Off to the provider's page, where the card is typed in."""
    customer = f"shopper-{current_user.id}"
    then = local_path(request.args.get("next") or url_for(".cards"))
    end_transaction()
    setup = gateway().start_setup(customer, url_for(".returned", _external=True))
    session[VISIT] = {"reference": setup.reference, "next": then}
    return redirect(setup.address)


@bp.get("/me/cards/returned")
@requires(Role.SHOPPER)
def returned() -> ResponseReturnValue:
    """Back from the provider's page."""
    user_id = current_user.id
    visit = session.pop(VISIT, None) or {}
    end_transaction()
    card = gateway().finish_setup(visit["reference"]) if "reference" in visit else None
    if card is None:
        flash(_("No card was saved."), "warn")
    else:
        with transaction():
            operations.save_mandate(user_id, card, now=utcnow())
        flash(_("%(card)s is saved. Nothing was charged.", card=card.label), "ok")
    return redirect(visit.get("next") or url_for(".cards"))


@bp.post("/me/cards/<int(max=9223372036854775807):mandate_id>/remove")
@requires(Role.SHOPPER)
def remove_card(mandate_id: int) -> ResponseReturnValue:
    """Forget a saved card."""
    with transaction():
        operations.revoke_mandate(mandate_id, by=current_user.id, now=utcnow())
    flash(_("The card is removed."), "ok")
    return redirect(url_for(".cards"))
