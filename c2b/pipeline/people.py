"""Who belongs to a firm that has something to win, and who is told of what."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, union

from c2b.campaigns.models import Campaign
from c2b.core.db import db
from c2b.core.outbox import notify_many
from c2b.core.text import gettext as _
from c2b.merchants.models import MerchantStaff
from c2b.pipeline.models import Offer


def of_interest_to(user_id: int, campaign_ids: Iterable[int]) -> set[int]:
    """Those of these campaigns that the person's firm competes for, in whatever stage or batch, or has won.

    Whoever has something to win neither judges an offer for them nor sees what the others offer.
    """
    ids = sorted(set(campaign_ids))
    firms = select(MerchantStaff.merchant_id).where(MerchantStaff.user_id == user_id)
    competing = select(Offer.campaign_id).where(
        Offer.campaign_id.in_(ids), or_(Offer.merchant_id.in_(firms), Offer.created_by == user_id)
    )
    won = select(Campaign.id).where(Campaign.id.in_(ids), Campaign.merchant_id.in_(firms))
    return set(db.session.scalars(union(competing, won)))


def why_not_independent(offer: Offer, user_id: int) -> str | None:
    """Nobody judges goods that they have an interest in."""
    if of_interest_to(user_id, [offer.campaign_id]):
        return _("You belong to a firm that competes for this campaign, so somebody else must judge it.")
    return None


def is_merchants(offer: Offer, user_id: int) -> bool:
    """Whether the person belongs to the firm that made the offer."""
    return user_id in staff_of(offer)


def staff_of(offer: Offer) -> list[int]:
    """The people of the firm that made the offer."""
    return list(
        db.session.scalars(
            select(MerchantStaff.user_id)
            .where(MerchantStaff.merchant_id == offer.merchant_id)
            .order_by(MerchantStaff.user_id)
        )
    )


def tell_merchant(kind: str, offer: Offer, key: str, *, now: datetime, **data: Any) -> None:
    """Leave a notice for everybody in the merchant's firm."""
    about = {"offer": offer.title, "campaign": offer.campaign.title, "path": f"/sell/a/{offer.id}", **data}
    notify_many(kind, [(user_id, f"{key}:{user_id}", about) for user_id in staff_of(offer)], now=now)
