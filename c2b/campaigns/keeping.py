"""What was typed into a pledge box, kept by the browser on the way to sign in or to save a card.

It is a signed cookie of its own, since signing in begins a new session.
"""

from typing import Any

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

COOKIE = "kept_pledge"
SECONDS = 2 * 60 * 60


def keep(slug: str, values: dict[str, Any], **more: Any) -> None:
    """Keep the values of one campaign; those of another are forgotten."""
    text = _serializer().dumps({"slug": slug, "values": values, **more})
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])

    @after_this_request
    def _set(response: Response) -> Response:
        response.set_cookie(COOKIE, text, max_age=SECONDS, httponly=True, samesite="Lax", secure=secure)
        return response


def kept(slug: str) -> dict[str, Any] | None:
    """What was kept for this campaign."""
    if COOKIE not in request.cookies:
        return None
    try:
        found = _serializer().loads(request.cookies[COOKIE], max_age=SECONDS)
    except BadData:
        return None
    return found if found["slug"] == slug else None


def kept_for(slug: str) -> dict[str, Any] | None:
    """The kept values alone, to fill the form again."""
    found = kept(slug)
    return found["values"] if found else None


def forget() -> None:
    """Nothing is on its way any more."""
    if COOKIE in request.cookies:

        @after_this_request
        def _drop(response: Response) -> Response:
            response.delete_cookie(COOKIE)
            return response


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=COOKIE)
