"""Addresses that come from outside, and where they may lead."""

from urllib.parse import urlsplit


def local_path(target: str | None) -> str:
    """`target` where it is a path of this site, else the front page: no link of ours leads elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or any(ord(character) < 32 for character in target):
        return "/"
    return target
