"""Writing calendar files (RFC 5545): escaping, folding, line ends."""

from collections.abc import Iterable


def escaped(text: str) -> str:
    """Text as a value: what would separate is escaped."""
    for character in ("\\", ";", ","):
        text = text.replace(character, "\\" + character)
    return text.replace("\n", "\\n")


def calendar(product: str, lines: Iterable[str]) -> str:
    """A whole file around the lines of its events; `product` is the part of the site that wrote it."""
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//c2b//{product}//EN", "CALSCALE:GREGORIAN")
    return "".join(f"{_folded(line)}\r\n" for line in (*head, *lines, "END:VCALENDAR"))


def _folded(line: str) -> str:
    """A line has at most 75 bytes; what is longer goes on after a blank."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > 73:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])
