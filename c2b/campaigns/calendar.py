"""A closing time as a calendar file."""

from datetime import datetime

from c2b.campaigns.models import Campaign
from c2b.core.ical import calendar, escaped


def closing_file(campaign: Campaign, url: str, summary: str, now: datetime) -> str:
    """One event of no length at the closing time, with an alarm two days before."""
    assert campaign.closes_at is not None
    lines = [
        "BEGIN:VEVENT",
        f"UID:campaign-{campaign.id}@{escaped(url.split('/')[2])}",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{campaign.closes_at:%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{escaped(summary)}",
        f"URL:{url}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{escaped(summary)}",
        "TRIGGER:-P2D",
        "END:VALARM",
        "END:VEVENT",
    ]
    return calendar("campaigns", lines)
