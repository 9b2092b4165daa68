"""What the pledge box offers: ceilings to choose from, the drawn demand, and the form that is filled in."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from c2b.accounts.queries import addresses_of
from c2b.campaigns.forms import LATER, NEW_CARD, OTHER, PledgeForm, pledge_form
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.queries import PageView
from c2b.core.forms import typed_amount
from c2b.core.money import digits, parse_amount
from c2b.payments.queries import live_mandates


@dataclass(frozen=True, slots=True)
class Choice:
    """A ceiling to choose, with the words under it."""

    amount: int
    note: str


@dataclass(frozen=True, slots=True)
class Box:
    """The pledge box for one person; `default` is the ceiling that is chosen at first."""

    form: PledgeForm
    choices: list[Choice]
    default: int
    points: list[tuple[int, int]]  # (price, units wanted at it), in groups that hide a person
    dots: list[tuple[int, int, bool]]  # (price, quantity, met) for each price tier

    def amount_of(self, value: str) -> int:
        """A choice's amount in minor units."""
        return parse_amount(value, self.form.currency)

    def note_of(self, value: str) -> str:
        """The words under a choice."""
        if value == OTHER:
            return str(_("you choose"))
        show = self.form.max_other.show
        return next((choice.note for choice in self.choices if show(choice.amount) == value), "")


def ceilings(view: PageView) -> tuple[list[Choice], int]:
    """Up to three ceilings, rising, and the one to start with: the price now, else the expected price."""
    campaign = view.campaign
    now = view.price_now
    found: dict[int, str] = {}
    if now is not None:
        found[now] = _("price now")
        if view.next_price is not None and view.next_price < now:
            found[view.next_price] = _("if it drops")
        base = now
    else:
        first, expected = campaign.first_price, campaign.expected_price
        found[expected] = _("expected price")
        found.setdefault(first, _("counts at once"))
        cheaper = min((tier.unit_price for tier in campaign.tiers), default=first)
        if len(found) < 2:
            found.setdefault(
                cheaper if cheaper < expected else _rounded(expected * 9 // 10, campaign), _("if it drops")
            )
        base = max(first, expected)
    if base < campaign.list_price and len(found) < 3:
        above = [tier.unit_price for tier in campaign.tiers if tier.unit_price > base]
        found.setdefault(
            min(above, default=_rounded((base + campaign.list_price) // 2, campaign)), _("to be sure")
        )
    choices = [Choice(amount, found[amount]) for amount in sorted(found) if amount > 0]
    return choices, now if now is not None else campaign.expected_price


def _rounded(amount: int, campaign: Campaign) -> int:
    """To whole units of the currency, at least one."""
    one: int = 10 ** digits(campaign.currency)
    return max(one, amount // one * one)


def cards_of(user_id: int | None) -> list[tuple[int, str]]:
    """The person's saved cards, newest first, as (id, label)."""
    return [(card.id, card.label) for card in live_mandates(user_id)] if user_id else []


def pledge_box(view: PageView, user_id: int | None, *, kept: Mapping[str, Any] | None = None) -> Box:
    """The box for this person; `kept` are values typed before, on the way to sign in or to save a card."""
    choices, default = ceilings(view)
    campaign = view.campaign
    addresses = [(a.id, f"{a.name}, {a.line}, {a.city}") for a in addresses_of(user_id)] if user_id else []
    form = pledge_form(
        campaign,
        ceilings=[choice.amount for choice in choices],
        cards=cards_of(user_id),
        addresses=addresses,
        data={**_defaults(view, choices, default), **(kept or {})},
    )
    return Box(
        form=form,
        choices=choices,
        default=form.ceiling or default,
        points=sorted((point.price, point.units) for point in view.curve),
        dots=[(tier.price, tier.from_quantity, tier.missing == 0) for tier in view.tiers],
    )


def _defaults(view: PageView, choices: list[Choice], default: int) -> dict[str, Any]:
    regions = view.campaign.regions
    return {
        **chosen_ceiling(view.campaign, choices, default),
        "quantity": 1,
        "tolerance": 0,
        "region": "CN" if not regions or "CN" in regions else regions[0],
        "request_key": secrets.token_urlsafe(16),
        "terms": view.terms,
    }


def chosen_ceiling(campaign: Campaign, choices: list[Choice], amount: int) -> dict[str, Any]:
    """The two fields of a ceiling: one of the choices, or "Other" with the amount."""
    among = any(choice.amount == amount for choice in choices)
    return {"max": typed_amount(amount, campaign.currency) if among else OTHER, "max_other": amount}


def values_of(pledge: Pledge, campaign: Campaign, choices: list[Choice]) -> dict[str, Any]:
    """A pledge as the form's values, to be changed."""
    options = {f"option_{i}": pledge.options.get(option["name"]) for i, option in enumerate(campaign.options)}
    return {
        **chosen_ceiling(campaign, choices, pledge.ceiling),
        "quantity": pledge.quantity,
        "tolerance": pledge.tolerance,
        "region": pledge.region,
        "address": str(pledge.address_id or LATER),
        "card": str(pledge.mandate_id),
        **options,
    }


def typed_values(form: PledgeForm) -> dict[str, Any]:
    """What a good form says, as plain values that a session can keep."""
    left_out = {"csrf_token"}
    return {name: value for name, value in form.data.items() if name not in left_out and value is not None}


__all__ = [
    "LATER",
    "NEW_CARD",
    "Box",
    "Choice",
    "cards_of",
    "ceilings",
    "pledge_box",
    "typed_values",
    "values_of",
]
