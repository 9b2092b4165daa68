"""Whose link led somebody to a campaign: kept by the browser until they join, since signing in begins a new session."""

from typing import Any

from flask import Response, after_this_request, current_app, request

from c2b.campaigns.models import Campaign
from c2b.campaigns.sharing import Shared, code_of, read_code

COOKIE = "brought_by"
SECONDS = 30 * 24 * 60 * 60
MOST = 6  # links that are remembered, the latest first


def code_for(campaign: Campaign, user_id: int | None) -> str:
    """The code for a short link to this campaign that names this person."""
    return code_of(_key(), campaign.id, user_id)


def shared(code: str) -> Shared | None:
    """What a short link says; None for one that we did not make."""
    return read_code(_key(), code) if len(code) < 40 else None


def remember(campaign: Campaign) -> None:
    """Keep the code of `?by=` in the address, where it is one for this campaign."""
    code = request.args.get("by", "")
    found = shared(code) if code else None
    if found is None or found.user_id is None or found.campaign_id != campaign.id:
        return
    codes = [code, *(each for each in _codes() if each != code and not _is_for(each, campaign))][:MOST]
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])

    @after_this_request
    def _set(response: Response) -> Response:
        response.set_cookie(
            COOKIE, ".".join(codes), max_age=SECONDS, httponly=True, samesite="Lax", secure=secure
        )
        return response


def who_brought(campaign: Any, user_id: int | None) -> int | None:
    """Whose link led here, if anybody's but this person's own."""
    for code in _codes():
        found = shared(code)
        if found is not None and found.campaign_id == campaign.id and found.user_id != user_id:
            return found.user_id
    return None


def _is_for(code: str, campaign: Any) -> bool:
    found = shared(code)
    return found is None or found.campaign_id == campaign.id


def _codes() -> list[str]:
    return request.cookies.get(COOKIE, "").split(".")[:MOST] if COOKIE in request.cookies else []


def _key() -> str:
    return str(current_app.secret_key)
