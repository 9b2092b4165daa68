"""What the address of a list of campaigns asks for, and who asks."""

from flask import request
from flask_login import current_user

from c2b.campaigns import queries

MOST_PAGES = 1000
OLD_SORTS = {"closing": "ending"}


def sort_asked() -> str:
    """How the cards are sorted, from the address."""
    asked = request.args.get("sort", "")
    asked = OLD_SORTS.get(asked, asked)
    return asked if asked in queries.SORTS else queries.SORTS[0]


def page_asked() -> int:
    """The page's number, from the address; what makes no sense is the first page."""
    asked = request.args.get("page", "")
    return (
        min(max(int(asked), 1), MOST_PAGES) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
    )


def reader_id() -> int | None:
    """Who looks: the signed-in person, or None."""
    return int(current_user.id) if current_user.is_authenticated else None
