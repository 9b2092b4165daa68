"""What is different in an offer since somebody looked at it, field by field, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from c2b.campaigns.regions import region_names
from c2b.core.text import gettext, ngettext
from c2b.core.text import mark as _l
from c2b.pipeline.wording import day, price

LABELS = {
    "title": _l("Title"),
    "selling_line": _l("Selling line"),
    "list_price": _l("List price"),
    "lowest_price_7_days": _l("Lowest price of the last 7 days"),
    "minimum": _l("Fewest units"),
    "maximum": _l("Most units"),
    "per_shopper": _l("For one shopper"),
    "lead_days": _l("Days to dispatch"),
    "options": _l("Options"),
    "pictures": _l("Pictures"),
    "certificates": _l("Papers"),
    "origin": _l("Origin"),
    "hs_code": _l("Customs code"),
    "regions": _l("Ships to"),
    "launch_not_before": _l("Can launch from"),
    "launch_not_after": _l("Can launch until"),
    "tiers": _l("Price tiers"),
}
AMOUNTS = ("list_price", "lowest_price_7_days")
DAYS = ("launch_not_before", "launch_not_after")


@dataclass(frozen=True)
class Change:
    """One field: as it was, and as it is."""

    label: str
    before: str
    after: str


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The fields in which two contents of an offer differ, in the order of the form."""
    currency = str(after.get("currency", "CNY"))
    return [
        Change(
            gettext(label), _said(name, before.get(name), currency), _said(name, after.get(name), currency)
        )
        for name, label in LABELS.items()
        if before.get(name) != after.get(name)
    ]


def _said(name: str, value: Any, currency: str) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if name in AMOUNTS:
        return price(value, currency)
    if name in DAYS:
        return day(datetime.fromisoformat(value))
    if name == "tiers":
        return ", ".join(f"{quantity}: {price(amount, currency)}" for quantity, amount in value)
    if name == "pictures":
        return ngettext("%(num)s picture", "%(num)s pictures", len(value))
    if name in ("options", "certificates"):
        return ", ".join(str(one.get("name", "")) for one in value)
    if name in ("origin", "regions"):
        return region_names(value if isinstance(value, list) else [value])
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
