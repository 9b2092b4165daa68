"""The reason of a verdict, put into words when it is read: each reader has it in their own language."""

from collections.abc import Mapping
from typing import Any

from c2b.core.text import gettext
from c2b.pipeline.machine_findings import Outcome
from c2b.pipeline.machine_rules import findings_in, in_lines
from c2b.pipeline.reasons import in_words


def reason_in_words(evidence: Mapping[str, Any] | None, written: str) -> str:
    """What a verdict was founded on, from its codes; the words that were written down where it kept none."""
    kept = evidence or {}
    if kept.get("findings") or kept.get("checks"):
        return in_lines(findings_in(kept), kept.get("checks"))
    if "reasons" in kept and ("note" in kept or not written):
        return in_words(kept["reasons"], kept.get("note", ""))
    return gettext(written) if written else ""  # a sentence of ours; a person's own words stay as they are


def for_notice(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """As much of it as a notice needs: what was fine is counted, not told."""
    every = evidence.get("findings", ())
    worth = [row for row in every if row["outcome"] != Outcome.OK]
    kept = {key: evidence[key] for key in ("reasons", "note") if key in evidence}
    return {**kept, **({"findings": worth, "checks": len(every)} if every else {})}
