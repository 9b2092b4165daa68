"""Joining a campaign, changing a pledge and leaving: every way through sign-in and card and back."""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns import operations, queries
from c2b.campaigns.blueprint import bp
from c2b.campaigns.bringing import who_brought
from c2b.campaigns.forms import NEW_CARD, OTHER, PledgeForm
from c2b.campaigns.hooks import MoneyNow, money_of
from c2b.campaigns.keeping import forget, keep, kept
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.my_views import money_line
from c2b.campaigns.placing import language, must_place, place
from c2b.campaigns.pledge_box import cards_of, ceilings, pledge_box, typed_values, values_of
from c2b.campaigns.quick import known, quick_request
from c2b.campaigns.share_words import sharing_of
from c2b.campaigns.states import TAKES_PLEDGES, PledgeState
from c2b.campaigns.views import campaign_page, full_view, reader_id, visible
from c2b.core.access import Role, public, requires
from c2b.core.addresses import path_for
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound, Refused

INVALID, CONFLICT = 422, 409


@bp.post("/c/<slug>/join")
@public
def pledge(slug: str) -> ResponseReturnValue:
    """Promise to buy. Without a sign-in or a card the promise waits until both are there."""
    if _placed_quickly(slug):
        forget()
        return on_to_joined(slug)
    return _pledge_by_the_form(slug, reader_id())


def on_to_joined(slug: str) -> Response:
    """The way on, without a page to read: its language would have to be asked of the database."""
    where = path_for("campaigns.joined", slug=slug)
    return Response(status=302, headers={"Location": where}, mimetype="text/plain")


def _placed_quickly(slug: str) -> bool:
    """Whether it was a plain pledge that nothing speaks against; then it is placed, and no page was made."""
    campaign = known(slug)
    wanted = quick_request(campaign) if campaign else None
    if campaign is None or wanted is None:
        return False
    return place(campaign.id, wanted, now=utcnow()).pledge_id is not None


def _pledge_by_the_form(slug: str, shopper_id: int | None) -> ResponseReturnValue:
    campaign = visible(slug)
    view = queries.page_view(campaign, shopper_id, now=utcnow())
    box = pledge_box(view, shopper_id)
    form = box.form
    if not form.validate_on_submit():
        return campaign_page(campaign, view, box, INVALID)
    values = {**typed_values(form), "ceiling": form.ceiling, "options": form.chosen_options}
    card_id = _card(values, shopper_id)
    if shopper_id is None or card_id is None:
        keep(slug, values, cards=[id_ for id_, _label in cards_of(shopper_id)])
        return redirect(url_for(".finish", slug=slug))
    request_ = _request(campaign, values, shopper_id, card_id)
    campaign_id = campaign.id
    placed = _try(form, lambda: must_place(campaign_id, request_, now=utcnow()))
    if not placed:
        campaign = visible(slug)
        view = queries.page_view(campaign, shopper_id, now=utcnow())
        return campaign_page(campaign, view, box, CONFLICT)
    forget()
    return redirect(url_for(".joined", slug=slug))


@bp.route("/c/<slug>/join/finish", methods=["GET", "POST"])
@public
def finish(slug: str) -> ResponseReturnValue:
    """The pledge that waited for a sign-in or a card: shown once more, and placed by a press."""
    waiting = kept(slug)
    here = url_for(".finish", slug=slug)
    if waiting is None:
        return redirect(url_for(".show", slug=slug, _anchor="join"))
    shopper_id = reader_id()
    if shopper_id is None:
        return redirect(url_for("accounts.sign_in", next=here))
    card_id = _card_after(waiting, shopper_id)
    if card_id is None and not waiting.get("asked"):
        keep(slug, waiting["values"], cards=waiting.get("cards", []), asked=True)
        return redirect(url_for("payments.add_card", next=here))
    if card_id is None:
        flash(_("You have not joined yet: no card was saved. What you chose is still here."), "warn")
        keep(slug, waiting["values"])
        return redirect(url_for(".show", slug=slug, _anchor="join"))
    if request.method == "GET":
        card = dict(cards_of(shopper_id))[card_id]
        return render_template(
            "campaigns/finish.html", campaign=visible(slug), values=waiting["values"], card=card
        )
    return _place_kept(slug, _request(visible(slug), waiting["values"], shopper_id, card_id))


def _place_kept(slug: str, request_: operations.PledgeRequest) -> ResponseReturnValue:
    campaign_id = visible(slug).id
    try:
        must_place(campaign_id, request_, now=utcnow())
    except Refused as refusal:
        flash(str(refusal), "warn")
        return redirect(url_for(".show", slug=slug, _anchor="join"))
    forget()
    return redirect(url_for(".joined", slug=slug))


def _card(values: dict[str, Any], shopper_id: int | None) -> int | None:
    """The saved card that was chosen, else the newest; None where one must be added."""
    if values.get("card") == NEW_CARD:
        return None
    mine = [id_ for id_, _label in cards_of(shopper_id)]
    chosen = str(values.get("card") or "")
    if chosen.isdecimal():
        return int(chosen) if int(chosen) in mine else None
    return mine[0] if mine else None


def _card_after(waiting: dict[str, Any], shopper_id: int) -> int | None:
    """Back from saving a card: the new one where another was wanted, else any."""
    if waiting["values"].get("card") != NEW_CARD:
        return _card(waiting["values"], shopper_id)
    before = waiting.get("cards", [])
    return next((id_ for id_, _label in cards_of(shopper_id) if id_ not in before), None)


