"""The numbers of a campaign while its page is open: asked for every ten seconds, written anew only when they change."""

from flask import Response, current_app, jsonify, render_template, request
from flask_babel import gettext as _

from c2b.campaigns import queries
from c2b.campaigns.blueprint import bp
from c2b.campaigns.models import Campaign
from c2b.campaigns.queries import PageView
from c2b.campaigns.states import TAKES_PLEDGES
from c2b.campaigns.unchanged import mark_of
from c2b.campaigns.views import full_view, visible
from c2b.core.access import public
from c2b.core.clock import utcnow

PARTS = ("numbers", "pace", "ladder", "bar")


@bp.get("/c/<slug>/live")
@public
def live(slug: str) -> Response:
    """The parts of the page that change, ready to be put in their places, and a sentence for who listens."""
    campaign, now = visible(slug), utcnow()
    response = Response(status=304)
    mark = mark_of(campaign, now)
    if not request.if_none_match.contains_weak(mark):
        view, parts = full_view(campaign, queries.page_view(campaign, None, now=now), now)
        about = {"campaign": campaign, "view": view, "parts": parts, "now": now}
        response = jsonify(
            parts={part: render_template("campaigns/_live.html", part=part, **about) for part in PARTS},
            price=view.price_now,
            said=_said(campaign, view),
            open=campaign.state in TAKES_PLEDGES
            and campaign.closes_at is not None
            and now <= campaign.closes_at,
        )
    response.set_etag(mark, weak=True)
    response.headers["Cache-Control"] = "private, max-age=5"
    response.headers["X-Now"] = now.isoformat(timespec="milliseconds")
    return response


def _said(campaign: Campaign, view: PageView) -> str:
    """What is heard once the price has changed."""
    if view.price_now is None:
        return str(_("The price is not reached any more."))
    price = current_app.jinja_env.filters["money"](view.price_now, campaign.currency)
    return str(_("A price is reached: everyone pays %(price)s now.", price=price))
