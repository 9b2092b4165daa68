"""Who speaks for a campaign: the people of its merchant, who started it, and our own team."""

from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.community.states import Badge
from c2b.core.access import Role
from c2b.core.db import db
from c2b.merchants.models import MerchantStaff
from c2b.merchants.queries import staff_ids


def makers_of(campaign: Campaign) -> list[int]:
    """Whom a question is for: the people of the campaign's merchant, else its starter."""
    return staff_ids(campaign.merchant_id) if campaign.merchant_id else [campaign.starter_id]


def badge_of(campaign: Campaign, user_id: int | None) -> Badge:
    """As whom this person speaks here."""
    person = db.session.get(User, user_id) if user_id is not None else None
    if person is None:
        return Badge.NONE
    if campaign.merchant_id is not None and _works_there(campaign.merchant_id, person.id):
        return Badge.MAKER
    if person.has_role(Role.OPERATOR):
        return Badge.TEAM
    return Badge.STARTER if campaign.starter_id == person.id else Badge.NONE


def _works_there(merchant_id: int, user_id: int) -> bool:
    post = select(MerchantStaff.id).where(
        MerchantStaff.merchant_id == merchant_id, MerchantStaff.user_id == user_id
    )
    return db.session.scalar(post) is not None
