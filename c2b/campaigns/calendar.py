"""A closing time as a calendar file."""

from datetime import datetime

from c2b.campaigns.models import Campaign


def closing_file(campaign: Campaign, url: str, summary: str, now: datetime) -> str:
    """One event of no length at the closing time, with an alarm two days before."""
    assert campaign.closes_at is not None
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//c2b//campaigns//EN",
        "BEGIN:VEVENT",
        f"UID:campaign-{campaign.id}@{_escaped(url.split('/')[2])}",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{campaign.closes_at:%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{_escaped(summary)}",
        f"URL:{url}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escaped(summary)}",
        "TRIGGER:-P2D",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


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
