"""Which rows of a batch are shown: views, a search and a category, all of them in the address; and the rows as CSV."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from c2b.campaigns.categories import Category
from c2b.core.forms import query_text
from c2b.core.sheets import Amount, written
from c2b.core.text import gettext as _
from c2b.pipeline.review_queries import Group, Row

VIEWS = ("open", "warning", "second", "staged", "all")


@dataclass(frozen=True)
class View:
    """What the reader asked to see."""

    name: str
    search: str = ""
    category: str = ""

    def has(self, row: Row) -> bool:
        """Whether the row is in this view."""
        return _is_in(row, self.name) and self._matches(row)

    def counts(self, rows: Iterable[Row]) -> dict[str, int]:
        """How many rows each view would show, under the same search."""
        found = [row for row in rows if self._matches(row)]
        return {name: sum(_is_in(row, name) for row in found) for name in VIEWS}

    def _matches(self, row: Row) -> bool:
        offer = row.offer
        if self.category and offer.campaign.category != self.category:
            return False
        text = f"{offer.title} {offer.campaign.title} {offer.merchant.name} O-{offer.id}".casefold()
        return all(word in text for word in self.search.casefold().split())


def _is_in(row: Row, view: str) -> bool:
    return {
        "open": row.open,
        "warning": "warn" in row.squares and row.pending,
        "second": row.open and row.passes > 0,
        "staged": row.staged is not None,
        "all": True,
    }[view]


def chosen_view(args: Mapping[str, str]) -> View:
    """The view from the address; what makes no sense is the first one."""
    name, category = args.get("view", ""), args.get("category", "")
    return View(
        name if name in VIEWS else VIEWS[0],
        query_text(args.get("q", "")),
        category if category in {member.value for member in Category} else "",
    )


def shown_in(groups: Sequence[Group], view: View) -> list[Group]:
    """The groups with the rows of the view; empty ones are left out."""
    kept = [Group(group.campaign, [row for row in group.rows if view.has(row)]) for group in groups]
    return [group for group in kept if group.rows]


def without_conflicts(groups: Sequence[Group]) -> list[Group]:
    """Whoever belongs to a competing firm does not see the others' prices."""
    return [group for group in groups if not group.conflict]


def csv_of(groups: Sequence[Group], *, hide: bool) -> bytes:
    """The rows as a file for a spreadsheet; blind to the firms' names where that is wanted."""
    head = [_("Campaign"), _("Offer"), _("Rank"), _("Merchant"), _("Clears at"), _("Gain"), _("Sample")]
    table: list[list[object]] = [[*head, _("Passed by"), _("State")]]
    for group in groups:
        for row in group.rows:
            offer, place = row.offer, row.ranked
            table.append(
                [
                    group.campaign.title,
                    f"O-{offer.id}",
                    place.letter if place else "",
                    "" if hide else offer.merchant.name,
                    Amount(place.clears_at, offer.currency) if place and place.clears_at else "",
                    Amount(place.score, offer.currency) if place else "",
                    row.sample,
                    row.passes,
                    row.state_label,
                ]
            )
    return written(table)
