"""A plain pledge read without a form and without a question to the database: the hot path of joining.

It takes what a browser sends when all is well, and nothing else; anything unusual, and whatever the rules refuse, goes
the long way, which shows the page. Whatever it takes, the form would take with the same values (a test compares).
Nothing is decided here: terms, card, address, state and limits are looked at in the transaction.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, session
from sqlalchemy import Select, select

from c2b.campaigns.bringing import who_brought
from c2b.campaigns.combining import Combiner
from c2b.campaigns.forms import MOST_UNITS, OTHER
from c2b.campaigns.models import Campaign
from c2b.campaigns.regions import REGIONS
from c2b.campaigns.requests import PledgeRequest
from c2b.campaigns.states import PUBLIC, TAKES_PLEDGES
from c2b.core.db import glance
from c2b.core.kept import Kept
from c2b.core.money import parse_amount

EXTENSION = "c2b.quick"
MOST = 10_000  # campaigns that a process knows
WHILE = 600  # seconds: a campaign that is hidden meanwhile is refused by the rules, which leads the long way
NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
QUANTITY = re.compile(r"[0-9]{1,7}", re.ASCII)
AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?", re.ASCII)
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
SIGNED_IN = re.compile(
    r"([0-9]{1,18})\.([0-9]{1,9})", re.ASCII
)  # a person, and the version of their sessions
TERMS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Known:
    """What does not change once a campaign is public."""

    id: int
    currency: str
    options: list[Any]
    regions: list[str]


class Looks:
    """Where this process keeps what it knows; those who ask at the same moment are looked up in one statement.

    With the first one, and again after a while, come those that most are joining: their turn is likely next.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.kept: Kept[Known] = Kept(MOST, seconds=WHILE)
        self.together = Combiner[str, dict[str, Known]](self._look)
        self.looks_around_at = 0.0

    def of(self, slug: str) -> Known | None:
        """The campaign of this address; None where there is no public one."""
        found = self.kept.get(slug)
        if found is None:
            found = self.together.ask(slug).get(slug)
            if found is not None:
                self.kept.put(slug, found)
        return found

    def _look(self, slugs: Sequence[str], _more: object) -> list[dict[str, Known]]:
        with self.app.app_context():
            found = _read(OPENED.where(Campaign.state.in_(PUBLIC), Campaign.slug.in_(set(slugs))))
            if time.monotonic() >= self.looks_around_at:
                self.looks_around_at = time.monotonic() + WHILE
                open_ = OPENED.where(Campaign.state.in_(TAKES_PLEDGES))
                for slug, one in _read(open_.order_by(Campaign.heat_score.desc()).limit(MOST)).items():
                    self.kept.put(slug, one)
        return [found] * len(slugs)


OPENED = select(Campaign.slug, Campaign.id, Campaign.currency, Campaign.options, Campaign.regions).where(
    Campaign.opened_at.is_not(None)
)


def _read(query: Select[Any]) -> dict[str, Known]:
    return {row.slug: Known(row.id, row.currency, row.options, row.regions) for row in glance(query)}


def known(slug: str) -> Known | None:
    """The campaign of this address, where everybody could see it a while ago."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy has it
    looks: Looks = app.extensions.get(EXTENSION) or app.extensions.setdefault(EXTENSION, Looks(app))
    return looks.of(slug)


def quick_request(campaign: Known) -> PledgeRequest | None:
    """What the form in this request asks for; None where it has to be read the long way.

    Whoever signed the session in is believed for now: the transaction looks whether that session still counts. No
    language is named, since a refusal is said the long way: to know it, the account would have to be read.
    """
    who = SIGNED_IN.fullmatch(session.get("_user_id", ""))
    sent = request.form
    options, ceiling = _options(sent, campaign), _ceiling(sent, campaign)
    if who is None or options is None or ceiling is None or not _is_plain(sent.get, campaign):
        return None
    shopper_id = int(who[1])
    return PledgeRequest(
        shopper_id=shopper_id,
        quantity=int(sent["quantity"]),
        tolerance=int(sent.get("tolerance") or 0),
        ceiling=ceiling,
        options=options,
        region=sent["region"],
        address_id=int(sent["address"]) if sent.get("address") else None,
        mandate_id=int(sent["card"]),
        terms=sent["terms"],
        request_key=f"{shopper_id}:{sent['request_key']}",
        brought_by=who_brought(campaign, shopper_id),
        session=int(who[2]),
    )


def _is_plain(sent: Callable[..., str], campaign: Known) -> bool:
    quantity, tolerance, address = sent("quantity", ""), sent("tolerance") or "0", sent("address")
    return bool(
        QUANTITY.fullmatch(quantity) and 1 <= int(quantity) <= MOST_UNITS
        and QUANTITY.fullmatch(tolerance) and int(tolerance) <= MOST_UNITS
        and NUMBER.fullmatch(sent("card", "")) and (not address or NUMBER.fullmatch(address))
        and sent("region") in (campaign.regions or REGIONS) and sent("region") in REGIONS
        and KEY.fullmatch(sent("request_key", "")) and TERMS.fullmatch(sent("terms", ""))
    )  # fmt: skip


def _ceiling(sent: Mapping[str, str], campaign: Known) -> int | None:
    amount = sent.get("max", "")
    if amount == OTHER:
        amount = sent.get("max_other", "")
    try:
        return parse_amount(amount, campaign.currency) or None if AMOUNT.fullmatch(amount) else None
    except ValueError:
        return None


def _options(sent: Mapping[str, str], campaign: Known) -> dict[str, str] | None:
    chosen = {option["name"]: sent.get(f"option_{n}") for n, option in enumerate(campaign.options)}
    good = all(chosen[option["name"]] in option["values"] for option in campaign.options)
    return {name: str(value) for name, value in chosen.items()} if good else None
