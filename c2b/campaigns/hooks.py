"""What features above may add to a campaign's page, since this one may not ask them.

A feature registers a function at start; it is told the campaign, the reader and the time, and answers with
values for the template. Known keys: `merchant` (name, url, note), `dates` (a list of title, time or none,
text), `leftover` (whatever templates/orders/_leftover.html shows), `launch_at` (a time).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from c2b.campaigns.models import Campaign

Part = Callable[[Campaign, int | None, datetime], dict[str, Any]]

_parts: list[Part] = []


def add_part(part: Part) -> None:
    """Ask this function for every campaign page; registering twice is once."""
    if part not in _parts:
        _parts.append(part)


def parts_for(campaign: Campaign, user_id: int | None, now: datetime) -> dict[str, Any]:
    """What the features above have to say about this campaign."""
    said: dict[str, Any] = {}
    for part in _parts:
        said.update(part(campaign, user_id, now))
    return said
