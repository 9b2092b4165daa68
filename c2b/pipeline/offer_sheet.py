"""Offers as rows of a table: columns known by their names in any language of ours, rows read as the form would be."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from c2b.core import sheets
from c2b.core.languages import CATALOGUES
from c2b.core.money import major
from c2b.core.text import mark as _l
from c2b.pipeline.offer_cells import amount_in, quantity_in
from c2b.pipeline.offer_content import draft_for, draft_from
from c2b.pipeline.offer_forms import form_class, offer_form
from c2b.pipeline.offer_queries import Opportunity
from c2b.pipeline.offer_rules import MOST_CERTIFICATES, MOST_TIERS, OfferDraft, why_not_draft

MOST_BYTES = 1024 * 1024
MOST_ROWS = 500
COLUMNS = {
    "campaign": _l("Campaign"),
    "title": _l("Title"),
    "selling_line": _l("Selling line"),
    "list_price": _l("List price"),
    "lowest_price_7_days": _l("Lowest price of the last 7 days"),
    "unit_cost": _l("What one costs you"),
    "minimum": _l("Fewest units you supply"),
    "maximum": _l("Most units you supply"),
    "per_shopper": _l("Most units for one shopper"),
    "lead_days": _l("Days from launch to dispatch"),
    "options": _l("Choices such as size or colour"),
    "origin": _l("Made in"),
    "hs_code": _l("HS code"),
    "regions": _l("Where you ship"),
    "launch_not_before": _l("Launch from"),
    "launch_not_after": _l("Launch until"),
}
TIER = {"from_quantity": _l("From units"), "unit_price": _l("Price each")}
NEEDED = ("campaign",)
AMOUNTS = ("list_price", "lowest_price_7_days", "unit_cost")
QUANTITIES = ("minimum", "maximum", "per_shopper", "lead_days")


@dataclass(frozen=True)
class Table:
    """A file as it was understood: which column means what, and the rows below."""

    columns: list[str]  # the key of each column, "" for those that we do not know
    names: list[str]  # as they stand in the file
    rows: list[tuple[int, list[str]]]  # with their number in the file


@dataclass(frozen=True)
class Row:
    """One row: the offer that it makes or changes, or what is wrong with it."""

    number: int
    cells: list[str]
    problem: str = ""
    chance: Opportunity | None = None
    draft: OfferDraft | None = None


def keys() -> list[str]:
    """Every column, in the order in which they are written."""
    return [*COLUMNS, *(f"{name}_{n}" for n in range(1, MOST_TIERS + 1) for name in TIER)]


def heading(key: str) -> str:
    """The column's name in the reader's language."""
    if key in COLUMNS:
        return str(_(COLUMNS[key]))
    name, _underscore, n = key.rpartition("_")
    return f"{_(TIER[name])} {n}"


@cache
def _by_name() -> dict[str, str]:
    """{name in any language, or the key itself, as it is compared: key}."""
    known = {_folded(key): key for key in keys()}
    for locale in {"en", *CATALOGUES.values()}:
        with force_locale(locale):
            known |= {_folded(heading(key)): key for key in keys()}
    return known


def _folded(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def read_table(content: bytes) -> Table:
    """The file by its first row; ValueError with a sentence where it cannot be understood."""
    if len(content) > MOST_BYTES:
        raise ValueError(_("The file is larger than 1 MB. Split it and import the parts."))
    text = sheets.decoded(content)
    if text is None:
        raise ValueError(_("We cannot read this file. Save it as CSV in UTF-8 and try again."))
    lines = [(at, row) for at, row in enumerate(sheets.parsed(text), 1) if any(row)]
    if len(lines) < 2:
        raise ValueError(_("There are no rows below the names of the columns."))
    if len(lines) - 1 > MOST_ROWS:
        raise ValueError(
            _("A file has at most %(count)s rows. Split it and import the parts.", count=MOST_ROWS)
        )
    names = [name[:60] for name in lines[0][1]]
    columns = [_by_name().get(_folded(name), "") for name in names]
    for key in NEEDED:
        if key not in columns:
            raise ValueError(_("There is no column “%(name)s”.", name=heading(key)))
    twice = next((key for key in columns if key and columns.count(key) > 1), None)
    if twice:
        raise ValueError(_("The column “%(name)s” is there twice.", name=heading(twice)))
    return Table(columns, names, lines[1:])


def read_row(table: Table, number: int, cells: list[str], chances: Sequence[Opportunity]) -> Row:
    """What one row asks for: a new offer, or new content for a draft."""
    named = {key: cell for key, cell in zip(table.columns, cells, strict=False) if key}
    formula = next((key for key, cell in named.items() if cell.startswith(("=", "@"))), None)
    if formula:
        words = _("“%(name)s” holds a formula. Put its result there.", name=heading(formula))
        return Row(number, cells, words)
    chance = _chance(named.get("campaign", ""), chances)
    if chance is None:
        return Row(number, cells, _("No campaign of this name looks for a merchant now."))
    if chance.own is not None and chance.own.state != "signup":
        return Row(number, cells, _("Your offer for this campaign has been handed in already."))
    base = draft_from(chance.own) if chance.own else draft_for(chance.campaign)
    try:
        draft = _read_draft(named, base, chance.campaign.currency)
    except ValueError as problem:
        return Row(number, cells, str(problem))
    return Row(number, cells, why_not_draft(draft) or "", chance, draft)


def _chance(cell: str, chances: Sequence[Opportunity]) -> Opportunity | None:
    """By the campaign's title, its link or the end of it."""
    slug = re.sub(r"^.*/c/|[/?#].*$", "", cell.strip())
    wanted = _folded(cell)
    found = [c for c in chances if c.campaign.slug == slug or _folded(c.campaign.title) == wanted]
    return found[0] if len(found) == 1 else None


