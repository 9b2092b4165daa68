"""Saying "as you have it" to a visitor who looks at a campaign again.

Whatever the mark does not count is fresh after a minute, since the minute is part of it.
"""

import hashlib
from datetime import datetime

from flask import Response, current_app, make_response, request, session
from flask_babel import get_locale
from flask_login import current_user

from c2b.campaigns.models import Campaign

SHOWN = ("kept_pledge", "theme", "language")  # cookies that change what the page shows


def mark_of(campaign: Campaign, now: datetime, *more: object) -> str:
    """What the numbers of a campaign are now, in this language and minute, as one word."""
    seen = (
        campaign.id,
        campaign.state.value,
        campaign.people,
        campaign.units,
        campaign.counted_units,
        campaign.heat,
        campaign.joined_last_day,
        campaign.last_joined_at,
        str(get_locale()),
        now.replace(second=0, microsecond=0),
        *more,
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:24]


def not_changed(campaign: Campaign, now: datetime) -> Response | None:
    """The short answer for a visitor who has this page already; None where it must be written."""
    if not _is_plain_visit() or not request.if_none_match.contains_weak(mark_of(campaign, now, *_own())):
        return None
    return _tagged(campaign, Response(status=304), now)


def with_tag(campaign: Campaign, html: str, status: int, now: datetime) -> Response:
    """The page, with the mark by which a visitor may ask for it again."""
    response = make_response(html, status)
    return _tagged(campaign, response, now) if _is_plain_visit() and status == 200 else response


def _tagged(campaign: Campaign, response: Response, now: datetime) -> Response:
    response.set_etag(mark_of(campaign, now, *_own()), weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _own() -> tuple[object, ...]:
    """What the page has of this visitor: the token of its forms, and what the cookies say."""
    cookies = [request.cookies.get(name) for name in SHOWN]
    return session.get("csrf_token"), cookies, current_app.extensions["assets"].css_hash


def _is_plain_visit() -> bool:
    return not current_user.is_authenticated and not request.args and not session.get("_flashes")
