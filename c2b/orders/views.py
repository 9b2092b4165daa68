"""The shopper's pages after a launch: a card to put right, and what is left over."""

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.accounts import tokens
from c2b.campaigns.operations import PledgeRequest
from c2b.campaigns.queries import campaign_by_slug
from c2b.campaigns.states import PUBLIC
from c2b.campaigns.terms import terms_hash
from c2b.core.access import Role, public, requires
from c2b.core.clock import utcnow
from c2b.core.db import end_transaction, transaction
from c2b.core.errors import NotFound, Refused
from c2b.core.forms import attempt
from c2b.orders import queries, rules
from c2b.orders.forms import PayForm, buy_form
from c2b.orders.leftovers import buy_leftover
from c2b.orders.mending import PayView, look_again, mend, pay_view
from c2b.orders.telling import PAY, pay_path
from c2b.payments import windows
from c2b.payments.gateway import NoAnswer, gateway
from c2b.payments.operations import save_mandate
from c2b.payments.queries import live_mandates
from c2b.payments.states import AttemptState

bp = Blueprint("orders", __name__)
VISIT = "pay_visit"  # in the session: which visit to the provider's card page began on a pay page


def _pledge_of(token: str) -> int:
    pledge_id = tokens.read(PAY, token, windows.LINK_LIVES, now=utcnow())
    if not isinstance(pledge_id, int):
        raise NotFound
    return pledge_id


@bp.route("/pay/<token>", methods=["GET", "POST"])
@public
def pay(token: str) -> ResponseReturnValue:
    """Put a failed payment right. Whoever has the link of the mail may: it can only pay for the owner's goods."""
    pledge_id = _pledge_of(token)
    view = pay_view(pledge_id, now=utcnow())
    form = PayForm()
    form.offer(live_mandates(view.pledge.shopper_id), view.attempt.mandate_id if view.attempt else None)
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            status = 409
            if _mended(form, pledge_id):
                return redirect(url_for(".pay", token=token))
            view = pay_view(pledge_id, now=utcnow())
    return _private(_pay_page(token, view, form), status)


def _mended(form: PayForm, pledge_id: int) -> bool:
    mandate_id = form.card.data
    end_transaction()
    try:
        state = mend(pledge_id, mandate_id, now=utcnow())
    except Refused as refusal:
        form.form_errors.append(str(refusal))
        return False
    if state == AttemptState.SUCCEEDED:
        flash(_("This card works. You are charged when the launch is confirmed."), "ok")
    elif state == AttemptState.FAILED:
        flash(_("This card did not work either. You can try another one."), "warn")
    return True


def _pay_page(token: str, view: PayView, form: PayForm) -> str:
    now = utcnow()
    attempt_ = view.attempt
    confirm, silent = None, False
    if attempt_ is not None and attempt_.state == AttemptState.REQUIRES_ACTION and now < view.until:
        reference, back = attempt_.reference or "", url_for(".confirmed", token=token)
        end_transaction()
        try:
            confirm = gateway().confirm_address(reference, back)
        except NoAnswer:
            silent = True
        view = pay_view(view.pledge.id, now=now)
    return render_template(
        "orders/pay.html",
        token=token,
        view=view,
        form=form,
        confirm=confirm,
        silent=silent,
        now=now,
        code=_code(view),
    )


def _code(view: PayView) -> str | None:
    """Why the last card failed; None where none did."""
    if view.attempt is None or view.attempt.state not in rules.OVER:
        return None
    return view.attempt.code or "not_confirmed"


@bp.get("/pay/<token>/add")
@public
def pay_add_card(token: str) -> ResponseReturnValue:
    """Off to the provider's page to save another card for this payment."""
    pledge_id = _pledge_of(token)
    customer = f"shopper-{pay_view(pledge_id, now=utcnow()).pledge.shopper_id}"
    end_transaction()
    try:
        setup = gateway().start_setup(customer, url_for(".pay_returned", token=token, _external=True))
    except NoAnswer:
        return _try_later(token)
    session[VISIT] = {"reference": setup.reference, "pledge": pledge_id}
    return redirect(setup.address)


def _try_later(token: str) -> ResponseReturnValue:
    """The provider is silent: back to the page, which says until when there is time."""
    flash(
        _("Our payment provider does not answer. Nothing was charged; please try again in a minute."), "warn"
    )
    return redirect(url_for(".pay", token=token))


@bp.get("/pay/<token>/returned")
@public
def pay_returned(token: str) -> ResponseReturnValue:
    """Back from the provider's page, where a card was saved or not."""
    pledge_id = _pledge_of(token)
    shopper_id = pay_view(pledge_id, now=utcnow()).pledge.shopper_id
    visit = session.get(VISIT) or {}
    end_transaction()
    try:
        card = gateway().finish_setup(visit["reference"]) if visit.get("pledge") == pledge_id else None
    except NoAnswer:
        return _try_later(token)  # the visit is kept: coming back here again finishes it
    session.pop(VISIT, None)
    if card is None:
        flash(_("No card was saved."), "warn")
    else:
        with transaction():
            save_mandate(shopper_id, card, now=utcnow())
        flash(_("%(card)s is saved. Press the button below to use it.", card=card.label), "ok")
    return redirect(url_for(".pay", token=token))


@bp.get("/pay/<token>/confirmed")
@public
def confirmed(token: str) -> ResponseReturnValue:
    """Back from the bank, where the payment was confirmed or refused."""
    pledge_id = _pledge_of(token)
    end_transaction()
    look_again(pledge_id, now=utcnow())
    return redirect(url_for(".pay", token=token))


def _private(html: str, status: int) -> Response:
    """The page's address is a key: it is neither kept nor handed on."""
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@bp.get("/me/pay/<int(max=9223372036854775807):pledge_id>")
@requires(Role.SHOPPER)
def pay_mine(pledge_id: int) -> ResponseReturnValue:
    """From the list of what I joined to the page on which a failed payment is put right."""
    view = pay_view(pledge_id, now=utcnow())
    if view.pledge.shopper_id != current_user.id:
        raise NotFound
    return redirect(pay_path(pledge_id, utcnow()))


@bp.route("/c/<slug>/buy", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def buy(slug: str) -> ResponseReturnValue:
    """Buy from what a launch left over, at the group price."""
    campaign = campaign_by_slug(slug)
    launch = queries.launch_of(campaign.id)
    if campaign.state not in PUBLIC or launch is None:
        raise NotFound
    shopper_id = current_user.id
    form = buy_form(campaign, live_mandates(shopper_id), terms_hash(campaign))
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            status = 409
            wanted = PledgeRequest(
                shopper_id=shopper_id,
                quantity=form.quantity.data,
                ceiling=launch.unit_price,
                mandate_id=form.card.data,
                terms=form.terms.data or "",
                options=form.chosen_options,
                region=form.region.data,
                request_key=f"{shopper_id}:{form.request_key.data}" if form.request_key.data else None,
            )
            campaign_id = campaign.id
            if attempt(form, lambda: buy_leftover(campaign_id, wanted, now=utcnow())):
                flash(_("It is yours. Your card is charged in the next minutes, and we write to you."), "ok")
                return redirect(url_for("campaigns.show", slug=slug))
            campaign, launch = campaign_by_slug(slug), queries.launch_of(campaign_id)
    why_not = rules.why_not_buy(launch, 1, utcnow())
    here = request.path
    html = render_template(
        "orders/buy.html", campaign=campaign, launch=launch, form=form, why_not=why_not, here=here
    )
    return html, status
