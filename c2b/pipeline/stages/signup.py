"""Sign-up: a certified merchant writes an offer and hands it in before the batch's sign-up closes."""

from datetime import datetime, timedelta

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.models import Offer
from c2b.pipeline.stage import Stage

AFTER_CLOSING = timedelta(days=14)  # a campaign's own offer waits until it tips and has a batch


def due_at(offer: Offer, now: datetime) -> datetime:
    """When sign-up closes; an offer that waits for its campaign has until some time after that closes."""
    if offer.batch is not None:
        return offer.batch.signup_closes_at
    return max(offer.campaign.closes_at or now, now) + AFTER_CLOSING


def why_not_lapse(offer: Offer, now: datetime) -> str | None:
    """A campaign's own offer that got its batch later lives as long as that batch's sign-up."""
    if offer.batch is not None and now < offer.batch.signup_closes_at:
        return "sign-up is still open"
    return None


stage = Stage(
    "signup",
    _l("Sign-up"),
    owner=Role.MERCHANT,
    due=timedelta(days=7),
    due_at=due_at,
    lapses=True,
    why_not_lapse=why_not_lapse,
)
