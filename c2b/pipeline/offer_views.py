"""The merchants' pages: their offers, the form, the hub of one offer."""

from collections.abc import Collection
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.barcode import barcode
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound, Refused
from c2b.core.events import history
from c2b.demand.curve import Curve
from c2b.merchants.states import MerchantState
from c2b.pipeline import offer_pages as pages
from c2b.pipeline import offers
from c2b.pipeline.blueprint import bp
from c2b.pipeline.forms import SentForm
from c2b.pipeline.judging import visit_of, waits
from c2b.pipeline.machine_findings import Finding
from c2b.pipeline.machine_rules import BY_ID, examine, findings_in
from c2b.pipeline.models import Offer
from c2b.pipeline.offer_content import draft_for, tiers_of
from c2b.pipeline.offer_forms import OfferFields, offer_form
from c2b.pipeline.offer_queries import (
    last_verdict,
    offers_of,
    opportunities,
    own_offer,
    points_of,
    samples_asked_for,
    visits_of,
    waiting_among,
)
from c2b.pipeline.offer_rules import why_not_change, why_not_submit, why_not_withdraw
from c2b.pipeline.offer_worth import drawn, on_curve, worth_of
from c2b.pipeline.opportunity_views import own_firm, what_if, what_if_words
from c2b.pipeline.queries import curves_of
from c2b.pipeline.said import reason_in_words
from c2b.pipeline.sample_views import qr
from c2b.pipeline.samples import sample_of
from c2b.pipeline.stages import STAGES
from c2b.pipeline.states import SampleState


@bp.get("/sell/a", endpoint="offers")
@requires(Role.MERCHANT)
def show_offers() -> ResponseReturnValue:
    """The firm's offers: what waits for it first."""
    firm = own_firm()
    found = offers_of(firm.id)
    waiting = waiting_among(found)
    asked_for = samples_asked_for(found)
    groups = {
        "yours": [o for o in found if o.id in waiting or (o.state in STAGES and _is_yours(o, asked_for))],
        "running": [
            o for o in found if o.state in STAGES and o.id not in waiting and not _is_yours(o, asked_for)
        ],
        "over": [o for o in found if o.state not in STAGES],
    }
    return render_template(
        "pipeline/offers.html",
        firm=firm,
        groups=groups,
        waiting=waiting,
        total=len(found),
        label_of=pages.label_of,
        kind_of=pages.kind_of,
    )


