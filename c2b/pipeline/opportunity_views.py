"""Open demand for merchants, the papers of an offer, and a merchant's public page."""

from typing import Any

from flask import Response, abort, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns.queries import cards_of
from c2b.core.access import Role, public, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404
from c2b.core.errors import NotFound, refuse
from c2b.core.money import parse_amount
from c2b.demand.curve import Curve
from c2b.merchants.hooks import profile_parts
from c2b.merchants.models import Merchant
from c2b.merchants.queries import firm_by_slug, firm_of
from c2b.merchants.states import MerchantState
from c2b.merchants.views import download
from c2b.pipeline.blueprint import bp
from c2b.pipeline.models import Offer
from c2b.pipeline.offer_queries import opportunities, public_campaigns_of, reached_at
from c2b.pipeline.people import why_not_independent
from c2b.pipeline.wording import price


@bp.get("/sell/demand", endpoint="opportunities")
@requires(Role.MERCHANT)
def show_opportunities() -> ResponseReturnValue:
    """Campaigns that look for a merchant, and what a price would reach."""
    firm, now = own_firm(), utcnow()
    found = opportunities(firm.id, now)
    asked = request.args.get("c", ""), request.args.get("price", "")
    answer = next(
        (
            what_if(chance.demand, chance.campaign.currency, asked[1])
            for chance in found
            if chance.campaign.slug == asked[0]
        ),
        None,
    )
    return render_template(
        "pipeline/opportunities.html",
        firm=firm,
        found=found,
        asked=asked,
        answer=answer,
        certified=firm.state == MerchantState.CERTIFIED,
    )


def what_if(demand: Curve, currency: str, typed: str) -> dict[str, Any]:
    """What so much would reach: units and people, or the sentence that the field shows."""
    try:
        amount = parse_amount(typed, currency)
    except ValueError as problem:
        return {"problem": str(problem)}
    point = reached_at(demand, amount)
    return {
        "price": amount,
        "units": point.units if point else 0,
        "people": point.people if point else 0,
        "problem": "",
    }


def what_if_words(answer: dict[str, Any], currency: str) -> str:
    """The same in a sentence."""
    if answer["problem"]:
        return str(answer["problem"])
    amount = price(answer["price"], currency)
    if not answer["units"]:
        return str(_("At %(price)s you would reach fewer people than we can show.", price=amount))
    return str(
        ngettext(
            "At %(price)s you would reach at least %(n)s unit, wanted by %(people)s people.",
            "At %(price)s you would reach at least %(n)s units, wanted by %(people)s people.",
            answer["units"],
            price=amount,
            n=format_decimal(answer["units"]),
            people=format_decimal(answer["people"]),
        )
    )


@bp.get("/sell/a/<int:offer_id>/papers/<int:number>")
@requires(Role.MERCHANT, Role.REVIEWER, Role.OPERATOR)
def certificate(offer_id: int, number: int) -> Response:
    """A certificate as a download, for the firm's people and for those who judge it."""
    found = get_or_404(Offer, offer_id)
    judge = current_user.has_role(Role.OPERATOR) or current_user.has_role(Role.REVIEWER)
    firm = firm_of(current_user.id)
    if firm is None or firm.id != found.merchant_id:
        if not judge:
            raise NotFound
        refuse(why_not_independent(found, current_user.id))
    if not 1 <= number <= len(found.certificates):
        raise NotFound
    kept = found.certificates[number - 1]
    return download(str(kept["file"]), str(kept["name"]))


@public
def profile(slug: str) -> ResponseReturnValue:
    """A merchant's public record; here because it tells of campaigns too."""
    firm = firm_by_slug(slug)
    campaigns = public_campaigns_of(firm.id)
    return render_template(
        "merchants/profile.html",
        firm=firm,
        cards=cards_of(campaigns, now=utcnow(), user_id=None),
        parts=profile_parts(firm),
    )


@bp.record
def _add_profile(state: BlueprintSetupState) -> None:
    state.app.add_url_rule("/m/<slug>", endpoint="merchants.profile", view_func=profile)


def own_firm() -> Merchant:
    """The firm of the person who looks; without one the page is not for them."""
    firm = firm_of(current_user.id)
    if firm is None:
        abort(403)
    return firm
