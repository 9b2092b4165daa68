"""The rules of the machine review as data, and what they say of an offer. Pages and the job ask the same function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from c2b.core.text import gettext, ngettext
from c2b.core.text import mark as _l
from c2b.pipeline import machine_checks as checks
from c2b.pipeline import machine_prices as prices
from c2b.pipeline.machine_facts import Facts, gather
from c2b.pipeline.machine_findings import Finding, Outcome
from c2b.pipeline.models import Offer
from c2b.pipeline.stage import Ruling, Verdict


@dataclass(frozen=True)
class Rule:
    """One rule. Where a merchant cannot mend what it finds, a failure ends the offer."""

    id: str
    msgid: str
    examine: Callable[[Facts], Finding]
    mendable: bool = True

    @property
    def title(self) -> str:
        """Its name for people, translated."""
        return gettext(self.msgid)


RULES = (
    Rule("fields", _l("Fields and their lengths"), checks.fields),
    Rule("pictures", _l("Pictures"), checks.pictures),
    Rule("ladder", _l("Price tiers go down"), prices.ladder),
    Rule("below_list", _l("Price below the list price"), prices.below_list),
    Rule("within_demand", _l("Price within what shoppers pledged"), prices.within_demand),
    Rule("capacity", _l("Enough for the threshold"), prices.capacity),
    Rule("list_price", _l("List price is real"), prices.list_price),
    Rule("goods", _l("Goods that may be sold"), checks.goods, mendable=False),
    Rule("words", _l("Words that may be used"), checks.words),
    Rule("certificates", _l("Certificates for the category"), checks.certificates),
    Rule("duplicates", _l("No duplicates"), checks.duplicates),
    Rule("standing", _l("Merchant’s standing and deposit"), checks.standing),
    Rule("lead", _l("Time to dispatch"), checks.lead),
    Rule("regions", _l("Regions"), checks.regions),
    Rule("own_pledges", _l("No pledges of your own people"), prices.own_pledges, mendable=False),
)
BY_ID = {rule.id: rule for rule in RULES}

# What belongs together, for a glance: what shoppers read, prices, quantities, papers and goods, the firm.
FAMILIES = (
    ("fields", "pictures", "words", "duplicates"),
    ("ladder", "below_list", "within_demand", "list_price"),
    ("capacity", "lead", "regions"),
    ("certificates", "goods"),
    ("standing", "own_pledges"),
)


def examine(offer: Offer, now: datetime) -> list[Finding]:
    """What every rule says of the offer as it stands, in the order of RULES; a fixed number of statements."""
    facts = gather(offer, now)
    return [rule.examine(facts) for rule in RULES]


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """What follows: pass, wait for what the merchant can mend, or reject."""
    failed = [finding for finding in findings if finding.outcome is Outcome.FAIL]
    evidence = {"findings": [finding.stored() for finding in findings]}
    fatal = [finding for finding in failed if not _mendable(finding)]
    ruling = Ruling.REJECT if fatal else Ruling.WAIT if failed else Ruling.PASS
    return Verdict(ruling, in_lines(findings), evidence)


def in_lines(findings: Sequence[Finding], checks: int | None = None) -> str:
    """What the findings come to, in the reader's language: what is fatal, else what to mend, else what to look at.

    `checks` is how many there were where only those worth telling were kept.
    """
    failed = [finding for finding in findings if finding.outcome is Outcome.FAIL]
    fatal = [finding for finding in failed if not _mendable(finding)]
    if failed:
        return "\n".join(_line(finding) for finding in fatal or failed)
    passed = ngettext(
        "The machine’s check passed.", "All %(num)s checks of the machine passed.", checks or len(findings)
    )
    warned = [finding for finding in findings if finding.outcome is Outcome.WARN]
    return "\n".join([passed, *(_line(finding) for finding in warned)])


def _mendable(finding: Finding) -> bool:
    return finding.id not in BY_ID or BY_ID[finding.id].mendable


def title_of(finding: Finding) -> str:
    """The name of its rule; a rule that was given up since is called by its key."""
    return BY_ID[finding.id].title if finding.id in BY_ID else finding.id


def findings_in(evidence: object) -> list[Finding]:
    """The findings that a verdict was founded on, as it kept them."""
    rows = evidence.get("findings", []) if isinstance(evidence, dict) else []
    return [Finding.restored(row) for row in rows]


def by_family(kept: Sequence[Mapping[str, Any]]) -> list[str]:
    """The worst outcome of each family, from the findings as a verdict kept them."""
    found = {row["id"]: row["outcome"] for row in kept}
    families = [[found[id_] for id_ in family if id_ in found] for family in FAMILIES]
    return [max(outcomes, key=("ok", "warn", "fail").index) for outcomes in families if outcomes]


def _line(finding: Finding) -> str:
    return gettext(
        "%(title)s: %(seen)s %(fix)s", title=title_of(finding), seen=finding.evidence, fix=finding.fix
    ).strip()
