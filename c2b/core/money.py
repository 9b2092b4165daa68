"""Amounts are whole minor units and an ISO currency; nothing here knows a float."""

import re
import unicodedata
from decimal import Decimal

from babel.numbers import get_currency_precision

from c2b.core.text import gettext as _

CURRENCIES = ("CNY", "USD", "EUR", "TWD", "JPY", "IDR")
LARGEST = 10**13  # minor units; far above any price, far below what a 64-bit column holds


def digits(currency: str) -> int:
    """How many decimals the currency has: 2 for CNY, 0 for JPY."""
    return int(get_currency_precision(currency))


def major(amount: int, currency: str) -> Decimal:
    """Minor units as the number that people write: 25900 CNY → 259.00."""
    return Decimal(amount).scaleb(-digits(currency))


def parse_amount(typed: str, currency: str) -> int:
    """Minor units from what a person typed: "259", "259.5", "１２". ValueError with a sentence for the person."""
    text = unicodedata.normalize("NFKC", typed).strip().replace(" ", "")
    places = digits(currency)
    if any(character.isdigit() and not character.isdecimal() for character in typed):
        text = ""  # a superscript or circled digit would become a plain one
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?", text):
        raise ValueError(_("Enter an amount in digits, such as 259."))
    if len(text.partition(".")[2]) > places:
        raise ValueError(
            _("Enter whole amounts for %(currency)s.", currency=currency)
            if places == 0
            else _("Enter at most %(places)s digits after the point.", places=places)
        )
    amount = int(Decimal(text).scaleb(places))
    if amount > LARGEST:
        raise ValueError(_("That amount is too large."))
    return amount
