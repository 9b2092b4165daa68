"""Finding campaigns: by words and filters with counts, by what sounds like a title, by words nearly as asked."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from c2b.campaigns.cards import CardPage, CardView, card_page, cards_of, first_open, takes_pledges
from c2b.campaigns.categories import Category
from c2b.campaigns.models import Campaign
from c2b.campaigns.order import Place, order_of, ordered
from c2b.campaigns.search import asked, matches, search_text
from c2b.campaigns.states import PUBLIC, CampaignState, Origin
from c2b.core.db import db

KINDS = ("wish", "campaign")
STATUSES = ("open", "on", "over")
CANDIDATES, TITLES = 80, 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for; every part may be empty. `up_to` is an expected price in minor units."""

    q: str = ""
    category: Category | None = None
    kind: str = ""
    status: str = ""
    up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many there would be with each other choice, all else as asked."""

    categories: dict[Category, int]
    kinds: dict[str, int]
    statuses: dict[str, int]


def _status(now: datetime) -> Any:
    taking = takes_pledges(now)
    return case((taking & (Campaign.state == CampaignState.TIPPED), "on"), (taking, "open"), else_="over")


def _kind() -> Any:
    return case((Campaign.origin == Origin.SHOPPER, "wish"), else_="campaign")


def _conditions(asked_for: Asked, now: datetime, but: str = "") -> list[ColumnElement[bool]] | None:
    """What must hold; None where words were typed that nobody can look for. `but` leaves one filter out."""
    found: list[ColumnElement[bool]] = [Campaign.state.in_(PUBLIC), Campaign.opened_at.is_not(None)]
    if asked_for.q:
        words = matches(asked_for.q)
        if words is None:
            return None
        found.append(words)
    elif not asked_for.status and but != "status":
        found.append(takes_pledges(now))
    if asked_for.category is not None and but != "category":
        found.append(Campaign.category == asked_for.category)
    if asked_for.kind and but != "kind":
        found.append(_kind() == asked_for.kind)
    if asked_for.status and but != "status":
        found.append(_status(now) == asked_for.status)
    if asked_for.up_to is not None:
        found.append(Campaign.expected_price <= asked_for.up_to)
    return found


def find(
    asked_for: Asked,
    *,
    now: datetime,
    sort: str,
    page: int = 1,
    at: Place | None = None,
    user_id: int | None = None,
) -> CardPage:
    """A page of what fits, those that can be joined first."""
    conditions = _conditions(asked_for, now)
    if conditions is None:
        return CardPage([], page, False)
    keys = [first_open(now), *order_of(sort)]
    return card_page(select(Campaign).where(*conditions), keys, now=now, page=page, at=at, user_id=user_id)


def facets(asked_for: Asked, *, now: datetime) -> Facets:
    """The counts beside the filters."""
    categories = _counted(asked_for, now, "category", Campaign.category)
    kinds = _counted(asked_for, now, "kind", _kind())
    statuses = _counted(asked_for, now, "status", _status(now))
    return Facets(
        {each: categories.get(each, 0) for each in Category},
        {each: kinds.get(each, 0) for each in KINDS},
        {each: statuses.get(each, 0) for each in STATUSES},
    )


def _counted(asked_for: Asked, now: datetime, but: str, by: Any) -> dict[Any, int]:
    conditions = _conditions(asked_for, now, but)
    if conditions is None:
        return {}
    named = select(by.label("part")).where(*conditions).subquery()
    rows = db.session.execute(select(named.c.part, func.count()).group_by(named.c.part))
    return dict(rows.all())


def like(title: str, *, now: datetime, limit: int, user_id: int | None = None) -> list[CardView]:
    """Campaigns that take pledges and share at least half of a title's words, the likest first."""
    words = {token for token, _begins in asked(title) if len(token) > 1}
    some = matches(title, some=True)
    if some is None or not words:
        return []
    near = ordered(select(Campaign).where(some, takes_pledges(now)), order_of("hot")).limit(CANDIDATES)

    def shared(campaign: Campaign) -> int:
        theirs = search_text(campaign.title).split()
        return sum(any(their.startswith(word) for their in theirs) for word in words)

    ranked = [(shared(campaign), campaign) for campaign in db.session.scalars(near)]
    ranked = [pair for pair in ranked if pair[0] * 2 >= len(words)]
    ranked.sort(key=lambda pair: -pair[0])
    return cards_of([campaign for _count, campaign in ranked[:limit]], now=now, user_id=user_id)


def nearest_words(q: str, limit: int = 4) -> list[str]:
    """Words of titles that are written almost like those that were typed."""
    titles = select(Campaign.title).where(Campaign.state.in_(PUBLIC)).order_by(Campaign.heat_score.desc())
    known = _words(db.session.scalars(titles.limit(TITLES)).all())
    found: dict[str, None] = {}
    for token, _begins in asked(q):
        found.update(dict.fromkeys(difflib.get_close_matches(token, known, n=2, cutoff=0.72)))
    return [word for word in found if word not in dict(asked(q))][:limit]


def _words(titles: Sequence[str]) -> list[str]:
    return sorted({word for word in search_text(*titles).split() if len(word) > 1})
