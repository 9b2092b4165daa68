"""What a replay came to, asked of the database when all is over."""

from typing import Any

from sqlalchemy import func, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.core.events import Event
from c2b.orders.models import Order
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch, Offer
from c2b.replay.drive import Played


def _count(*criteria: Any, of: Any) -> int:
    return int(db.session.scalar(select(func.count()).select_from(of).where(*criteria)) or 0)


def _sum(what: Any) -> int:
    return int(db.session.scalar(select(func.coalesce(func.sum(what), 0))) or 0)


def summarise(played: Played, seconds: float) -> dict[str, Any]:
    """The JSON object of the last line. Amounts are minor units of CNY; shoppers' gain is what they paid less
    than the most they would have paid."""
    authorised = (Attempt.purpose == Purpose.AUTHORISE, Attempt.state == AttemptState.SUCCEEDED)
    gain = db.session.scalar(
        select(func.coalesce(func.sum((Pledge.ceiling - Order.unit_price) * Order.quantity), 0)).join(
            Pledge, Pledge.id == Order.pledge_id
        )
    )
    return {
        "campaigns": _count(of=Campaign),
        "pledges": _count(of=Pledge),
        "tipped": _count(Campaign.tipped_at.is_not(None), of=Campaign),
        "expired": _count(Campaign.state == CampaignState.EXPIRED, of=Campaign),
        "offers": _count(of=Offer),
        "awarded": int(
            db.session.scalar(
                select(func.count(func.distinct(Event.subject_id))).where(Event.kind == "campaign.awarded")
            )
            or 0
        ),
        "launched": _count(of=Launch),
        "failed": _count(Campaign.state == CampaignState.FAILED, of=Campaign),
        "authorised": _count(*authorised, of=Attempt),
        "dropped": _count(Pledge.state == PledgeState.DROPPED, of=Pledge),
        "orders": _count(of=Order),
        "units": _sum(Order.quantity),
        "amount_charged": _sum(Order.total),
        "shoppers_gain": int(gain or 0),
        "refused": dict(sorted(played.refused.items())),
        "broken_promises": len(broken_promises()),
        "seconds": round(seconds, 1),
    }
