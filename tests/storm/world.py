"""A launch with very many pledges, each with a card of its own, written straight into the tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select, update

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign, DemandPoint, Pledge
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db, transaction
from c2b.core.events import Event
from c2b.payments.models import Mandate
from c2b.pipeline.engine import judge_by_machine
from c2b.pipeline.models import Launch, Place, Slot
from tests.factories import Make, put_in_state

PRICE = 7900
CHUNK = 5000
# What becomes of a card's requests, and how many of a hundred cards do that. All others work.
CARDS = {
    "answer_lost": 0.5,  # held, but the answer is lost
    "capture_lost": 0.5,  # charged, but the answer is lost
    "insufficient_funds": 1.5,  # declined for now
    "expired_card": 0.5,  # declined for good
    "needs_confirmation": 1.0,  # waits for the shopper
}


def kinds(number: int, seed: int) -> list[str]:
    """The card of each pledge, in exact shares and random order."""
    cards = [kind for kind, percent in CARDS.items() for _ in range(round(number * percent / 100))]
    cards += ["ok"] * (number - len(cards))
    Random(seed).shuffle(cards)
    return cards


def build(number: int, now: datetime, seed: int) -> int:
    """A launch that opens now, with so many pledges; returns its id."""
    make = Make(now)
    campaign = make.campaign(
        CampaignState.SOURCING, threshold=1, tiers=((1, PRICE),), expected_price=PRICE, list_price=9900,
        closed_at=now - timedelta(days=1),
    )  # fmt: skip
    _pledges(campaign, kinds(number, seed), now - timedelta(days=5))
    # Eight in ten must be confirmed, and there is enough for everybody.
    offer = make.offer(
        campaign, batch=make.batch(opens_at=now - timedelta(days=20)), minimum=number * 8 // 10
    )
    slot = Slot(
        batch_id=offer.batch_id,
        shown_from=now - timedelta(days=1),
        opens_at=now,
        closes_at=now + timedelta(days=30),
    )
    slot.places = [Place(number=1, campaign_id=campaign.id, booked_at=now - timedelta(days=1))]
    db.session.add(slot)
    make.at_stage(offer, "launch")
    put_in_state(campaign, CampaignState.SCHEDULED, now, merchant_id=offer.merchant_id)
    db.session.commit()
    with transaction():
        judge_by_machine(offer.id, now=now)
    launch_id = db.session.scalars(select(Launch.id).where(Launch.offer_id == offer.id)).one()
    db.session.rollback()
    return launch_id


def _pledges(campaign: Campaign, cards: Sequence[str], at: datetime) -> None:
    terms = terms_hash(campaign)
    for start in range(0, len(cards), CHUNK):
        chunk = cards[start : start + CHUNK]
        people = _insert(User, [_person(start + n, at) for n in range(len(chunk))])
        mandates = _insert(Mandate, [_card(who, kind, at) for who, kind in zip(people, chunk, strict=True)])
        rows = [
            _pledge(campaign.id, who, card, terms, at) for who, card in zip(people, mandates, strict=True)
        ]
        pledges = _insert(Pledge, rows)
        line = {"subject": "pledge", "kind": "pledge.placed", "at": at, "data": {"quantity": 1}}
        _insert(
            Event, [line | {"subject_id": id_, "by": who} for id_, who in zip(pledges, people, strict=True)]
        )
    number = len(cards)
    counts = {"people": number, "units": number, "counted_people": number, "counted_units": number}
    db.session.execute(update(Campaign).where(Campaign.id == campaign.id).values(**counts))
    db.session.add(
        DemandPoint(campaign_id=campaign.id, ceiling=PRICE, units=number, tolerance=0, people=number)
    )
    db.session.commit()


def _insert(model: Any, rows: list[dict[str, Any]]) -> list[int]:
    with transaction():
        return list(db.session.scalars(insert(model).returning(model.id, sort_by_parameter_order=True), rows))


def _person(number: int, at: datetime) -> dict[str, Any]:
    return {
        "email": f"storm{number}@example.org",
        "name": f"Shopper {number}",
        "created_at": at,
        "email_confirmed_at": at,
    }


def _card(user_id: int, kind: str, at: datetime) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "gateway": "sandbox",
        "token": f"tok_{kind}_{user_id:x}",
        "label": "Visa •••• 4242",
        "fingerprint": f"storm-{user_id}",
        "created_at": at,
    }


def _pledge(campaign_id: int, user_id: int, card: int, terms: str, at: datetime) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "shopper_id": user_id,
        "quantity": 1,
        "ceiling": PRICE,
        "counts": True,
        "mandate_id": card,
        "terms": terms,
        "placed_at": at,
        "state": PledgeState.ACTIVE,
        "state_since": at,
    }
