"""What a merchant has in a spreadsheet, read into numbers: amounts, quantities, a ladder of prices."""

import re
import unicodedata

from c2b.core.money import parse_amount
from c2b.core.text import gettext as _
from c2b.demand.clearing import why_not_tiers
from c2b.demand.curve import Tier
from c2b.pipeline.offer_rules import MOST_TIERS, MOST_UNITS

MOST_TEXT = 2_000  # characters that a pasted ladder may have
SIGNS = re.compile(r"[¥￥元$€£]|NT|US|Rp|CNY|RMB|USD|EUR|TWD|JPY|IDR", re.IGNORECASE)


def amount_in(cell: str, currency: str) -> int:
    """Minor units from a cell such as "¥1,259.00", "1.259,00 €" or "Rp 125.900"; ValueError with a sentence."""
    text = SIGNS.sub("", unicodedata.normalize("NFKC", cell)).strip().replace("\u00a0", "").replace(" ", "")
    return parse_amount(_plain_number(text), currency)


def quantity_in(cell: str) -> int:
    """A whole number from a cell such as "1,200"; ValueError with a sentence."""
    text = _plain_number(unicodedata.normalize("NFKC", cell).strip().replace("\u00a0", "").replace(" ", ""))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MOST_UNITS:
        raise ValueError(_("Enter a whole number from 1 to %(most)s.", most=MOST_UNITS))
    return int(text)


def _plain_number(text: str) -> str:
    """Without the marks between thousands, with a point before what is less than one."""
    if re.fullmatch(r"[1-9][0-9]{0,2}([.,][0-9]{3})+", text) and len(set(re.findall("[.,]", text))) == 1:
        return re.sub("[.,]", "", text)  # no price has three places after the point
    if "," in text and "." in text:
        mark = max(",.", key=text.rindex)
        return text.replace("." if mark == "," else ",", "").replace(mark, ".")
    return text.replace(",", ".")


def read_ladder(text: str, currency: str) -> list[Tier]:
    """Price tiers from rows of two cells, as a spreadsheet copies them; ValueError with a sentence."""
    if len(text) > MOST_TEXT:
        raise ValueError(_("That is too much. Paste two columns: from units, price each."))
    tiers: list[Tier] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        cells = [cell for cell in re.split(r"\t+|;|\s{2,}|\s*[:：]\s*", line) if cell.strip()]
        if len(cells) == 1:
            cells = line.split(None, 1)
        if not tiers and not any(c.isdigit() for c in line):
            continue  # the names of the columns
        if len(cells) != 2:
            raise ValueError(
                _("Give each row two cells, from units and price each: “%(row)s”.", row=line[:40])
            )
        tiers.append(Tier(quantity_in(cells[0]), amount_in(cells[1], currency)))
    if len(tiers) > MOST_TIERS:
        raise ValueError(_("An offer has at most %(count)s price tiers.", count=MOST_TIERS))
    tiers.sort(key=lambda tier: tier.from_quantity)
    if problem := why_not_tiers(tiers):
        raise ValueError(problem)
    return tiers
