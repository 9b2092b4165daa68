"""What every page shows around its content: who is signed in, where one is, where one can go."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from flask import Flask, current_app, request
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.routing import BuildError

from c2b.core.access import Role
from c2b.core.addresses import path_for
from c2b.core.clock import utcnow
from c2b.merchants.models import Merchant
from c2b.merchants.queries import firm_of
from c2b.web.language import LANGUAGES

TABS = ("overview", "review", "schedule", "offers", "orders", "demand")
GO = {"overview": "o", "review": "r", "schedule": "s"}  # also for the list of keys


@dataclass(frozen=True)
class Entry:
    """One line of the side bar; an empty endpoint makes it a heading."""

    key: str
    label: str
    endpoint: str = ""
    icon: str = ""
    count: int = 0
    hot: bool = False

    @property
    def url(self) -> str:
        return path_for(self.endpoint)

    @property
    def tab(self) -> bool:
        """Whether it has a place of its own at the foot of a phone."""
        return self.key in TABS

    @property
    def go(self) -> str:
        """The letter that leads here after a g."""
        return GO.get(self.key, "")


def has_endpoint(name: str) -> bool:
    """Whether a page of this name is there, so that the frame can leave out what is not."""
    return name in current_app.view_functions


def _there(*names: str) -> str:
    """The first of these pages that is there."""
    return next((name for name in names if has_endpoint(name)), names[0])


def office_nav(user: Any, counts: dict[str, int] | None = None) -> list[Entry]:
    """The side bar for this person: what their roles may do, with how much waits where `counts` tells it."""
    waiting = counts or {}
    entries: list[Entry] = []
    for role, lines in ((Role.OPERATOR, _operator), (Role.REVIEWER, _reviewer), (Role.MERCHANT, _merchant)):
        if user.is_authenticated and user.has_role(role):
            entries += [entry for entry in lines(waiting) if entry not in entries]
    there = [entry for entry in entries if not entry.endpoint or has_endpoint(entry.endpoint)]
    # A heading stays only where something follows it.
    return [entry for entry, after in pairwise([*there, Entry("", "")]) if entry.endpoint or after.endpoint]


def _operator(waiting: dict[str, int]) -> list[Entry]:
    def n(key: str) -> int:
        return waiting.get(key, 0)

    return [
        Entry("overview", _("Overview"), "operators.home", "up"),
        *_reviewer(waiting),
        Entry("schedule", _("Schedule"), "pipeline.schedule", "cal", n("schedule")),
        Entry("", _("Catalogue")),
        Entry("campaigns", _("Campaigns"), "operators.campaigns", "flame", n("campaigns")),
        Entry(
            "moderation",
            _("Moderation"),
            _there("moderation.queue", "operators.moderation"),
            "flag",
            n("moderation"),
        ),
        Entry(
            "merchants",
            _("Merchants"),
            _there("operators.merchants", "certification.queue"),
            "store",
            n("merchants"),
        ),
        Entry("people", _("People"), "operators.users", "users", n("people")),
        Entry("reviews", _("Reviews"), "orders.moderate", "star"),
        Entry("", _("Run")),
        Entry("all_orders", _("All orders"), "operators.orders", "bag"),
        Entry("batches", _("Batches"), "operators.batches", "list"),
        Entry(
            "launches", _("Launches"), _there("launches.index", "operators.launches"), "bolt", n("launches")
        ),
        Entry("money", _("Money"), "settlement.books", "scale", n("money")),
        Entry("disputes", _("Disputes"), "disputes.queue", "msg", n("disputes")),
        Entry("unwinding", _("Money back"), "disputes.unwinding", "undo", n("unwinding")),
        Entry("cases", _("Cases"), "operators.cases", "alert", n("cases")),
        Entry("inbox", _("Inbox"), "operators.inbox", "plug", n("inbox")),
        Entry("jobs", _("Jobs"), "operators.jobs", "cpu", n("jobs")),
        Entry("mail", _("Mail"), "operators.mail", "mail", n("mail")),
        Entry("emails", _("Mail preview"), "emails.index", "eye"),
        Entry("audit", _("Diary"), "operators.audit", "clock"),
        Entry("checks", _("Promises"), "operators.checks", "shield", n("checks")),
        Entry("banner", _("Banner"), "operators.banner", "flag"),
    ]


def _reviewer(waiting: dict[str, int]) -> list[Entry]:
    return [
        Entry("review", _("Review"), "pipeline.review", "inbox", waiting.get("review", 0), hot=True),
        Entry("samples", _("Samples"), "pipeline.samples", "box", waiting.get("samples", 0)),
    ]


def _merchant(waiting: dict[str, int]) -> list[Entry]:
    return [
        Entry("sell", _("Your shop"), "merchants.firm", "store"),
        Entry("demand", _("Find demand"), "pipeline.opportunities", "flame"),
        Entry("offers", _("Offers"), "pipeline.offers", "clip", waiting.get("offers", 0)),
        Entry("orders", _("Orders"), "orders.firm_orders", "truck"),
        Entry("returns", _("Returns and disputes"), "orders.firm_returns", "undo", waiting.get("returns", 0)),
        Entry("money", _("Your money"), "settlement.money", "scale"),
    ]


def own_firm(user: Any) -> Merchant | None:
    """The firm that somebody works for, for the head of the side bar; staff of ours have none to show."""
    if not user.is_authenticated or user.is_staff or not user.has_role(Role.MERCHANT):
        return None
    return firm_of(user.id)


def language_links() -> list[dict[str, Any]]:
    """The language switcher: each language in its own words, with a link that keeps the page."""
    if not has_endpoint("language.choose"):
        return []
    now = str(get_locale() or "en").replace("_", "-")
    back = quote(request.full_path.rstrip("?"), safe="/")
    return [
        {
            "code": code,
            "name": name,
            "current": code == now,
            "url": f"{path_for('language.choose', code=code)}?next={back}",
        }
        for code, name in LANGUAGES.items()
    ]


def link(endpoint: str, **values: Any) -> str:
    """The address of a page, or of the front page while that page is not there."""
    try:
        return path_for(endpoint, **values)
    except BuildError:
        return "/"


def frame() -> dict[str, Any]:
    """What base.html and office.html rely on."""
    config = current_app.config.get("C2B")
    demo = bool(getattr(config, "demo", False))
    return {
        "nav": "",
        "site": {
            "name": getattr(config, "site_name", "Muster"),
            "name_zh": getattr(config, "site_name_zh", "聚想"),
            "url": getattr(config, "base_url", ""),
        },
        "locale": get_locale(),
        "demo": demo,
        "demo_now": utcnow() if demo else None,
    }


def register(app: Flask) -> None:
    """Give every template the frame and the functions that it is built with."""
    app.context_processor(frame)
    app.jinja_env.globals.update(
        has_endpoint=has_endpoint,
        url_for=path_for,
        link=link,
        office_nav=office_nav,
        own_firm=own_firm,
        language_links=language_links,
        utcnow=utcnow,
    )
