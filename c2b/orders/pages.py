"""What the pages of this feature share."""

from flask import request


def page_number() -> int:
    """Which page of a list is asked for; nonsense is the first."""
    asked = request.args.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1
