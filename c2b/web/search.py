"""Search: words, filters with their counts, sorts, all of it in the address, and a way on where nothing is found."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from c2b.campaigns import finding, queries
from c2b.campaigns.categories import Category
from c2b.campaigns.finding import KINDS, STATUSES, Asked
from c2b.core.access import public, same_for_visitors
from c2b.core.addresses import path_for
from c2b.core.clock import utcnow
from c2b.core.forms import query_text
from c2b.core.kept import WHILE, shared
from c2b.core.money import parse_amount
from c2b.web.asking import page_asked, reader_id, sort_asked

CURRENCY = "CNY"
Choice = tuple[str, str, int | None, bool]  # words, address, count, current


@public
@same_for_visitors
def search() -> ResponseReturnValue:
    """Find campaigns by words, Chinese too, and by what they are."""
    now, asked, sort = utcnow(), asked_for(), sort_asked()
    place = address_of(asked, sort)
    if not request.args:
        return render_template("web/search.html", asked=asked, found=None, place=place)
    page = page_asked()
    at = queries.place_asked(request.args)
    found = shared(
        ("search", asked, sort, page, at), lambda: finding.find(asked, now=now, sort=sort, page=page, at=at)
    )
    nothing = not found.cards and page == 1
    return render_template(
        "web/search.html",
        asked=asked,
        found=queries.marked(found, reader_id()),
        place=place,
        filters=filters(
            asked, place, shared(("facets", asked), lambda: finding.facets(asked, now=now), WHILE)
        ),
        sorts=sorts(place, sort),
        links=_links(place, found),
        words=finding.nearest_words(asked.q) if nothing and asked.q else [],
        likes=finding.like(asked.q, now=now, limit=4, user_id=reader_id()) if nothing and asked.q else [],
    )


def asked_for() -> Asked:
    """What the address asks for; what makes no sense is left out."""
    category = next((each for each in Category if each.value == request.args.get("category")), None)
    kind, status = request.args.get("kind", ""), request.args.get("status", "")
    try:
        up_to = parse_amount(request.args.get("up_to", ""), CURRENCY) or None
    except ValueError:
        up_to = None
    return Asked(
        q=query_text(request.args.get("q")),
        category=category,
        kind=kind if kind in KINDS else "",
        status=status if status in STATUSES else "",
        up_to=up_to,
    )


def address_of(asked: Asked, sort: str) -> dict[str, Any]:
    """The same as the address has it."""
    every = {
        "q": asked.q,
        "category": asked.category.value if asked.category else "",
        "kind": asked.kind,
        "status": asked.status,
        "up_to": request.args.get("up_to", "") if asked.up_to is not None else "",
        "sort": sort if sort != queries.SORTS[0] else "",
    }
    return {name: value for name, value in every.items() if value}


def _to(place: dict[str, Any], **changes: Any) -> str:
    kept = {name: value for name, value in {**place, **changes}.items() if value}
    return path_for("web.search", **(kept or {"q": ""}))


def filters(asked: Asked, place: dict[str, Any], facets: finding.Facets) -> list[tuple[str, list[Choice]]]:
    """Each filter with its choices; the one that holds is pressed again to let go."""
    kinds = {"wish": _("Wishes by shoppers"), "campaign": _("By merchants and us")}
    statuses = {"open": _("Open"), "on": _("Deal is on"), "over": _("Ended")}
    category = asked.category.value if asked.category else ""
    return [
        (_("Category"), [
            _choice(place, "category", each.value, each.label, count, category)
            for each, count in facets.categories.items() if count or each.value == category
        ]),
        (_("Kind"), [_choice(place, "kind", k, kinds[k], n, asked.kind) for k, n in facets.kinds.items()]),
        (_("State"), [
            _choice(place, "status", k, statuses[k], n, asked.status) for k, n in facets.statuses.items()
        ]),
    ]  # fmt: skip


def _choice(place: dict[str, Any], name: str, value: str, words: str, count: int, now: str) -> Choice:
    return words, _to(place, **{name: "" if value == now else value}), count, value == now


def sorts(place: dict[str, Any], now: str) -> list[tuple[str, str, bool]]:
    """The ways to sort what was found."""
    words = {"hot": _("Hottest"), "near": _("Nearly there"), "ending": _("Closing soon"), "new": _("New")}
    return [
        (words[key], _to(place, sort=key if key != queries.SORTS[0] else ""), key == now) for key in words
    ]


def _links(place: dict[str, Any], found: queries.CardPage) -> tuple[str | None, str | None]:
    earlier, later = queries.neighbours(found)
    return (
        _to(place, **earlier) if earlier is not None else None,
        _to(place, **later) if later is not None else None,
    )