def _request(
    campaign: Campaign, values: dict[str, Any], shopper_id: int, card_id: int
) -> operations.PledgeRequest:
    address = str(values.get("address") or "")
    return operations.PledgeRequest(
        shopper_id=shopper_id,
        quantity=values["quantity"],
        tolerance=values.get("tolerance") or 0,
        ceiling=values["ceiling"],
        options=values["options"],
        region=values["region"],
        address_id=int(address) if address.isdecimal() else None,
        mandate_id=card_id,
        terms=values.get("terms") or "",
        request_key=f"{shopper_id}:{values['request_key']}" if values.get("request_key") else None,
        brought_by=who_brought(campaign, shopper_id),
        language=language(),
    )


def _own_pledge(slug: str) -> tuple[Campaign, Pledge]:
    campaign = visible(slug)
    mine = queries.my_pledge(campaign.id, current_user.id)
    if mine is None:
        raise NotFound
    return campaign, mine


@bp.get("/c/<slug>/joined")
@requires(Role.SHOPPER)
def joined(slug: str) -> ResponseReturnValue:
    """What I promised, what happens next, and where the money is."""
    campaign = visible(slug)
    mine = queries.my_pledge(campaign.id, current_user.id)
    if mine is None or mine.state == PledgeState.WITHDRAWN:
        if mine is not None and campaign.state in TAKES_PLEDGES:  # also where an old form was sent once more
            flash(_("You left this campaign. Join it again if you want to be in."), "info")
        return redirect(url_for(".show", slug=slug, _anchor="join"))
    now = utcnow()
    view, parts = full_view(campaign, queries.page_view(campaign, current_user.id, now=now), now)
    return render_template(
        "campaigns/joined.html",
        campaign=campaign,
        view=view,
        pledge=mine,
        card=dict(cards_of(current_user.id)).get(mine.mandate_id),
        money=money_of([mine.id], now).get(mine.id) or MoneyNow(*money_line(mine.state), path=""),
        parts=parts,
        share=sharing_of(campaign, view),
        brought=queries.brought_by(campaign.id, current_user.id),
        now=now,
    )


@bp.route("/c/<slug>/change", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def change(slug: str) -> ResponseReturnValue:
    """Change my pledge: freely while it is open, upwards once the deal is on."""
    campaign, mine = _own_pledge(slug)
    view = queries.page_view(campaign, current_user.id, now=utcnow())
    if view.my_pledge is None:
        return redirect(url_for(".joined", slug=slug))
    box = pledge_box(view, current_user.id, kept=values_of(mine, campaign, ceilings(view)[0]))
    status = 200
    if box.form.is_submitted():
        status = INVALID
        if box.form.validate():
            status = CONFLICT
            if _changed(mine.id, box.form):
                flash(_("Your pledge is changed."), "ok")
                if (
                    typed_values(box.form).get("card") == NEW_CARD
                ):  # it is saved with the provider first, then chosen here
                    return redirect(url_for("payments.add_card", next=url_for(".change", slug=slug)))
                return redirect(url_for(".joined", slug=slug))
            campaign, mine = _own_pledge(slug)
            view = queries.page_view(campaign, current_user.id, now=utcnow())
    html = render_template(
        "campaigns/change.html", campaign=campaign, view=view, box=box, pledge=mine, now=utcnow()
    )
    return html, status


def _changed(pledge_id: int, form: PledgeForm) -> bool:
    values = typed_values(form)
    card, address = str(values.get("card") or ""), str(values.get("address") or "")
    wanted = operations.PledgeChange(
        quantity=values["quantity"],
        ceiling=form.ceiling,
        tolerance=values.get("tolerance") or 0,
        options=form.chosen_options,
        region=values["region"],
        address_id=int(address) if address.isdecimal() else None,
        mandate_id=int(card) if card.isdecimal() else None,
    )
    by = current_user.id

    def act() -> None:
        with transaction():
            operations.change_pledge(pledge_id, wanted, by=by, now=utcnow())

    return _try(form, act)


# Where the reason of a refusal stands: beside the field that it is about.
BESIDE = {
    "quantity": "quantity",
    "over_limit": "quantity",
    "over_capacity": "quantity",
    "ceiling": "max",
    "ceiling_too_high": "max",
    "region": "region",
    "address": "address",
    "no_mandate": "card",
}


def _try(form: PledgeForm, act: Callable[[], object]) -> bool:
    """Do it, and commit it; a refusal stands beside its field, and what was typed is kept."""
    try:
        act()
        return True
    except Refused as no:
        name = BESIDE.get(getattr(no, "code", ""), "")
        if name == "max" and form.max.data == OTHER:
            name = "max_other"
        if name in form:
            form[name].errors = [*form[name].errors, str(no)]
        else:
            form.form_errors.append(str(no))
        return False


@bp.post("/c/<slug>/leave")
@requires(Role.SHOPPER)
def withdraw(slug: str) -> ResponseReturnValue:
    """Leave the campaign while it is open."""
    _campaign, mine = _own_pledge(slug)
    with transaction():
        operations.withdraw_pledge(mine.id, by=current_user.id, now=utcnow())
    flash(_("You left. Nothing was charged, and nothing will be."), "ok")
    return redirect(url_for(".show", slug=slug))
