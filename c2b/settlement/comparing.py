"""Our books beside the provider's own: what each says of one fact, and every difference between them. Pure.

A fact is named by the key of our request, or by the provider's name for what is not a request of ours: a dispute,
or a payout that came back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from c2b.core.labels import LabelEnum
from c2b.core.text import mark as _l
from c2b.payments.gateway import BookLine


class Gap(LabelEnum):
    """How two books can differ over one fact."""

    MISSING_HERE = "missing_here", _l("Missing with us")
    MISSING_THERE = "missing_there", _l("Missing at the provider")
    AMOUNT = "amount", _l("Another amount")
    FEE = "fee", _l("Another fee")
    CURRENCY = "currency", _l("Another currency")
    TWICE = "twice", _l("Twice at the provider")
    BALANCE = "balance", _l("Another balance")


@dataclass(frozen=True, slots=True)
class Fact:
    """One movement of money at the provider, as we have it; positive amounts are in our favour."""

    kind: str  # as BookLine has it: "charge", "refund", …
    name: str  # the key of our request, or the provider's name
    amount: int
    fee: int
    currency: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the books do not agree on; amounts where there are two."""

    gap: str
    kind: str
    name: str
    currency: str
    ours: int | None = None
    theirs: int | None = None

    def as_row(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


NAMED_BY_REFERENCE = ("dispute", "dispute_won", "payout_returned")


def fact_of(line: BookLine) -> Fact:
    """What the provider says, in the words in which we say it."""
    by_key = line.key if line.kind not in NAMED_BY_REFERENCE else None
    return Fact(line.kind, by_key or line.reference, line.amount, line.fee, line.currency)


def differences(ours: Iterable[Fact], theirs: Iterable[Fact]) -> list[Difference]:
    """Every fact that one side lacks or has otherwise, in the order of the provider's book."""
    mine = {(fact.kind, fact.name): fact for fact in ours}
    found: list[Difference] = []
    seen: set[tuple[str, str]] = set()
    for fact in theirs:
        name = (fact.kind, fact.name)
        own = mine.get(name)
        if name in seen:
            found.append(_about(Gap.TWICE, fact, None, fact.amount))
        elif own is None:
            found.append(_about(Gap.MISSING_HERE, fact, None, fact.amount))
        else:
            found += _between(own, fact)
        seen.add(name)
    lacking = [fact for name, fact in mine.items() if name not in seen]
    return found + [_about(Gap.MISSING_THERE, fact, fact.amount, None) for fact in lacking]


def _between(ours: Fact, theirs: Fact) -> list[Difference]:
    if ours.currency != theirs.currency:
        return [_about(Gap.CURRENCY, theirs, ours.amount, theirs.amount)]
    found = []
    if ours.amount != theirs.amount:
        found.append(_about(Gap.AMOUNT, theirs, ours.amount, theirs.amount))
    if ours.fee != theirs.fee:
        found.append(_about(Gap.FEE, theirs, ours.fee, theirs.fee))
    return found


def _about(gap: Gap, fact: Fact, ours: int | None, theirs: int | None) -> Difference:
    return Difference(gap.value, fact.kind, fact.name, fact.currency, ours, theirs)


def balance_of(facts: Iterable[Fact]) -> dict[str, int]:
    """What the facts add up to, by currency."""
    sums: dict[str, int] = defaultdict(int)
    for fact in facts:
        sums[fact.currency] += fact.amount - fact.fee
    return dict(sums)


def unequal(ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[Difference]:
    """The currencies whose balances are not the same to the minor unit (I-8)."""
    return [
        Difference(
            Gap.BALANCE.value, "balance", currency, currency, ours.get(currency, 0), theirs.get(currency, 0)
        )
        for currency in sorted({*ours, *theirs})
        if ours.get(currency, 0) != theirs.get(currency, 0)
    ]
