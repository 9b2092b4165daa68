"""Final review: two people, apart from each other, look at the offer and at what speaks for the others."""

from datetime import datetime, timedelta

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.models import Offer
from c2b.pipeline.stage import Stage

AT_LEAST = timedelta(days=1)  # however late an offer comes


def due_at(offer: Offer, now: datetime) -> datetime:
    """On the batch's review day."""
    earliest = now + AT_LEAST
    return max(offer.batch.review_at, earliest) if offer.batch else now + timedelta(days=3)


stage: Stage = Stage(
    "final_review",
    _l("Final review"),
    owner=Role.REVIEWER,
    due=timedelta(days=3),
    due_at=due_at,
    passes_needed=2,
)
