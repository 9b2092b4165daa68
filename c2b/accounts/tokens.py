"""Signed links: each is good for one purpose and for a limited time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

CONFIRM, RESET = "confirm", "reset"
CONFIRM_AGE, RESET_AGE = timedelta(days=3), timedelta(hours=1)


def sign(purpose: str, data: Any, *, now: datetime) -> str:
    """Text for a link that carries `data`. The same at the same moment, so that a mail sent again is the same."""
    at = int(now.timestamp())
    return str(_serializer(purpose).dumps([at, data]))


def read(purpose: str, token: str, max_age: timedelta, *, now: datetime) -> Any | None:
    """What was signed for this purpose, or None where it was not, was changed, or is too old."""
    try:
        at, data = _serializer(purpose).loads(token)
        age = now - datetime.fromtimestamp(at, UTC)
    except (BadData, ValueError, TypeError, OverflowError):
        return None
    return data if age <= max_age else None


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"c2b.{purpose}")
