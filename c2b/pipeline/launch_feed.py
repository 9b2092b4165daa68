"""The coming launches as a calendar file."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from c2b.campaigns.models import Campaign
from c2b.core.ical import calendar, escaped
from c2b.pipeline.models import Slot

STAMP = "%Y%m%dT%H%M%SZ"


def launch_feed(events: Iterable[tuple[Slot, Campaign, str]], host: str, now: datetime) -> str:
    """One event of an hour for each launch; the third of each is the address of the campaign's page."""
    lines: list[str] = []
    for slot, campaign, url in events:
        opens = slot.opens_at.astimezone(UTC)
        lines += [
            "BEGIN:VEVENT",
            f"UID:launch-{campaign.id}-{slot.id}@{host}",
            f"DTSTAMP:{now.astimezone(UTC):{STAMP}}",
            f"DTSTART:{opens:{STAMP}}",
            f"DTEND:{opens + timedelta(hours=1):{STAMP}}",
            f"SUMMARY:{escaped(campaign.title)}",
            f"URL:{url}",
            "END:VEVENT",
        ]
    return calendar("launches", lines)
