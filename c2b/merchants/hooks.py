"""What features above may add to a firm's public page, since this one may not ask them."""

from collections.abc import Callable
from typing import Any

from c2b.merchants.models import Merchant

Part = Callable[[Merchant], dict[str, Any]]

_parts: list[Part] = []


def add_profile_part(part: Part) -> None:
    """Ask this function for every firm's page; registering twice is once. Known key: `reviews`."""
    if part not in _parts:
        _parts.append(part)


def profile_parts(firm: Merchant) -> dict[str, Any]:
    """What the features above have to say about this firm."""
    said: dict[str, Any] = {}
    for part in _parts:
        said.update(part(firm))
    return said
