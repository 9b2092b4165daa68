"""What follows from a provider's answers: notices, dropped pledges, orders. In the transaction that books them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from c2b.accounts.tokens import sign
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.core.events import record_many
from c2b.core.outbox import notify_many
from c2b.core.states import move_many
from c2b.ledger.facts import charged, provider_fee
from c2b.ledger.posting import post
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.payments import windows
from c2b.payments.attempts import Answered, Request, follows
from c2b.payments.fees import fee_of
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch, Offer

PAY = "pay"  # what a link to the pay page is signed for


def pay_path(pledge_id: int, now: datetime) -> str:
    """The address of the page on which this pledge's payment is put right."""
    return f"/pay/{sign(PAY, pledge_id, now=now)}"


@follows(Purpose.AUTHORISE, Purpose.CAPTURE, Purpose.VOID)
def follow(news: Answered, now: datetime) -> None:
    """All that follows from answers about pledges' money."""
    for launch_id in sorted({request.launch_id for request, _outcome in news if request.launch_id}):
        launch = db.session.get_one(Launch, launch_id)
        mine = [(r, o.code) for r, o in news if r.launch_id == launch_id]
        states = {r.attempt_id: o.state for r, o in news}
        for purpose, state, follow in FOLLOWS:
            rows = [(r, code) for r, code in mine if r.purpose == purpose and states[r.attempt_id] == state]
            if rows:
                follow(launch, rows, now)


Rows = Sequence[tuple[Request, str | None]]


def pledges(ids: Iterable[int]) -> Sequence[Any]:
    """What notices and orders need of these pledges."""
    return db.session.execute(
        select(
            Pledge.id, Pledge.shopper_id, Pledge.allocated, Pledge.late, Pledge.options, Pledge.campaign_id,
            Campaign.title, Campaign.slug, Campaign.fulfilment,
        )
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(Pledge.id.in_(list(ids)))
        .order_by(Pledge.id)
    ).all()  # fmt: skip


def _authorisation_failed(launch: Launch, rows: Rows, now: datetime) -> None:
    codes = {request.pledge_id: code for request, code in rows}
    found = pledges(codes)
    drop(launch, {p.id: codes[p.id] for p in found if p.late}, now)
    attempts = {request.pledge_id: request for request, _code in rows}
    tell_failed(launch, [p for p in found if not p.late], attempts, codes, now)


def _needs_the_shopper(launch: Launch, rows: Rows, now: datetime) -> None:
    codes: dict[int, str | None] = {request.pledge_id: "requires_action" for request, _code in rows}
    attempts = {request.pledge_id: request for request, _code in rows}
    tell_failed(launch, pledges(codes), attempts, codes, now)


def tell_failed(
    launch: Launch,
    found: Sequence[Any],
    attempts: dict[int, Request],
    codes: dict[int, str | None],
    now: datetime,
) -> None:
    """Say at once that a card failed, why, until when, and where to put it right."""
    notify_many(
        "card_failed",
        [
            (
                p.shopper_id,
                str(attempts[p.id].attempt_id),
                card_notice(launch, p, codes[p.id], attempts[p.id].amount, now),
            )
            for p in found
        ],
        now=now,
    )


def card_notice(launch: Launch, pledge: Any, code: str | None, amount: int, now: datetime) -> dict[str, Any]:
    """What a mail about a card that failed needs."""
    until = min(launch.closes_at, now + windows.CONFIRM_LATE) if pledge.late else launch.mend_until
    return {
        "title": pledge.title,
        "path": pay_path(pledge.id, now),
        "code": code,
        "amount": amount,
        "currency": launch.currency,
        "mend_until": until.isoformat(),
    }


def _captured(launch: Launch, rows: Rows, now: datetime) -> None:
    attempts = {request.pledge_id: request for request, _code in rows}
    ordered = move_many(Pledge, list(attempts), PledgeState.ALLOCATED, PledgeState.ORDERED, by=None, now=now)
    offer = db.session.get_one(Offer, launch.offer_id)
    found = pledges(ordered)
    ship_by = launch.opened_at + timedelta(days=offer.lead_days)
    new = [_order(launch, offer.merchant_id, p, attempts[p.id], ship_by, now) for p in found]
    if not new:
        return
    placed = insert(Order).returning(Order.id, Order.pledge_id, Order.number)
    numbers = {row.pledge_id: row for row in db.session.execute(placed, new)}
    _tell_ordered(launch, found, numbers, ship_by, now)
    _into_the_books([row | {"id": numbers[row["pledge_id"]].id} for row in new], now)


def _into_the_books(orders: list[dict[str, Any]], now: datetime) -> None:
    """What was paid is the merchant's but for our fee; what the provider kept is ours to bear."""
    kept = db.session.execute(
        select(Attempt.id, Attempt.fee).where(Attempt.id.in_([o["attempt_id"] for o in orders]))
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
                },
            )
            for p in found
        ],
        now=now,
    )


def _capture_failed(launch: Launch, rows: Rows, now: datetime) -> None:
    drop(launch, {request.pledge_id: code for request, code in rows}, now)


def _let_go(launch: Launch, rows: Rows, now: datetime) -> None:
    """What waited for the shopper's yes waits no longer; a purchase from the rest ends with it."""
    ids = [request.pledge_id for request, _code in rows]
    waiting = db.session.scalars(
        select(Attempt.id).where(
            Attempt.pledge_id.in_(ids),
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state == AttemptState.REQUIRES_ACTION,
        )
    ).all()
    move_many(
        Attempt, waiting, AttemptState.REQUIRES_ACTION, AttemptState.EXPIRED, by=None, now=now, decided_at=now
    )
    drop(launch, {p.id: "not_confirmed" for p in pledges(ids) if p.late}, now)


def drop(launch: Launch, codes: dict[int, str | None], now: datetime) -> None:
    """Give up pledges whose payment failed for good; their shoppers are told, and late units are for sale again."""
    dropped = pledges(
        move_many(Pledge, list(codes), PledgeState.ALLOCATED, PledgeState.DROPPED, by=None, now=now)
    )
    notify_many(
        "pledge_dropped",
        [
            (
                p.shopper_id,
                str(p.id),
                {
                    "title": p.title,
                    "path": f"/c/{p.slug}",
                    "amount": launch.unit_price * p.allocated,
                    "currency": launch.currency,
                    "code": codes[p.id],
                },
            )
            for p in dropped
        ],
        now=now,
    )
    back = sum(p.allocated for p in dropped if p.late)
    if back:
        db.session.execute(
            update(Launch).where(Launch.id == launch.id).values(leftover=Launch.leftover + back)
        )
        db.session.refresh(launch)


FOLLOWS = (
    (Purpose.AUTHORISE, AttemptState.FAILED, _authorisation_failed),
    (Purpose.AUTHORISE, AttemptState.REQUIRES_ACTION, _needs_the_shopper),
    (Purpose.CAPTURE, AttemptState.SUCCEEDED, _captured),
    (Purpose.CAPTURE, AttemptState.FAILED, _capture_failed),
    (Purpose.VOID, AttemptState.SUCCEEDED, _let_go),
    (Purpose.VOID, AttemptState.FAILED, _let_go),
)
