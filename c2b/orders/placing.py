"""What was charged becomes an order: in the books, in the diary, and told, in the transaction that books the charge."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.core.events import record_many
from c2b.core.outbox import notify_many
from c2b.core.rows import among, insert_rows
from c2b.core.states import move_many
from c2b.ledger.facts import charged, provider_fee
from c2b.ledger.posting import post
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.orders.telling import pledges
from c2b.payments.attempts import Request
from c2b.payments.fees import fee_of
from c2b.payments.models import Attempt
from c2b.pipeline.models import Launch, Offer


def place_orders(launch: Launch, captures: Sequence[Request], now: datetime) -> set[int]:
    """Make an order of each charged pledge whose goods are still set aside; returns those pledges."""
    attempts = {request.pledge_id: request for request in captures}
    ordered = move_many(Pledge, list(attempts), PledgeState.ALLOCATED, PledgeState.ORDERED, by=None, now=now)
    offer = db.session.get_one(Offer, launch.offer_id)
    found = pledges(ordered)
    ship_by = launch.opened_at + timedelta(days=offer.lead_days)
    new = [_order(launch, offer.merchant_id, p, attempts[p.id], ship_by, now) for p in found]
    if not new:
        return set()
    placed = insert_rows(Order, new, returning=("id", "pledge_id", "number"))
    numbers = {row.pledge_id: row for row in placed}
    _tell_ordered(launch, found, numbers, ship_by, now)
    _into_the_books([row | {"id": numbers[row["pledge_id"]].id} for row in new], now)
    return set(ordered)


def _into_the_books(orders: list[dict[str, Any]], now: datetime) -> None:
    """What was paid is the merchant's but for our fee; what the provider kept is ours to bear."""
    kept = db.session.execute(
        select(Attempt.id, Attempt.fee).where(among(Attempt.id, [o["attempt_id"] for o in orders]))
    )
    fees = {row.id: row.fee for row in kept if row.fee}
    sales = [
        charged(o["attempt_id"], o["id"], o["merchant_id"], o["total"], o["fee"], o["currency"])
        for o in orders
    ]
    costs = [
        provider_fee(o["attempt_id"], o["id"], fees[o["attempt_id"]], o["currency"])
        for o in orders
        if o["attempt_id"] in fees
    ]
    post(sales + costs, now=now)


def _order(
    launch: Launch, merchant_id: int, pledge: Any, paid: Request, ship_by: datetime, now: datetime
) -> dict[str, Any]:
    return {
        "number": f"M{now:%y%m%d}-{pledge.id:06}",
        "pledge_id": pledge.id,
        "attempt_id": paid.attempt_id,
        "campaign_id": pledge.campaign_id,
        "launch_id": launch.id,
        "merchant_id": merchant_id,
        "shopper_id": pledge.shopper_id,
        "quantity": pledge.allocated,
        "unit_price": launch.unit_price,
        "total": paid.amount,
        "fee": fee_of(paid.amount, launch.fee_bp),
        "currency": launch.currency,
        "options": pledge.options,
        "fulfilment": pledge.fulfilment,
        "placed_at": now,
        "ship_by": ship_by,
        "state": OrderState.PLACED,
        "state_since": now,
    }


def _tell_ordered(
    launch: Launch, found: Sequence[Any], numbers: dict[int, Any], ship_by: datetime, now: datetime
) -> None:
    record_many(
        [
            {
                "subject": "order",
                "subject_id": numbers[p.id].id,
                "kind": "order.placed",
                "by": None,
                "at": now,
                "data": {"pledge": p.id, "quantity": p.allocated, "total": launch.unit_price * p.allocated},
            }
            for p in found
        ]
    )
    notify_many(
        "order_placed",
        [
            (
                p.shopper_id,
                numbers[p.id].number,
                {
                    "title": p.title,
                    "path": f"/me/orders/{numbers[p.id].number}",
                    "number": numbers[p.id].number,
                    "quantity": p.allocated,
                    "unit_price": launch.unit_price,
                    "total": launch.unit_price * p.allocated,
                    "currency": launch.currency,
                    "ship_by": ship_by.isoformat(),
                    "fulfilment": str(p.fulfilment),
                },
            )
            for p in found
        ],
        now=now,
    )
