"""What search engines read: which pages there are, in which languages, and which are nobody's business."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Flask, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, select

from c2b.campaigns.categories import Category
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import PUBLIC
from c2b.core.access import public
from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.core.languages import PREFIXES
from c2b.merchants.models import Merchant
from c2b.web.assets import asset_url
from c2b.web.help_texts import TOPICS
from c2b.web.language import without_prefix
from c2b.web.legal_texts import PAGES
from c2b.web.meta import absolute

IN_ONE_FILE = 1000  # addresses at most; each is named in every language
PRIVATE = ("/me", "/ops", "/review", "/schedule", "/dev/", "/pay/", "/confirm/", "/reset/", "/u/", "/offers/",
           "/language/", "/appearance", "/search", "/sandbox/", "/webhooks/", "/work")  # fmt: skip

Address = tuple[str, datetime | None]


@public
def robots() -> Response:
    """What crawlers leave alone, and where they find the rest."""
    lines = ["User-agent: *"]
    lines += [f"Disallow: {prefix}{path}" for prefix in PREFIXES.values() for path in PRIVATE]
    lines += ["", f"Sitemap: {absolute('/sitemap.xml')}", ""]
    return Response(
        "\n".join(lines), mimetype="text/plain", headers={"Cache-Control": "public, max-age=3600"}
    )


@public
def sitemap_index() -> ResponseReturnValue:
    """The sitemaps by type."""
    parts = -(-(db.session.scalar(select(func.max(Campaign.id))) or 0) // IN_ONE_FILE)
    names = ["pages", "merchants", *(f"campaigns-{part}" for part in range(1, parts + 1))]
    addresses = [absolute(without_prefix(url_for("web.sitemap", name=name))) for name in names]
    return _xml(render_template("web/sitemap_index.xml", addresses=addresses))


@public
def sitemap(name: str) -> ResponseReturnValue:
    """The addresses of one type, each in every language."""
    kind, _dash, part = name.partition("-")
    if kind == "campaigns" and part.isascii() and part.isdecimal() and len(part) < 5 and int(part) > 0:
        rows = list(_campaign_addresses(int(part)))
    elif name in ("pages", "merchants"):
        rows = list(_pages() if name == "pages" else _merchants())
    else:
        raise NotFound
    languages = [(code, absolute("/").rstrip("/") + prefix) for code, prefix in PREFIXES.items()]
    return _xml(render_template("web/sitemap.xml", rows=rows, languages=languages))


def _campaigns() -> Select[str, datetime | None]:
    return select(Campaign.slug, Campaign.opened_at).where(
        Campaign.state.in_(PUBLIC), Campaign.opened_at.is_not(None)
    )


def _campaign_addresses(part: int) -> Iterator[Address]:
    first = (part - 1) * IN_ONE_FILE + 1  # by number, so that the last file costs what the first one costs
    query = _campaigns().where(Campaign.id.between(first, first + IN_ONE_FILE - 1))
    for slug, opened_at in db.session.execute(query.order_by(Campaign.id)):
        yield _path("campaigns.show", slug=slug), opened_at


def _merchants() -> Iterator[Address]:
    query = select(Merchant.slug, Merchant.certified_at).where(Merchant.certified_at.is_not(None))
    for slug, since in db.session.execute(query.order_by(Merchant.id).limit(IN_ONE_FILE)):
        yield _path("merchants.profile", slug=slug), since


def _pages() -> Iterator[Address]:
    for endpoint in ("web.home", "web.how", "web.help", "merchants.sell"):
        yield _path(endpoint), None
    for category in Category:
        yield _path("web.category", category=category.value), None
    for topic in TOPICS:
        yield _path("web.help_topic", topic=topic.key), None
    for page in PAGES:
        yield _path("web.legal", page=page.key), None


def _path(endpoint: str, **values: Any) -> str:
    return without_prefix(url_for(endpoint, **values))


def _xml(text: str) -> Response:
    return Response(text, mimetype="application/xml", headers={"Cache-Control": "public, max-age=3600"})


@public
def favicon() -> ResponseReturnValue:
    """The picture that browsers ask for without being told."""
    return redirect(asset_url("favicon.ico"), 301)


def register(app: Flask) -> None:
    """Connect what machines ask for."""
    app.add_url_rule("/robots.txt", endpoint="web.robots", view_func=robots)
    app.add_url_rule("/sitemap.xml", endpoint="web.sitemap_index", view_func=sitemap_index)
    app.add_url_rule("/sitemap-<name>.xml", endpoint="web.sitemap", view_func=sitemap)
    app.add_url_rule("/favicon.ico", endpoint="web.favicon", view_func=favicon)
