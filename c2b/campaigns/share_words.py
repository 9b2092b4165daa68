"""What is said about a campaign when it is passed on: true, with its price and its deadline."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns.bringing import code_for
from c2b.campaigns.models import Campaign
from c2b.campaigns.queries import PageView
from c2b.campaigns.share_card import Card
from c2b.campaigns.states import TAKES_PLEDGES


@dataclass(frozen=True, slots=True)
class Share:
    """The address to pass on, which names the reader where one is signed in, and the words beside it."""

    before: str  # the address of all short links, in front of the code
    code: str
    text: str


def sharing_of(campaign: Campaign, view: PageView) -> Share:
    """What this reader passes on."""
    user_id = int(current_user.id) if current_user.is_authenticated else None
    code = code_for(campaign, user_id)
    url = url_for("campaigns.short", code=code, _external=True)
    return Share(url.removesuffix(code), code, share_text(campaign, view))


def _closes(campaign: Campaign) -> str:
    """When it closes, in words; empty where it takes no more pledges."""
    if campaign.state not in TAKES_PLEDGES or campaign.closes_at is None:
        return ""
    return str(_filter("day_time")(campaign.closes_at))


def share_text(campaign: Campaign, view: PageView) -> str:
    """One sentence or two, with the price and the deadline as they are."""
    when, title = _closes(campaign), campaign.title
    if not when:
        return title
    if view.price_now is None:
        price = _filter("money")(campaign.expected_price, campaign.currency)
        return str(_("%(title)s: wanted at %(price)s. Closes %(when)s.", title=title, price=price, when=when))
    price = _filter("money")(view.price_now, campaign.currency)
    return str(_("%(title)s: %(price)s now. Closes %(when)s.", title=title, price=price, when=when))


def card_of(campaign: Campaign, view: PageView, final_price: int | None) -> Card:
    """The words of the picture, in the reader's language."""
    price = final_price if final_price is not None else view.price_now
    note = _("Expected price") if price is None else _("Price now")
    when = _closes(campaign)
    count = _filter("number")(campaign.people)
    return Card(
        title=campaign.title,
        price=_filter("money")(price if price is not None else campaign.expected_price, campaign.currency),
        price_note=_("Final price") if final_price is not None else note,
        count=ngettext("%(count)s wants it", "%(count)s want it", campaign.people, count=count),
        line=_("Closes %(when)s. No deal, no charge.", when=when) if when else campaign.state.label,
        percent=view.card.percent,
        site=current_app.config["C2B"].site_name,
        language=str(get_locale()).replace("_", "-"),
    )


def _filter(name: str) -> Any:
    return current_app.jinja_env.filters[name]
