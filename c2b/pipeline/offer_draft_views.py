"""While an offer is written: kept by itself, started from another one, asked what a price would reach."""

from flask import flash, get_template_attribute, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_time
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import Refused, Stale
from c2b.core.forms import typed_amount
from c2b.pipeline import offers
from c2b.pipeline.blueprint import bp
from c2b.pipeline.offer_content import draft_for, draft_from, tiers_of
from c2b.pipeline.offer_forms import OfferFields, offer_form
from c2b.pipeline.offer_queries import opportunities, own_offer
from c2b.pipeline.offer_worth import worth_of
from c2b.pipeline.opportunity_views import own_firm, what_if, what_if_words
from c2b.pipeline.queries import curves_of


@bp.post("/sell/a/new/<slug>/autosave")
@requires(Role.MERCHANT)
def offer_begin(slug: str) -> ResponseReturnValue:
    """Keep a new offer from its first words on; the answer says where it is kept from now."""
    firm, now = own_firm(), utcnow()
    chance = next(iter(opportunities(firm.id, now, slug=slug)), None)
    if chance is None or chance.own is not None:
        return jsonify(text=_("Not kept yet: something in the form is not in order."), stale=True), 409
    form = offer_form(chance.campaign.currency, draft_for(chance.campaign))
    if not form.validate_on_submit():
        text = _("Not kept yet: something in the form is not in order.")
        return jsonify(text=text, rows=_pasted_rows(form)), 422
    try:
        with transaction():
            made = offers.register_offer(
                form.draft, campaign_id=chance.campaign.id, merchant_id=firm.id, by=current_user.id, now=now
            )
            id_, seen = made.id, made.content_hash
    except Refused as no:
        return jsonify(text=str(no)), 422
    text = _("Saved at %(time)s", time=format_time(now, "short"))
    next_time, page = url_for(".offer_autosave", offer_id=id_), url_for(".offer_edit", offer_id=id_)
    return jsonify(text=text, seen=seen, rows=_pasted_rows(form), autosave=next_time, page=page)


@bp.post("/sell/a/<int:offer_id>/autosave")
@requires(Role.MERCHANT)
def offer_autosave(offer_id: int) -> ResponseReturnValue:
    """Keep the draft as it stands; never over a newer change, and never half a form."""
    found = own_offer(offer_id, own_firm().id)
    form, now = offer_form(found.currency, found), utcnow()
    if not form.validate_on_submit():
        text = _("Not kept yet: something in the form is not in order.")
        return jsonify(text=text, rows=_pasted_rows(form)), 422
    try:
        with transaction():
            kept = offers.change_offer(
                offer_id, form.draft, by=current_user.id, now=now, seen=form.seen.data or "", by_itself=True
            )
            seen = kept.content_hash
    except Stale as newer:
        return jsonify(text=str(newer), stale=True), 409
    except Refused as no:
        return jsonify(text=str(no)), 422
    text = _("Saved at %(time)s", time=format_time(now, "short"))
    return jsonify(text=text, seen=seen, rows=_pasted_rows(form), worth=_worth_now(offer_id))


def _pasted_rows(form: OfferFields) -> list[tuple[str, str]]:
    """What was pasted, as the rows of the form spell it; none where nothing was, or it cannot be read."""
    if not form.pasted.data:
        return []
    return [(str(t.from_quantity), typed_amount(t.unit_price, form.currency)) for t in form.price_tiers]


def _worth_now(offer_id: int) -> str:
    """What the prices that were just kept would bring, as the card shows it."""
    found = own_offer(offer_id, own_firm().id)
    curve = curves_of([found.campaign_id])[found.campaign_id]
    worth = worth_of(tiers_of(found), curve, unit_cost=found.unit_cost, fee_bp=found.fee_bp)
    return str(get_template_attribute("pipeline/_offer_checks.html", "worth_lines")(found, worth))


@bp.get("/sell/a/<int:offer_id>/reach")
@requires(Role.MERCHANT)
def offer_reach(offer_id: int) -> ResponseReturnValue:
    """What a price would reach, in a sentence, for the page's script."""
    found = own_offer(offer_id, own_firm().id)
    curve = curves_of([found.campaign_id])[found.campaign_id]
    answer = what_if(curve, found.currency, request.args.get("at", ""))
    return jsonify(text=what_if_words(answer, found.currency), problem=bool(answer["problem"]))


@bp.route("/sell/a/<int:offer_id>/copy", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def offer_copy(offer_id: int) -> ResponseReturnValue:
    """Start an offer for another campaign from this one."""
    firm, now = own_firm(), utcnow()
    found = own_offer(offer_id, firm.id)
    chances = [
        chance
        for chance in opportunities(firm.id, now)
        if chance.own is None and chance.campaign.currency == found.currency
    ]
    if request.method == "POST":
        chosen = next((c for c in chances if c.campaign.slug == request.form.get("campaign")), None)
        if chosen is None:
            flash(_("Choose a campaign that looks for a merchant."), "bad")
        else:
            with transaction():
                made = offers.register_offer(
                    draft_from(found),
                    campaign_id=chosen.campaign.id,
                    merchant_id=firm.id,
                    by=current_user.id,
                    now=now,
                ).id
            flash(_("A draft with the same content. Look at prices and quantities: they came along."), "ok")
            return redirect(url_for(".offer_edit", offer_id=made))
    status = 422 if request.method == "POST" else 200
    return render_template("pipeline/offer_copy.html", offer=found, chances=chances), status
