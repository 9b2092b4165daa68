"""Requests for the tests of campaigns: a shopper with a card who agrees to the terms as they are."""

from typing import Any

from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.campaigns.requests import PledgeRequest
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db
from c2b.payments.models import Mandate


def ask(campaign: Campaign, shopper: User, quantity: int = 1, **more: Any) -> PledgeRequest:
    """What this shopper asks of this campaign; at the first tier's price unless said otherwise."""
    mandate_id = more.pop("mandate_id", 0) or db.session.scalar(
        select(Mandate.id).where(Mandate.user_id == shopper.id).order_by(Mandate.id).limit(1)
    )
    return PledgeRequest(
        shopper_id=shopper.id,
        quantity=quantity,
        ceiling=more.pop("ceiling", campaign.first_price),
        mandate_id=mandate_id,
        terms=more.pop("terms", terms_hash(campaign)),
        **more,
    )
