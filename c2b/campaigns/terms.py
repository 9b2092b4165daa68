"""The terms that a shopper agrees to, and their hash. A pledge carries the hash of what was seen."""

from typing import Any


def terms_of(campaign: Any) -> dict[str, Any]:
    """Everything a pledge binds to, as plain values."""
    raise NotImplementedError


def terms_hash(campaign: Any) -> str:
    """SHA-256 of the canonical JSON of the terms; put it into the pledge form."""
    raise NotImplementedError