def _read_draft(named: Mapping[str, str], base: OfferDraft, currency: str) -> OfferDraft:
    typed = MultiDict(_as_typed(cells_of(base, currency) | dict(named), currency))
    form = form_class(currency)(formdata=typed, meta={"csrf": False})
    if not form.validate():
        raise ValueError(" ".join(_sentences(form)))
    return replace(
        form.draft, pictures=base.pictures, picture_alts=base.picture_alts, certificates=base.certificates
    )


def _as_typed(named: Mapping[str, str], currency: str) -> list[tuple[str, str]]:
    """The cells as the form's fields."""
    typed = [(f"certificates-{n}-kind", "") for n in range(MOST_CERTIFICATES)]  # they are not in the table
    for key, cell in named.items():
        name, _underscore, n = key.rpartition("_")
        text = _number(key, name, cell, currency)
        if name in TIER:
            typed.append((f"tiers-{int(n) - 1}-{name}", text))
        elif key == "regions":
            typed += [("regions", code.upper()) for code in re.split(r"[,;、，\s]+", text) if code]
        elif key == "origin":
            typed.append((key, text.upper()))
        elif key != "campaign":
            typed.append((key, text))
    return typed


def _number(key: str, name: str, cell: str, currency: str) -> str:
    """A cell that holds a number as the form takes it; any other as it is."""
    text = cell.strip()
    try:
        if text and (key in AMOUNTS or name == "unit_price"):
            return f"{major(amount_in(text, currency), currency):f}"
        if text and (key in QUANTITIES or name == "from_quantity"):
            return str(quantity_in(text))
    except ValueError as problem:
        raise ValueError(f"{heading(key)}: {problem}") from None
    return text


def _sentences(form: Any) -> list[str]:
    """What is wrong, each with the name of its column."""
    found = []
    for field in form:
        if field.name == "tiers" and field.errors:
            told = [str(e) for e in field.errors if not isinstance(e, dict)]
            told += [str(e) for row in field for inner in row.form for e in inner.errors]
            found += told
        elif field.errors:
            said = [str(e) for e in field.errors if not isinstance(e, dict)]
            found += [
                f"{heading(field.name) if field.name in COLUMNS else field.label.text}: {e}" for e in said
            ]
    return found or [str(_("Something in this row is not in order."))]


def cells_of(draft: OfferDraft, currency: str) -> dict[str, str]:
    """A draft as the cells of its row, without the campaign."""
    values = offer_form(currency, draft, meta={"csrf": False}, formdata=None)
    cells = {name: "" for name in keys() if name != "campaign"}
    for name in cells:
        if name in values._fields and name != "regions":
            cells[name] = _cell(name, values[name].data, currency)
    cells["regions"] = ", ".join(draft.regions)
    for n, tier in enumerate(draft.tiers, 1):
        cells[f"from_quantity_{n}"] = str(tier.from_quantity)
        cells[f"unit_price_{n}"] = f"{major(tier.unit_price, currency):f}"
    return cells


def _cell(name: str, value: Any, currency: str) -> str:
    if value is None:
        return ""
    return f"{major(value, currency):f}" if name in AMOUNTS else str(value)
