"""The campaigns that somebody looked at last, remembered by their own browser."""

from collections.abc import Sequence
from functools import lru_cache

from flask import Flask, Response, request
from sqlalchemy import select
from werkzeug.http import dump_cookie

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import PUBLIC
from c2b.core.db import db
from c2b.web.language import A_YEAR

COOKIE, MOST = "seen", 6
ENDPOINT, SHOWN_ON = "campaigns.show", "/"  # what is remembered, and where it is shown


def seen(cookie: str) -> list[str]:
    """Their slugs, the last one first."""
    return [slug for slug in cookie.split(".")[:MOST] if slug and len(slug) < 80 and slug.isascii()]


def recently_seen() -> Sequence[Campaign]:
    """The campaigns, the last one first; whoever has none costs no question to the database."""
    slugs = seen(request.cookies.get(COOKIE, ""))
    if not slugs:
        return ()
    found = db.session.scalars(select(Campaign).where(Campaign.slug.in_(slugs), Campaign.state.in_(PUBLIC)))
    by_slug = {campaign.slug: campaign for campaign in found}
    return [by_slug[slug] for slug in slugs if slug in by_slug]


@lru_cache(maxsize=1024)
def cookie_with(slug: str, before: str, *, secure: bool) -> str:
    """The cookie once this campaign was looked at too; empty where nothing changes."""
    slugs = seen(before)
    if slugs[:1] == [slug]:
        return ""
    kept = ".".join([slug, *(other for other in slugs if other != slug)][:MOST])
    return dump_cookie(
        COOKIE, kept, max_age=A_YEAR, sync_expires=False, samesite="Lax", httponly=True, secure=secure
    )


def remember(response: Response) -> Response:
    """A campaign's page was looked at."""
    if request.endpoint == ENDPOINT and request.method == "GET" and response.status_code == 200:
        slug = str((request.view_args or {}).get("slug", ""))
        if cookie := cookie_with(slug, request.cookies.get(COOKIE, ""), secure=request.is_secure):
            response.headers.add("Set-Cookie", cookie)
    return response


def register(app: Flask) -> None:
    """Remember, and let the front page ask."""
    app.after_request(remember)
    app.jinja_env.globals.update(recently_seen=recently_seen)
