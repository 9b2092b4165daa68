"""Paying an order back, whole or in part: the promise, our share of it, the books, and what the shopper is told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import refuse
from c2b.core.outbox import notify, notify_many
from c2b.core.rows import among
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.ledger import facts
from c2b.ledger.posting import post
from c2b.orders.models import Dispute, Order, Voucher
from c2b.orders.states import DisputeOrigin, DisputeState, OrderState, ReturnCause, VoucherState
from c2b.payments.attempts import Answered, follows
from c2b.payments.fees import fee_back
from c2b.payments.models import Attempt, Refund
from c2b.payments.refunds import promise_refund, refund_of, settle_refunds
from c2b.payments.states import Purpose, RefundCause

NOT_SENT = (OrderState.PLACED, OrderState.READY)
WITH_THE_BANK = (DisputeState.OPENED, DisputeState.ANSWERED, DisputeState.UPHELD)


def refund_order(
    order_id: int,
    amount: int,
    cause: RefundCause,
    *,
    key: str,
    by: int | None,
    now: datetime,
    note: str = "",
) -> Refund:
    """Promise to pay an order back, whole or in part, with our share of it; the same key again is the first promise.

    An order that was not sent and is wholly paid back is cancelled. Refused where less is left of what was paid.
    """
    order = lock(Order, order_id)
    known = refund_of(key)
    if known is not None:
        return known
    gone = gone_back(order)
    if amount > order.total - gone:
        left = order.total - gone
        refuse(
            _("More than was paid cannot be paid back.")
            if left > 0
            else _("Everything was paid back already.")
        )
    back = fee_back(order.total, order.fee, gone, amount)
    refund = promise_refund(
        order.attempt_id, amount, cause, key=key, by=by, now=now, note=note, fee_back=back
    )
    if gone + amount >= order.total:
        nothing_is_left(order, by, now)
    _tell_promised(order, refund, now)
    owed = facts.refund_owed(refund.id, order.id, order.merchant_id, amount, back, order.currency)
    post([owed], now=now)
    return refund


def gone_back(order: Order) -> int:
    """How much of an order was promised back, or is with a bank or lost to one."""
    promised = db.session.scalar(select(Attempt.refunded).where(Attempt.id == order.attempt_id)) or 0
    return int(promised) + lost_to_banks(order.id)


def lost_to_banks(order_id: int) -> int:
    """How much of an order banks have taken back over disputes that are open or lost."""
    query = select(func.sum(Dispute.amount)).where(
        Dispute.order_id == order_id,
        Dispute.origin == DisputeOrigin.BANK,
        Dispute.state.in_(WITH_THE_BANK),
    )
    return int(db.session.scalar(query) or 0)  # PostgreSQL sums into a numeric


def left_to_refund(order: Order) -> int:
    """How much of an order can still be paid back."""
    return order.total - gone_back(order)


def nothing_is_left(order: Order, by: int | None, now: datetime) -> None:
    """All of it goes back, for good: it is settled, never sent, and there is nothing to dispute."""
    if order.settled_at is None:
        order.settled_at = now
    never_send(order, by, now)
    for dispute in db.session.scalars(
        select(Dispute).where(
            Dispute.order_id == order.id,
            Dispute.origin == DisputeOrigin.SHOPPER,
            Dispute.state.in_((DisputeState.OPENED, DisputeState.ANSWERED)),
        )
    ):
        dispute.ruling = _("Everything was paid back, so there is nothing left to rule on.")
        move(dispute, DisputeState.WITHDRAWN, by=by, now=now)


def never_send(order: Order, by: int | None, now: datetime) -> None:
    """What was not sent never will be, and its codes are void."""
    if order.state in NOT_SENT:
        move(order, OrderState.CANCELLED, by=by, now=now)
    for voucher in db.session.scalars(
        select(Voucher).where(Voucher.order_id == order.id, Voucher.state == VoucherState.ISSUED)
    ):
        move(voucher, VoucherState.CANCELLED, by=by, now=now)


def about(order: Order) -> dict[str, str]:
    """What every notice about an order says of it."""
    campaign = get_or_404(Campaign, order.campaign_id)
    return {"title": campaign.title, "path": f"/me/orders/{order.number}", "number": order.number}


def _tell_promised(order: Order, refund: Refund, now: datetime) -> None:
    db.session.flush()
    notify(
        "refund_promised",
        order.shopper_id,
        key=str(refund.id),
        now=now,
        amount=refund.amount,
        currency=refund.currency,
        cause=str(refund.cause),
        note=refund.note,
        **about(order),
    )


@follows(Purpose.REFUND)
def follow(news: Answered, now: datetime) -> None:
    """A refund was paid, or needs a person."""
    paid = settle_refunds(news, now)
    charges = _charges(paid)
    _tell_paid(paid, charges, now)
    booked = [facts.refund_paid(r.id, charges[r.capture_id].order_id, r.amount, r.currency) for r in paid]
    post(booked, now=now)


def tell_paid_otherwise(refund: Refund, now: datetime) -> None:
    """Say that the money is back, in another way than on the card."""
    _tell_paid([refund], _charges([refund]), now)


def _charges(paid: Sequence[Refund]) -> dict[int, Any]:
    """What was charged, by whom; somebody whose charge came too late never had an order."""
    rows = db.session.execute(
        select(Attempt.id, Campaign.title, Campaign.slug, Order.number, Order.id.label("order_id"))
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .outerjoin(Order, Order.attempt_id == Attempt.id)
        .where(among(Attempt.id, [refund.capture_id for refund in paid]))
    )
    return {row.id: row for row in rows}


def _tell_paid(paid: Sequence[Refund], charges: Mapping[int, Any], now: datetime) -> None:
    """Say that the money is back."""
    notify_many(
        "refund_paid",
        [
            (
                refund.shopper_id,
                str(refund.id),
                {
                    "title": (charge := charges[refund.capture_id]).title,
                    "path": f"/me/orders/{charge.number}" if charge.number else f"/c/{charge.slug}",
                    "number": charge.number or "",
                    "amount": refund.amount,
                    "currency": refund.currency,
                    "cause": str(refund.cause),
                    "way": (refund.other_way or "") if refund.other_by else "",
                },
            )
            for refund in paid
        ],
        now=now,
    )


def refund_cause(value: str) -> str:
    """Why money goes back, in words; for notices, which hold the value only."""
    return RefundCause(value).label


def return_cause(value: str) -> str:
    """Why goods are sent back, in words; for notices."""
    return ReturnCause(value).label
