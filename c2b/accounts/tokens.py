"""Signed links: each is good for one purpose and for a limited time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from c2b.core.clock import utcnow

CONFIRM, RESET = "confirm", "reset"
CONFIRM_AGE, RESET_AGE = timedelta(days=3), timedelta(hours=1)


def sign(purpose: str, data: Any, *, now: datetime | None = None) -> str:
    """Text for a link that carries `data`. The same at the same moment, so that a mail sent again is the same."""
    at = int((now or utcnow()).timestamp())
    return str(_serializer(purpose).dumps([at, data]))


def read(purpose: str, token: str, max_age: timedelta, *, now: datetime | None = None) -> Any | None:
    """What was signed for this purpose, or None where it was not, was changed, or is too old."""
    try:
        at, data = _serializer(purpose).loads(token)
        age = (now or utcnow()) - datetime.fromtimestamp(at, UTC)
    except (BadData, ValueError, TypeError, OverflowError):
        return None
    return data if age <= max_age else None


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"c2b.{purpose}")
