"""The page of wishes with its categories, search, and how it all works."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from c2b.campaigns import queries
from c2b.campaigns.categories import Category
from c2b.core.access import public, same_for_visitors
from c2b.core.addresses import path_for
from c2b.core.clock import utcnow
from c2b.core.errors import NotFound
from c2b.core.kept import WHILE, shared
from c2b.core.money import digits
from c2b.core.own import keep_for_readers
from c2b.web import search as search_page
from c2b.web.asking import page_asked, reader_id, sort_asked
from c2b.web.charts import PricePoint, TierDot, demand_curve, demand_span, offers_curve


@dataclass(frozen=True, slots=True)
class Drawing:
    """The demand curve and the ends of the slider below it, in minor units."""

    svg: Markup
    low: int
    high: int
    step: int


def demand_drawing(
    points: list[tuple[int, int]], dots: list[tuple[int, int, bool]], price: int, currency: str
) -> Drawing | None:
    """Demand by price with its tiers, or None while too few have joined to show any."""
    if len(points) < 2:
        return None
    curve = [PricePoint(*point) for point in points]
    tiers = [TierDot(*dot) for dot in dots]
    low, high = demand_span(curve, tiers, price)
    one = 10 ** digits(currency)
    whole = all(amount % one == 0 for amount in (low, high, price))
    return Drawing(demand_curve(curve, tiers, price, currency), low, high, one if whole else 1)


def sorts(**place: Any) -> list[tuple[str, str, bool]]:
    """The ways to sort, as (words, address, current); paging starts again."""
    words = {"hot": _("Hottest"), "near": _("Nearly there"), "ending": _("Closing soon"), "new": _("New")}
    now = sort_asked()
    return [
        (words[key], _here(**place, sort=key if key != queries.SORTS[0] else None), key == now)
        for key in queries.SORTS
    ]


def _here(**changes: Any) -> str:
    return path_for(
        str(request.endpoint), **{key: value for key, value in changes.items() if value is not None}
    )


def _page_links(found: queries.CardPage, **place: Any) -> tuple[str | None, str | None]:
    sort = sort_asked()
    kept = {**place, "sort": sort if sort != queries.SORTS[0] else None}
    earlier, later = queries.neighbours(found)
    return (
        _here(**kept, **earlier) if earlier is not None else None,
        _here(**kept, **later) if later is not None else None,
    )


def _grid(template: str, category: Category | None, **more: Any) -> ResponseReturnValue:
    keep_for_readers()
    now = utcnow()
    place = {"category": category.value} if category else {}
    sort, page, at = sort_asked(), page_asked(), queries.place_asked(request.args)
    found = shared(
        ("cards", category, sort, page, at),
        lambda: queries.cards(now=now, category=category, sort=sort, page=page, at=at),
    )
    return render_template(
        template,
        found=queries.marked(found, reader_id()),
        category=category,
        categories=list(Category),
        total=_total(category, now),
        sorts=sorts(**place),
        links=_page_links(found, **place),
        **more,
    )


def _total(category: Category | None, now: datetime) -> int:
    counts = shared("counts", lambda: queries.counts_by_category(now), WHILE)
    return counts[category] if category else sum(counts.values())


def _featured(now: datetime) -> queries.CardView | None:
    nearest = shared("nearest", lambda: queries.nearest_id(now), WHILE)
    return shared(("featured", nearest), lambda: queries.featured(nearest, now))


@public
@same_for_visitors
def home() -> ResponseReturnValue:
    """Find something to join."""
    now = utcnow()
    first = page_asked() == 1
    return _grid(
        "web/home.html",
        None,
        stats=shared("stats", lambda: queries.public_stats(now), WHILE),
        featured=_featured(now) if first else None,
        first=first,
    )


@public
@same_for_visitors
def category(category: str) -> ResponseReturnValue:
    """The wishes of one category."""
    found = next((each for each in Category if each.value == category), None)
    if found is None:
        raise NotFound
    return _grid("web/category.html", found)


@public
@same_for_visitors
def how() -> ResponseReturnValue:
    """How it works, and what happens with money."""
    return render_template("web/how.html")


def register(app: Flask) -> None:
    """Connect the pages, and give templates the drawing of demand."""
    app.add_url_rule("/", endpoint="web.home", view_func=home)
    app.add_url_rule("/k/<category>", endpoint="web.category", view_func=category)
    app.add_url_rule("/search", endpoint="web.search", view_func=search_page.search)
    app.add_url_rule("/help/how-it-works", endpoint="web.how", view_func=how)
    app.jinja_env.globals.update(demand_drawing=demand_drawing, offers_curve=offers_curve)
