"""Who belongs to a firm that has something to win, and who is told of what."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from c2b.core.db import db
from c2b.core.outbox import notify_many
from c2b.core.text import gettext as _
from c2b.merchants.models import MerchantStaff
from c2b.pipeline.models import Offer


def related_people(offer: Offer) -> frozenset[int]:
    """Everybody with an interest in who wins: the people of every firm that competes for the campaign."""
    firms = select(Offer.merchant_id).where(Offer.campaign_id == offer.campaign_id)
    people = select(MerchantStaff.user_id).where(
        or_(MerchantStaff.merchant_id.in_(firms), MerchantStaff.merchant_id == offer.campaign.merchant_id)
    )
    return frozenset({offer.created_by, *db.session.scalars(people)})


def why_not_independent(offer: Offer, user_id: int) -> str | None:
    """Nobody judges goods that they have an interest in."""
    if user_id in related_people(offer):
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
