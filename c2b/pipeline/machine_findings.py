"""What one rule of the machine review says of one offer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from c2b.pipeline.saying import NOTHING, Saying, restored, stored


class Outcome(StrEnum):
    """How it went. A warning stops nothing; reviewers see it."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What was seen, and what the merchant can do about it; `field` is where, in the form."""

    id: str
    outcome: Outcome
    evidence: Saying
    fix: Saying = NOTHING
    field: str = ""

    @property
    def result(self) -> str:
        """For the row of check squares."""
        return self.outcome.value

    def stored(self) -> dict[str, Any]:
        """As a verdict keeps it."""
        rest = {"id": self.id, "outcome": self.outcome.value, "field": self.field}
        return {**rest, "evidence": stored(self.evidence), "fix": stored(self.fix)}

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        """As a verdict kept it; older ones kept finished sentences."""
        evidence, fix = (
            Saying(text) if isinstance(text, str) else restored(text)
            for text in (kept["evidence"], kept.get("fix", ""))
        )
        return cls(kept["id"], Outcome(kept["outcome"]), evidence, fix, kept.get("field", ""))
