"""What one rule of the machine review says of one offer."""

from dataclasses import dataclass
from enum import StrEnum


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
    evidence: str
    fix: str = ""
    field: str = ""

    @property
    def result(self) -> str:
        """For the row of check squares."""
        return self.outcome.value
