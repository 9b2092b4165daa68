"""The campaigns that somebody looked at last, remembered by their own browser."""

from collections.abc import Sequence

from flask import Flask, Response, request
from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import PUBLIC
from c2b.core.db import db
from c2b.web.language import A_YEAR

COOKIE, MOST = "seen", 6


def seen() -> list[str]:
    """Their slugs, the last one first."""
    slugs = request.cookies.get(COOKIE, "").split(".")[:MOST]
    return [slug for slug in slugs if slug and len(slug) < 80 and slug.isascii()]


def recently_seen() -> Sequence[Campaign]:
    """The campaigns, the last one first; whoever has none costs no question to the database."""
    slugs = seen()
    if not slugs:
        return ()
    found = db.session.scalars(select(Campaign).where(Campaign.slug.in_(slugs), Campaign.state.in_(PUBLIC)))
    by_slug = {campaign.slug: campaign for campaign in found}
    return [by_slug[slug] for slug in slugs if slug in by_slug]


def remember(response: Response) -> Response:
    """A campaign's page was looked at."""
    if request.endpoint == "campaigns.show" and request.method == "GET" and response.status_code == 200:
        slug = str((request.view_args or {}).get("slug", ""))
        before = seen()
        if before[:1] != [slug]:
            kept = ".".join([slug, *(other for other in before if other != slug)][:MOST])
            secure = request.is_secure
            response.set_cookie(COOKIE, kept, max_age=A_YEAR, samesite="Lax", httponly=True, secure=secure)
    return response


def register(app: Flask) -> None:
    """Remember, and let the front page ask."""
    app.after_request(remember)
    app.jinja_env.globals.update(recently_seen=recently_seen)
