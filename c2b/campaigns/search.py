"""Search that finds Chinese, traditional or simplified, and words with or without accents, on both databases."""

from sqlalchemy import ColumnElement


def search_text(*texts: str) -> str:
    """What is kept in `Campaign.search_text`: normalised words, and single and double Chinese characters."""
    raise NotImplementedError


def matches(q: str) -> ColumnElement[bool] | None:
    """The condition that a campaign matches everything typed; None where nothing searchable was typed."""
    raise NotImplementedError


def search(q: str, *, limit: int = 100) -> list[int]:
    """Ids of public campaigns that match, hottest first; the same on both databases."""
    raise NotImplementedError
