"""A campaign's page for everyone, with its outcome, its calendar file, following and the one-press wish."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns import operations, queries
from c2b.campaigns.blueprint import bp
from c2b.campaigns.bringing import remember
from c2b.campaigns.calendar import closing_file
from c2b.campaigns.hooks import MoneyNow, money_of, parts_for
from c2b.campaigns.keeping import kept_for
from c2b.campaigns.models import Campaign
from c2b.campaigns.page import with_chosen_tiers
from c2b.campaigns.pledge_box import Box, cards_of, pledge_box
from c2b.campaigns.queries import PageView
from c2b.campaigns.share_words import sharing_of
from c2b.campaigns.standing import standing_of
from c2b.campaigns.states import TAKES_PLEDGES, CampaignState, PledgeState
from c2b.core.access import Role, public, requires, same_for_visitors
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.core.forms import is_plain
from c2b.core.own import keep_for_readers, may_be_kept
from c2b.core.paths import local_path

S = CampaignState


def reader_id() -> int | None:
    """Who looks: the signed-in person, or None for a visitor."""
    return int(current_user.id) if current_user.is_authenticated else None


def visible(slug: str) -> Campaign:
    """The campaign of this address, where this person may see it; else NotFound."""
    if not is_plain(slug):
        raise NotFound
    campaign = queries.campaign_by_slug(slug)
    operator = current_user.is_authenticated and current_user.has_role(Role.OPERATOR)
    if not queries.visible_to(campaign, reader_id(), operator=operator):
        raise NotFound
    return campaign


def full_view(campaign: Campaign, view: PageView, now: datetime) -> tuple[PageView, dict[str, Any]]:
    """What the page shows, with what the features above know: once an offer is chosen, its tiers hold."""
    parts = parts_for(campaign, reader_id(), now)
    if chosen := parts.get("tiers"):
        view = with_chosen_tiers(view, chosen, parts.get("final_price"))
    return view, parts


def campaign_page(campaign: Campaign, view: PageView, box: Box | None, status: int = 200) -> tuple[str, int]:
    """The campaign's page with the pledge box as it stands."""
    now = utcnow()
    others = (
        [] if campaign.state in TAKES_PLEDGES else queries.similar(campaign, now=now, user_id=reader_id())
    )
    view, parts = full_view(campaign, view, now)
    brought = queries.brought_by(campaign.id, reader_id())
    if status == 200:
        _keep_for_others(campaign, view, box, brought)
    html = render_template(
        "campaigns/show.html",
        campaign=campaign,
        view=view,
        box=box,
        parts=parts,
        others=others,
        brought=brought,
        money=_money(view, now),
        share=sharing_of(campaign, view),
        now=now,
    )
    return html, status


def _money(view: PageView, now: datetime) -> MoneyNow | None:
    """What must be said of the reader's money while their card is being asked for it."""
    mine = view.my_pledge
    if mine is None or mine.state != PledgeState.ALLOCATED:
        return None
    return money_of([mine.id], now).get(mine.id)


def _keep_for_others(campaign: Campaign, view: PageView, box: Box | None, brought: int) -> None:
    """Whoever stands to the campaign as this reader does may see this page too, with what is theirs.

    While cards are being asked for the money each reader has a page of their own: one card failed, another did not.
    """
    user_id = reader_id()
    if user_id is None or not may_be_kept() or not queries.visible_to(campaign, None):
        return
    if view.my_pledge is not None and view.my_pledge.state == PledgeState.ALLOCATED:
        return
    standing = standing_of(campaign.id, user_id)
    if not standing.apart and standing.agrees(view, box, brought):
        keep_for_readers(campaign.id, standing.kind)


@bp.get("/c/<slug>")
@public
@same_for_visitors
def show(slug: str) -> ResponseReturnValue:
    """Decide and join."""
    campaign = visible(slug)
    remember(campaign)
    now = utcnow()
    view = queries.page_view(campaign, reader_id(), now=now)
    box = None
    if view.why_not is None and view.my_pledge is None:
        box = pledge_box(view, reader_id(), kept=kept_for(slug))
    return campaign_page(campaign, view, box)


@bp.get("/c/<slug>/result")
@public
@same_for_visitors
def result(slug: str) -> ResponseReturnValue:
    """How it ended, for good."""
    campaign = visible(slug)
    if campaign.state not in (S.LIVE, S.COMPLETED, S.EXPIRED, S.CANCELLED, S.FAILED):
        return redirect(url_for(".show", slug=slug))
    now = utcnow()
    view, parts = full_view(campaign, queries.page_view(campaign, reader_id(), now=now), now)
    return render_template(
        "campaigns/result.html",
        campaign=campaign,
        view=view,
        parts=parts,
        share=sharing_of(campaign, view),
        now=now,
        others=queries.similar(campaign, now=now, user_id=reader_id()),
    )


@bp.get("/c/<slug>.ics")
@public
def calendar(slug: str) -> ResponseReturnValue:
    """The closing time as a file for a calendar."""
    campaign = visible(slug)
    if campaign.closes_at is None:
        raise NotFound
    url = url_for(".show", slug=slug, _external=True)
    text = closing_file(campaign, url, _("%(title)s closes", title=campaign.title), utcnow())
    headers = {"Content-Disposition": f'attachment; filename="{campaign.slug}.ics"'}
    return Response(text, mimetype="text/calendar", headers=headers)


@bp.post("/c/<slug>/follow")
@requires(Role.SHOPPER)
def follow(slug: str) -> ResponseReturnValue:
    """Hear of it without a pledge; pressing again ends that."""
    campaign = visible(slug)
    stop = request.form.get("stop") == "1"
    with transaction():
        if stop:
            operations.unfollow(campaign.id, current_user.id)
        else:
            operations.follow(campaign.id, current_user.id, now=utcnow())
    flash(
        _("You no longer follow this.") if stop else _("We will tell you before it closes and when it is on.")
    )
    return redirect(url_for(".show", slug=slug))


@bp.post("/c/<slug>/want")
@public
def want(slug: str) -> ResponseReturnValue:
    """Join by one press where nothing is left to choose; else the way to the campaign's page."""
    campaign = visible(slug)
    box_url = url_for(".show", slug=slug, _anchor="join")
    shopper_id = reader_id()
    if shopper_id is None:
        return redirect(box_url)
    pledge = queries.my_pledge(campaign.id, shopper_id)
    if pledge is not None and pledge.state in (PledgeState.ACTIVE, PledgeState.RECONFIRM):
        return redirect(url_for(".joined", slug=slug))
    cards = cards_of(shopper_id)
    if campaign.options or not cards:
        return redirect(box_url)
    view = queries.page_view(campaign, shopper_id, now=utcnow())
    request_ = operations.PledgeRequest(
        shopper_id=shopper_id,
        quantity=1,
        ceiling=campaign.expected_price,
        mandate_id=cards[0][0],
        terms=view.terms,
        region=default_region(campaign),
    )
    title = campaign.title
    with transaction():
        operations.place_pledge(campaign.id, request_, now=utcnow())
    flash(_("You joined: %(title)s. Nothing is charged now.", title=title), "ok")
    return redirect(came_from() or url_for(".joined", slug=slug))


def default_region(campaign: Campaign) -> str:
    """Where goods go while the shopper has said nothing."""
    regions: list[Any] = campaign.regions
    return "CN" if not regions or "CN" in regions else str(regions[0])


def came_from() -> str | None:
    """The page of this site where a button was pressed."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return None
    return local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
