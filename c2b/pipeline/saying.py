"""Sentences that a rule writes down and that are put into words when somebody reads them, in the reader's language.

`say` and `nsay` are imported as `_` and `ngettext`, so that `make messages` finds the sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from c2b.core.labels import LabelEnum
from c2b.core.text import gettext
from c2b.core.text import ngettext as plural
from c2b.pipeline.wording import price


@dataclass(frozen=True)
class Sum:
    """An amount inside a sentence, in minor units."""

    amount: int
    currency: str

    def __str__(self) -> str:
        return price(self.amount, self.currency)


@dataclass(frozen=True)
class Saying:
    """A sentence by its English words and what stands in its places."""

    msgid: str
    values: Mapping[str, Any] = field(default_factory=dict)
    many: str = ""  # the sentence for more than one, where it depends on a count

    def __str__(self) -> str:
        if not self.values:
            return gettext(self.msgid) if self.msgid else ""
        places = {name: str(v) if isinstance(v, Sum | Saying) else v for name, v in self.values.items()}
        if self.many:
            return plural(self.msgid, self.many, int(places.pop("num")), **places)
        return gettext(self.msgid, **places)

    def __bool__(self) -> bool:
        return bool(self.msgid)


NOTHING = Saying("")


def say(msgid: str, **values: Any) -> Saying:
    """A sentence for later."""
    return Saying(msgid, values)


def nsay(one: str, many: str, num: int, **values: Any) -> Saying:
    """A sentence for later that depends on a count."""
    return Saying(one, {**values, "num": num}, many)


def sum_of(amount: int, currency: str) -> Sum:
    """An amount inside a sentence for later."""
    return Sum(amount, currency)


def word(member: LabelEnum) -> Saying:
    """The label of a member, inside a sentence."""
    return Saying(member.msgid)


def stored(thing: Any) -> Any:
    """As JSON keeps it."""
    if isinstance(thing, Sum):
        return {"amount": thing.amount, "currency": thing.currency}
    if not isinstance(thing, Saying):
        return thing
    kept: dict[str, Any] = {"say": thing.msgid}
    if thing.values:
        kept["with"] = {name: stored(value) for name, value in thing.values.items()}
    return kept | ({"many": thing.many} if thing.many else {})


def restored(kept: Any) -> Any:
    """Back from JSON; a text that was kept before there were codes stays the sentence that it is."""
    if isinstance(kept, dict) and "amount" in kept:
        return Sum(kept["amount"], kept["currency"])
    if isinstance(kept, dict) and "say" in kept:
        values = {name: restored(value) for name, value in kept.get("with", {}).items()}
        return Saying(kept["say"], values, kept.get("many", ""))
    return kept
