"""The coming launches as a calendar file."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from c2b.campaigns.models import Campaign
from c2b.pipeline.models import Slot

STAMP = "%Y%m%dT%H%M%SZ"


def launch_feed(events: Iterable[tuple[Slot, Campaign, str]], host: str, now: datetime) -> str:
    """One event of an hour for each launch; the third of each is the address of the campaign's page."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//c2b//launches//EN", "CALSCALE:GREGORIAN"]
    for slot, campaign, url in events:
        opens = slot.opens_at.astimezone(UTC)
        lines += [
            "BEGIN:VEVENT",
            f"UID:launch-{campaign.id}-{slot.id}@{host}",
            f"DTSTAMP:{now.astimezone(UTC):{STAMP}}",
            f"DTSTART:{opens:{STAMP}}",
            f"DTEND:{opens + timedelta(hours=1):{STAMP}}",
            f"SUMMARY:{_escaped(campaign.title)}",
            f"URL:{url}",
            "END:VEVENT",
        ]
    return "".join(_folded(line) + "\r\n" for line in [*lines, "END:VCALENDAR"])


def _escaped(text: str) -> str:
    for character in ("\\", ";", ","):
        text = text.replace(character, "\\" + character)
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line has at most 75 bytes; what is longer goes on after a blank."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > 73:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])
