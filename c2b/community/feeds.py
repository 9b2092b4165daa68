"""Feeds in Atom, with all that is written: a campaign's updates, new campaigns of a category or a merchant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import PUBLIC
from c2b.community.queries import Said
from c2b.core.db import db

LENGTH = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of news; its id never changes."""

    id: str
    title: str
    url: str
    at: datetime
    by: str
    words: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A whole feed; `updated` is the time of its newest entry, or of what it is about."""

    id: str
    title: str
    self: str
    url: str
    updated: datetime
    entries: list[Entry]


def tag(host: str, what: str, id_: int | str, at: datetime) -> str:
    """A name that is never given again (RFC 4151)."""
    return f"tag:{host},{at:%Y-%m-%d}:{what}/{id_}"


def of_news(said: Sequence[Said], *, host: str, url: str) -> list[Entry]:
    """Updates as entries."""
    return [
        Entry(
            tag(host, "update", one.thing.id, one.thing.at),
            one.thing.title,
            f"{url}#u{one.thing.id}",
            one.thing.at,
            one.name,
            one.thing.words,
        )
        for one in said
    ]


def opened_lately(*narrowed: ColumnElement[bool]) -> Sequence[Campaign]:
    """Campaigns that opened, the latest first."""
    opened = select(Campaign).where(Campaign.state.in_(PUBLIC), Campaign.opened_at.is_not(None), *narrowed)
    return db.session.scalars(
        opened.order_by(Campaign.opened_at.desc(), Campaign.id.desc()).limit(LENGTH)
    ).all()
