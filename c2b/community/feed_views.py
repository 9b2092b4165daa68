"""The feeds' addresses."""

from datetime import UTC, datetime

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from c2b.campaigns.categories import Category
from c2b.campaigns.models import Campaign
from c2b.community import queries
from c2b.community.blueprint import bp
from c2b.community.feeds import LENGTH, Entry, Feed, of_news, opened_lately, tag
from c2b.community.pages import spoken_of
from c2b.core.access import public
from c2b.core.errors import NotFound
from c2b.core.forms import is_plain
from c2b.merchants.queries import firm_by_slug

BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)  # of a feed in which nothing stands yet


@bp.get("/c/<slug>/feed.atom")
@public
def campaign_feed(slug: str) -> Response:
    """A campaign's updates."""
    campaign = spoken_of(slug)
    said = queries.said_news(queries.news_of(campaign.id).first(LENGTH))
    url = url_for(".updates", slug=slug, _external=True)
    entries = of_news(said, host=_host(), url=url)
    begun = campaign.opened_at or campaign.created_at
    title = _("Updates: %(title)s", title=campaign.title)
    return _answer(title, tag(_host(), "campaign", campaign.id, begun), url, entries, begun)


@bp.get("/k/<category>/feed.atom")
@public
def category_feed(category: str) -> Response:
    """What has opened in a category."""
    found = next((each for each in Category if each.value == category), None)
    if found is None:
        raise NotFound
    url = url_for("web.category", category=category, _external=True)
    entries = _campaigns(list(opened_lately(Campaign.category == found)))
    return _answer(found.label, tag(_host(), "category", category, BEGINNING), url, entries, BEGINNING)


@bp.get("/m/<slug>/feed.atom")
@public
def merchant_feed(slug: str) -> Response:
    """What a merchant has started or won."""
    if not is_plain(slug):
        raise NotFound
    firm = firm_by_slug(slug)
    url = url_for("merchants.profile", slug=slug, _external=True)
    entries = _campaigns(list(opened_lately(Campaign.merchant_id == firm.id)))
    return _answer(
        firm.name, tag(_host(), "merchant", firm.id, firm.created_at), url, entries, firm.created_at
    )


def _host() -> str:
    return request.host.partition(":")[0]


def _campaigns(found: list[Campaign]) -> list[Entry]:
    entries = []
    for campaign in found:
        at = campaign.opened_at or campaign.created_at
        url = url_for("campaigns.show", slug=campaign.slug, _external=True)
        words = "\n\n".join(text for text in (campaign.summary, campaign.description) if text)
        id_ = tag(_host(), "campaign", campaign.id, at)
        entries.append(Entry(id_, campaign.title, url, at, campaign.origin.label, words))
    return entries


def _answer(title: str, id_: str, url: str, entries: list[Entry], begun: datetime) -> Response:
    updated = max((entry.at for entry in entries), default=begun)
    feed = Feed(id_, title, request.base_url, url, updated, entries)
    response = Response(render_template("community/feed.xml", feed=feed), mimetype="application/atom+xml")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    response.make_conditional(request)
    return response
