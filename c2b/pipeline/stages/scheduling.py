"""Scheduling: the chosen offer gets a place in a launch slot. The operator's booking is the verdict."""

from datetime import datetime, timedelta

from c2b.core.access import Role
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.pipeline.models import Offer
from c2b.pipeline.queries import award_of, place_of
from c2b.pipeline.stage import Stage


def due_at(offer: Offer, now: datetime) -> datetime:
    """Before the first launch of the batch."""
    earliest = now + timedelta(days=1)
    return max(offer.batch.launch_from, earliest) if offer.batch else now + timedelta(days=3)


def why_not_judge(offer: Offer, now: datetime) -> str | None:
    """Only the chosen offer goes on, and only with a place."""
    award = award_of(offer.campaign_id)
    if award is None:
        return _("The campaign has not been awarded yet.")
    if award.offer_id != offer.id:
        return _("Another offer was chosen for this campaign.")
    if place_of(offer.campaign_id) is None:
        return _("Give it a place in the schedule first.")
    return None


stage: Stage = Stage(
    "scheduling",
    _l("Scheduling"),
    owner=Role.OPERATOR,
    due=timedelta(days=3),
    due_at=due_at,
    why_not_judge=why_not_judge,
)
