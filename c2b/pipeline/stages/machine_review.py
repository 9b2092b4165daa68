"""Machine review: the rules of machine_rules judge the offer; what the merchant can mend comes back with hints."""

from datetime import datetime, timedelta

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.machine_rules import examine, verdict_of
from c2b.pipeline.models import Offer
from c2b.pipeline.stage import Stage, Verdict


def decide(offer: Offer, now: datetime) -> Verdict:
    """Exactly what "Check now" has shown to the merchant."""
    return verdict_of(examine(offer, now))


stage: Stage = Stage(
    "machine_review",
    _l("Machine review"),
    owner=Role.OPERATOR,
    due=timedelta(days=1),
    decide=decide,
)
