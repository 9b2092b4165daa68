"""The rules of the machine review as data, and what they say of an offer. Pages and the job ask the same function."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

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


def examine(offer: Offer, now: datetime) -> list[Finding]:
    """What every rule says of the offer as it stands, in the order of RULES; a fixed number of statements."""
    facts = gather(offer, now)
    return [rule.examine(facts) for rule in RULES]


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """What follows: pass, wait for what the merchant can mend, or reject."""
    failed = [finding for finding in findings if finding.outcome is Outcome.FAIL]
    warned = [finding for finding in findings if finding.outcome is Outcome.WARN]
    evidence = {"findings": [asdict(finding) for finding in findings]}
    fatal = [finding for finding in failed if not BY_ID[finding.id].mendable]
    if fatal:
        return Verdict(Ruling.REJECT, "\n".join(_line(finding) for finding in fatal), evidence)
    if failed:
        return Verdict(Ruling.WAIT, "\n".join(_line(finding) for finding in failed), evidence)
    passed = ngettext(
        "The machine’s check passed.", "All %(num)s checks of the machine passed.", len(findings)
    )
    return Verdict(Ruling.PASS, "\n".join([passed, *(_line(finding) for finding in warned)]), evidence)


def findings_in(evidence: object) -> list[Finding]:
    """The findings that a verdict was founded on, as it kept them."""
    rows = evidence.get("findings", []) if isinstance(evidence, dict) else []
    return [Finding(**{**row, "outcome": Outcome(row["outcome"])}) for row in rows]


def _line(finding: Finding) -> str:
    return gettext(
        "%(title)s: %(seen)s %(fix)s", title=BY_ID[finding.id].title, seen=finding.evidence, fix=finding.fix
    ).strip()
