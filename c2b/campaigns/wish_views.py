"""Starting a wish: draft, preview, hand in, mend; and the list of wishes that shoppers started."""

from collections.abc import Sequence
from typing import Any

from flask import current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from c2b.campaigns import finding, operations, queries
from c2b.campaigns.blueprint import bp
from c2b.campaigns.firms import firm_id_of
from c2b.campaigns.models import Campaign
from c2b.campaigns.rules import why_not_edit, why_not_submit
from c2b.campaigns.states import CampaignState, Origin
from c2b.campaigns.views import visible
from c2b.campaigns.wish_forms import CampaignForm, FirstForm, SubmitForm, WishForm
from c2b.campaigns.wishing import draft_of, values_of
from c2b.core.access import Role, public, requires, same_for_visitors
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.core.forms import attempt, query_text
from c2b.core.kept import shared

SIMILAR = 4


@bp.get("/w")
@public
@same_for_visitors
def wishes() -> ResponseReturnValue:
    """What shoppers started and others can join."""
    page, at = _page_number(), queries.place_asked(request.args)
    user_id = current_user.id if current_user.is_authenticated else None
    found = shared(
        ("wishes", page, at),
        lambda: queries.cards(now=utcnow(), origin=Origin.SHOPPER, sort="new", page=page, at=at),
    )
    links = [more if more is None else url_for(".wishes", **more) for more in queries.neighbours(found)]
    return render_template("campaigns/wishes.html", found=queries.marked(found, user_id), links=links)


def _page_number() -> int:
    typed = request.args.get("page", "1")
    return min(max(int(typed), 1), 10_000) if typed.isdecimal() and len(typed) < 9 else 1


@bp.route("/w/new", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def new() -> ResponseReturnValue:
    """Start a wish: first three things, then similar wishes, then the rest. Who sells begins with everything."""
    if request.form.get("first"):
        return _first_answers()
    if request.method == "GET":
        return _begin()
    form = _form({})
    if not form.validate():
        return _form_page(form, status=422)
    starter_id, now = int(current_user.id), utcnow()
    origin, firm_id = _origin()
    draft = draft_of(form)
    started = attempt(
        form,
        lambda: (
            operations.start_campaign(
                draft, starter_id=starter_id, origin=origin, merchant_id=firm_id, now=now
            ).slug
        ),
    )
    if started is None:
        return _form_page(form, status=409)
    return redirect(url_for(".preview", slug=started))


def _begin() -> ResponseReturnValue:
    title = query_text(request.args.get("title"), 60)
    if again := request.args.get("again"):
        return _form_page(_form(values_of(visible(again))))
    if _origin()[0] != Origin.SHOPPER or request.args.get("all"):
        return _form_page(_form({"title": title}))
    return render_template("campaigns/wish_first.html", form=FirstForm(formdata=None, data={"title": title}))


def _first_answers() -> ResponseReturnValue:
    """The first three things are there: what others wish for already, and the rest of the form."""
    first = FirstForm()
    if not first.validate():
        return render_template("campaigns/wish_first.html", form=first), 422
    values = {name: first[name].data for name in ("title", "expected_price", "list_price_basis", "pictures")}
    kind = WishForm if _origin()[0] == Origin.SHOPPER else CampaignForm
    return _form_page(kind(formdata=None, data=values), likes=_similar(str(first.title.data)))


def _similar(title: str) -> list[queries.CardView]:
    return finding.like(title, now=utcnow(), limit=SIMILAR, user_id=int(current_user.id))


@bp.get("/w/similar")
@requires(Role.SHOPPER)
def similar() -> ResponseReturnValue:
    """What others wish for already, while somebody types."""
    money = current_app.jinja_env.filters["money"]
    title = query_text(request.args.get("q"), 60)
    found = _similar(title) if len(title) >= 2 else []
    return jsonify(
        [
            {
                "title": card.title,
                "url": url_for(".show", slug=card.slug),
                "line": ngettext(
                    "%(price)s, %(num)s wants it", "%(price)s, %(num)s want it", card.want_count,
                    price=money(card.expected_price, card.currency),
                ),
            }
            for card in found
        ]
    )  # fmt: skip


def _origin() -> tuple[Origin, int | None]:
    """Operators start for the platform, a merchant's people for their firm, everybody else as a shopper."""
    if current_user.has_role(Role.OPERATOR):
        return Origin.PLATFORM, None
    if current_user.has_role(Role.MERCHANT) and (firm_id := firm_id_of(current_user.id)):
        return Origin.MERCHANT, firm_id
    return Origin.SHOPPER, None


def _form(values: dict[str, Any]) -> WishForm:
    kind = WishForm if _origin()[0] == Origin.SHOPPER else CampaignForm
    return kind(data=values)


def _form_page(
    form: WishForm,
    campaign: Campaign | None = None,
    status: int = 200,
    likes: Sequence[queries.CardView] = (),
) -> ResponseReturnValue:
    html = render_template("campaigns/wish_form.html", form=form, campaign=campaign, likes=likes)
    return html, status


def _own(slug: str) -> Campaign:
    campaign = visible(slug)
    if campaign.starter_id != current_user.id:
        raise NotFound
    return campaign


@bp.route("/w/<slug>/edit", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def edit(slug: str) -> ResponseReturnValue:
    """Change a draft."""
    campaign = _own(slug)
    if refusal := why_not_edit(campaign):
        flash(str(refusal), "warn")
        return redirect(url_for(".preview", slug=slug))
    form = _form(values_of(campaign))
    if not form.is_submitted():
        return _form_page(form, campaign)
    if not form.validate():
        return _form_page(form, campaign, 422)
    campaign_id, by, draft = campaign.id, int(current_user.id), draft_of(form)
    changed = attempt(form, lambda: operations.change_campaign(campaign_id, draft, by=by, now=utcnow()).slug)
    if changed is None:
        return _form_page(form, _own(slug), 409)
    return redirect(url_for(".preview", slug=changed))


@bp.route("/w/<slug>", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def preview(slug: str) -> ResponseReturnValue:
    """The last look at a draft, beside what others wish for already; then it is handed in."""
    campaign = _own(slug)
    form = SubmitForm()
    if form.validate_on_submit():
        campaign_id, by = campaign.id, int(current_user.id)
        if attempt(form, lambda: operations.submit_campaign(campaign_id, by=by, now=utcnow())) is not None:
            flash(_("Handed in. We look at every wish, mostly within a day, and tell you by mail."), "ok")
            return redirect(url_for(".my_wishes"))
        campaign = _own(slug)
    now = utcnow()
    likes = [card for card in _similar(campaign.title) if card.id != campaign.id]
    html = render_template(
        "campaigns/wish_preview.html",
        campaign=campaign,
        view=queries.page_view(campaign, current_user.id, now=now),
        form=form,
        likes=likes,
        why_not=why_not_submit(campaign),
        is_draft=campaign.state == CampaignState.DRAFT,
    )
    return html, 422 if form.errors else 200


@bp.post("/w/<slug>/cancel")
@requires(Role.SHOPPER)
def cancel(slug: str) -> ResponseReturnValue:
    """Call my own wish off, until the deal is on."""
    campaign = _own(slug)
    with transaction():
        operations.cancel_campaign(
            campaign.id, _("Called off by the person who started it."), by=current_user.id, now=utcnow()
        )
    flash(_("Called off. Whoever joined is released and told."), "ok")
    return redirect(url_for(".my_wishes"))