@bp.route("/sell/a/new/<slug>", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def offer_new(slug: str) -> ResponseReturnValue:
    """Register an offer for a campaign."""
    firm, now = own_firm(), utcnow()
    chance = next(iter(opportunities(firm.id, now, slug=slug)), None)
    if chance is None:
        raise NotFound
    if chance.own is not None:
        if request.method == "POST" and chance.own.state == offers.SIGN_UP:  # it was kept by itself meanwhile
            return redirect(url_for(".offer_edit", offer_id=chance.own.id), 307)
        return redirect(url_for(".offer", offer_id=chance.own.id))
    if firm.state != MerchantState.CERTIFIED:
        raise Refused(_("Only a certified merchant can register an offer."))
    form = offer_form(chance.campaign.currency, draft_for(chance.campaign))
    if form.validate_on_submit():
        try:
            with transaction():
                made = offers.register_offer(
                    form.draft,
                    campaign_id=chance.campaign.id,
                    merchant_id=firm.id,
                    by=current_user.id,
                    now=now,
                )
        except Refused as problem:
            form.form_errors.append(str(problem))
        else:
            return _after_saving(made.id)
    return _form_page(form, chance.campaign, offer=None)


@bp.route("/sell/a/<int:offer_id>/edit", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def offer_edit(offer_id: int) -> ResponseReturnValue:
    """Change an offer while it is a draft, or while a stage waits for it to be mended."""
    found = own_offer(offer_id, own_firm().id)
    visit = visit_of(found)
    asked = visit is not None and visit.waiting_for is not None
    if problem := why_not_change(found.state, first=offers.SIGN_UP, waiting=asked):
        raise Refused(problem)
    form = offer_form(found.currency, found, seen=found.content_hash)
    if form.validate_on_submit():
        try:
            with transaction():
                offers.change_offer(
                    offer_id, form.draft, by=current_user.id, now=utcnow(), seen=form.seen.data or None
                )
        except Refused as problem:
            form.form_errors.append(str(problem))
            found = own_offer(offer_id, own_firm().id)
        else:
            return _after_saving(offer_id)
    return _form_page(form, found.campaign, offer=found)


@bp.get("/sell/a/<int:offer_id>")
@requires(Role.MERCHANT)
def offer(offer_id: int) -> ResponseReturnValue:
    """The hub of one offer."""
    firm, now = own_firm(), utcnow()
    found = own_offer(offer_id, firm.id)
    visit = visit_of(found)
    waiting = visit is not None and waits(found, visit)
    findings = _findings(found)
    lines = history(found)
    curve = curves_of([found.campaign_id])[found.campaign_id]
    may_change = why_not_change(found.state, first=offers.SIGN_UP, waiting=waiting) is None
    refusal = _why_not_submit(found)
    staff = {row.user_id for row in firm.staff}
    said = last_verdict(found.id, visit.stage) if visit else None
    parcel = sample_of(found.id)
    to_send = parcel is not None and parcel.state == SampleState.REQUESTED
    asked = request.args.get("at", "")
    return render_template(
        "pipeline/offer.html",
        firm=firm,
        offer=found,
        label=pages.label_of(found.state),
        kind=pages.kind_of(found.state, waiting=waiting),
        steps=pages.steps(found, visits_of(found.id)),
        next=pages.next_thing(
            found,
            findings,
            waiting=waiting,
            why_not_submit=refusal,
            reason=reason_in_words(said.evidence, said.reason) if said else _reason(lines),
            sample=parcel,
        ),
        tasks=pages.tasks(found, findings, open_form=may_change),
        findings=findings,
        rules=BY_ID,
        may_change=may_change,
        may_withdraw=why_not_withdraw(found.state, before_award=offers.FREE_TO_LEAVE) is None,
        sample=parcel if to_send else None,
        sent_form=SentForm(formdata=None),
        qr=qr(parcel.code) if parcel and to_send else "",
        bars=barcode(parcel.code) if parcel and to_send else "",
        **_demand(found, curve, asked),
        lines=pages.happened(lines, names_of(staff), staff),
        now=now,
    )


@bp.post("/sell/a/<int:offer_id>/submit")
@requires(Role.MERCHANT)
def offer_submit(offer_id: int) -> ResponseReturnValue:
    """Hand the offer in."""
    own_offer(offer_id, own_firm().id)
    with transaction():
        offers.submit_offer(offer_id, by=current_user.id, now=utcnow())
    flash(_("Handed in. The machine looks at it in the next minutes."), "ok")
    return redirect(url_for(".offer", offer_id=offer_id))


@bp.post("/sell/a/<int:offer_id>/withdraw")
@requires(Role.MERCHANT)
def offer_withdraw(offer_id: int) -> ResponseReturnValue:
    """Take the offer back."""
    own_offer(offer_id, own_firm().id)
    with transaction():
        offers.withdraw_offer(offer_id, by=current_user.id, now=utcnow())
    flash(_("The offer is withdrawn. While sign-up is open you can register another one."), "ok")
    return redirect(url_for(".offers"))


@bp.post("/sell/a/<int:offer_id>/again")
@requires(Role.MERCHANT)
def offer_again(offer_id: int) -> ResponseReturnValue:
    """Have the machine look once more."""
    own_offer(offer_id, own_firm().id)
    with transaction():
        offers.ask_again(offer_id, by=current_user.id, now=utcnow())
    flash(_("The machine looks at it again in the next minutes."), "ok")
    return redirect(url_for(".offer", offer_id=offer_id))


def _is_yours(found: Offer, samples: Collection[int]) -> bool:
    return STAGES[found.state].owner is Role.MERCHANT or found.id in samples


def _why_not_submit(found: Offer) -> str | None:
    batch = offers.batch_of(found.campaign_id)
    return why_not_submit(
        found,
        found.campaign,
        found.merchant,
        first=offers.SIGN_UP,
        batch=batch,
        now=utcnow(),
    )


def _findings(found: Offer) -> list[Finding]:
    """What the machine says now while it can still matter, else what it said."""
    if found.state in (offers.SIGN_UP, "machine_review"):
        return examine(found, utcnow())
    said = last_verdict(found.id, "machine_review")
    return findings_in(said.evidence) if said else []


def _reason(lines: Any) -> str:
    said = [
        reason_in_words(line.data.get("evidence"), line.data.get("reason", "")) for line in reversed(lines)
    ]
    return next(filter(None, said), "")


def _after_saving(offer_id: int) -> ResponseReturnValue:
    """On to what the pressed button asked for."""
    if request.form.get("action") == "check":
        return redirect(url_for(".offer_edit", offer_id=offer_id, _anchor="checks"))
    flash(_("Saved."), "ok")
    return redirect(url_for(".offer", offer_id=offer_id))


def _form_page(form: OfferFields, campaign: Any, *, offer: Offer | None) -> ResponseReturnValue:
    curve = curves_of([campaign.id])[campaign.id]
    page = render_template(
        "pipeline/offer_form.html",
        form=form,
        campaign=campaign,
        offer=offer,
        findings=_findings(offer) if offer is not None and not form.errors else [],
        rules=BY_ID,
        **_demand(offer, curve, ""),
        now=utcnow(),
        tier_attributes=_attributes,
    )
    return page, 422 if form.errors or form.form_errors else 200


def _demand(found: Offer | None, curve: Curve, asked: str) -> dict[str, Any]:
    """Demand with the offer's prices on it, what each of them would bring, and the answer to a "what if"."""
    prices = tiers_of(found) if found is not None else []
    return {
        "curve": curve,
        "shown": drawn(curve),
        "points": points_of(curve),
        "ladder": on_curve(prices, curve),
        "worth": worth_of(prices, curve, unit_cost=found.unit_cost, fee_bp=found.fee_bp) if found else [],
        "asked": asked,
        "answer": what_if(curve, found.currency, asked) if asked and found else None,
        "what_if_words": what_if_words,
    }


def _attributes(field: Any, label: str) -> dict[str, str]:
    """What a field inside a table needs to be understood: its name, and where its message is."""
    named = {"aria-label": label}
    return (
        named | {"aria-invalid": "true", "aria-describedby": f"{field.id}-error"} if field.errors else named
    )
