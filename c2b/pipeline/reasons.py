"""Reasons that merchants can act on; reviewers add them by number. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from c2b.core.text import gettext
from c2b.core.text import mark as _l


@dataclass(frozen=True)
class Reason:
    """A short name for reviewers, and the sentence that the merchant reads."""

    key: str
    msgid: str
    advice: str

    @property
    def label(self) -> str:
        """Its name, translated."""
        return gettext(self.msgid)


REASONS = (
    Reason("photo", _l("Better photo"), _l("Please send a sharper photo that shows the goods themselves.")),
    Reason("paper", _l("Paper missing"), _l("A certificate for these goods is missing or out of date.")),
    Reason("price", _l("Price not credible"), _l("The list price is not one that the goods were sold at.")),
    Reason("sample", _l("Sample differs"), _l("The sample is not what the offer describes.")),
    Reason("text", _l("Unclear text"), _l("Title or description do not say clearly what people get.")),
    Reason("lead", _l("Takes too long"), _l("The time to dispatch is longer than shoppers were told.")),
)
# Longer notes that are written again and again: the merchant reads them in their own language.
TEMPLATES = (
    Reason(
        "all_sides", _l("Show all sides"), _l("Please add pictures of the back, the inside and the packing.")
    ),
    Reason("size_table", _l("Size table"), _l("Please add a size table with measures in centimetres.")),
    Reason(
        "receipt",
        _l("Proof of the list price"),
        _l("Please send a receipt or a shop page that shows the goods at the list price."),
    ),
    Reason(
        "runner_up",
        _l("Another offer is better"),
        _l("Another offer gives shoppers more at every price. A lower second tier would change that."),
    ),
)
BY_KEY = {reason.key: reason for reason in (*REASONS, *TEMPLATES)}


def in_words(keys: Sequence[str], note: str) -> str:
    """What the merchant reads: the sentences of the chosen reasons, then the reviewer's own words."""
    return "\n".join([*(gettext(BY_KEY[key].advice) for key in keys if key in BY_KEY), note.strip()]).strip()


def evidence_of(keys: Sequence[str], note: str) -> dict[str, Any]:
    """What a verdict keeps of its reasons: counted by key, and said in whatever language its reader has."""
    return {"reasons": list(keys), "note": note.strip()}
