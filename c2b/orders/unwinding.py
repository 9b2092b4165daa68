"""Taking a sale back: cancelled by an operator, or never delivered. Everybody is let go or paid back by themselves.

What is to be done is read from the states alone, so that it can be stopped anywhere: a launch that was called off
before anybody was charged lets go of what is held; after that, it is unwinding until every refund is paid.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, or_, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import release_all
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, Refused, refuse
from c2b.core.outbox import notify_many
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.merchants.queries import staff_ids
from c2b.orders import charging, settling
from c2b.orders import remedy_rules as rules
from c2b.orders.charging import Step
from c2b.orders.late import put_on_record
from c2b.orders.models import Order, Voucher
from c2b.orders.refunding import about, left_to_refund, never_send, refund_order
from c2b.orders.standing import Standing, by_pledge
from c2b.orders.states import OrderState, VoucherState
from c2b.payments import windows
from c2b.payments.attempts import UNANSWERED, Wish
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import AttemptState, Purpose, RefundCause, RefundState
from c2b.pipeline.models import Launch, Offer
from c2b.pipeline.states import LaunchState

L = LaunchState
STOPS = {L.AUTHORISING: L.VOIDING, L.MENDING: L.VOIDING, L.CAPTURING: L.UNWINDING, L.SELLING: L.UNWINDING}
HOLDS = (AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)


def stop_launch(campaign_id: int, by: int | None, now: datetime) -> bool:
    """The campaign is called off: its sale stops in the same transaction. The campaign's lock is held."""
    launch_id = db.session.scalar(select(Launch.id).where(Launch.campaign_id == campaign_id))
    if launch_id is None:
        return False
    launch = lock(Launch, launch_id)
    if launch.state in STOPS:
        launch.leftover = 0
        move(launch, STOPS[launch.state], by=by, now=now)
    _tell_firm(launch, get_or_404(Campaign, campaign_id).reason or "", now)
    return True


def _tell_firm(launch: Launch, reason: str, now: datetime) -> None:
    merchant_id = get_or_404(Offer, launch.offer_id).merchant_id
    data = {"title": get_or_404(Campaign, launch.campaign_id).title, "path": "/sell/orders", "reason": reason}
    people = staff_ids(merchant_id)
    notify_many("launch_called_off", [(id_, f"{launch.id}:{id_}", data) for id_ in people], now=now)


# the way of the launch to its end ----------------------------------------------------------------------------


def _let_go_uncharged(launch: Launch, it: Standing, now: datetime) -> Wish | None:
    """What is held and was not asked for is let go; what was asked for is an order soon, and paid back."""
    return None if it.is_being(Purpose.CAPTURE) else charging.let_go(launch, it, now)


def _after_unwinding(launch: Launch, now: datetime) -> None:
    """The end: no answer is missing, no card holds money, every order that was not sent is paid back."""
    if _still_open(launch, now) or orders_left(launch.id) or _not_paid_back(launch.id):
        return
    release_all(launch.campaign_id, by=None, now=now)
    move(launch, L.FAILED, by=None, now=now)


charging.STEPS[L.UNWINDING] = (Step(Purpose.VOID, by_pledge, _let_go_uncharged),)
settling.FORWARD[L.UNWINDING] = _after_unwinding


def _still_open(launch: Launch, now: datetime) -> bool:
    """Whether an answer is missing, or a hold was neither charged nor let go."""
    mine = Attempt.launch_id == launch.id
    over = select(Attempt.pledge_id).where(
        mine, Attempt.purpose.in_((Purpose.VOID, Purpose.CAPTURE)), Attempt.decided_at.is_not(None)
    )
    held = and_(
        Attempt.purpose == Purpose.AUTHORISE,
        Attempt.state.in_(HOLDS),
        or_(Attempt.expires_at.is_(None), Attempt.expires_at > now),
        Attempt.pledge_id.not_in(over),
    )
    query = select(Attempt.id).where(mine, or_(Attempt.state.in_(UNANSWERED), held))
    return db.session.scalar(query.limit(1)) is not None


def _not_paid_back(launch_id: int) -> bool:
    captures = select(Attempt.id).where(Attempt.launch_id == launch_id, Attempt.purpose == Purpose.CAPTURE)
    query = select(Refund.id).where(
        Refund.capture_id.in_(captures),
        Refund.cause == RefundCause.CANCELLED,
        Refund.state != RefundState.PAID,
    )
    return db.session.scalar(query.limit(1)) is not None


def orders_left(launch_id: int) -> list[int]:
    """Orders of a launch that were not sent and not cancelled, but for codes that were used already."""
    return list(db.session.scalars(_unsent(Order.launch_id == launch_id)))


def _unsent(*conditions: Any) -> Any:
    used = exists().where(Voucher.order_id == Order.id, Voucher.state == VoucherState.REDEEMED)
    return (
        select(Order.id)
        .where(Order.state.in_(rules.NOT_SENT), ~used, *conditions)
        .order_by(Order.ship_by, Order.id)
    )


def launches_to_unwind(now: datetime) -> list[int]:
    """Launches that were called off after people were charged."""
    return list(
        db.session.scalars(select(Launch.id).where(Launch.state == L.UNWINDING).order_by(Launch.state_since))
    )


def orders_to_unwind(now: datetime) -> list[int]:
    """Orders of such launches that were not sent: all of it goes back."""
    unwinding = select(Launch.id).where(Launch.state == L.UNWINDING)
    return list(db.session.scalars(_unsent(Order.launch_id.in_(unwinding))))


def pay_back_called_off(order_id: int, *, now: datetime) -> None:
    """An order of a launch that was called off: cancelled, and paid back in whole."""
    order = lock(Order, order_id)
    if order.state in rules.NOT_SENT:
        reason = get_or_404(Campaign, order.campaign_id).reason or ""
        _cancel(order, RefundCause.CANCELLED, None, now, reason)


# orders that never went out -----------------------------------------------------------------------------------


def orders_undelivered(now: datetime) -> list[int]:
    """Orders that were not sent, nor made ready, three weeks after the promised day."""
    late = Order.ship_by <= now - windows.UNDELIVERED
    return list(db.session.scalars(_unsent(Order.state == OrderState.PLACED, late)))


def give_up_undelivered(order_id: int, *, now: datetime) -> None:
    """It never came: cancelled, paid back, and kept in the merchant's public record, once for each launch."""
    launch_id = get_or_404(Order, order_id).launch_id
    put_on_record(launch_id, now=now)  # the parent before the child
    order = lock(Order, order_id)
    if order.state != OrderState.PLACED or order.ship_by > now - windows.UNDELIVERED:
        return
    _cancel(order, RefundCause.UNDELIVERED, None, now)
    reason = _("Orders were not sent three weeks after the promised day.")
    _tell_firm(get_or_404(Launch, launch_id), reason, now)


def cancel_late(order_id: int, *, by: int, now: datetime) -> Refund:
    """The shopper does not want to wait any longer. NotFound for somebody else's order."""
    order = lock(Order, order_id)
    if order.shopper_id != by:
        raise NotFound
    refuse(rules.why_not_cancel_late(order, now))
    refund = _cancel(order, RefundCause.LATE, by, now)
    if refund is None:
        raise Refused(_("The payment is with your bank, which rules on it."))
    data = {**about(order), "path": "/sell/orders", "amount": refund.amount, "currency": refund.currency}
    people = staff_ids(order.merchant_id)
    notify_many("order_called_off", [(id_, f"{order.id}:{id_}", data) for id_ in people], now=now)
    return refund


def out_of_stock(order_ids: Sequence[int], words: str, *, merchant_id: int, by: int, now: datetime) -> int:
    """The merchant cannot send these orders: cancelled and paid back, all or none; returns how many."""
    for order_id in sorted(set(order_ids)):
        order = lock(Order, order_id)
        if order.merchant_id != merchant_id:
            raise NotFound
        refuse(rules.why_not_cancel(order))
        _cancel(order, RefundCause.OUT_OF_STOCK, by, now, words)
    return len(set(order_ids))


def _cancel(order: Order, cause: RefundCause, by: int | None, now: datetime, note: str = "") -> Refund | None:
    """All that is left of an order goes back, which cancels it; whatever the cause, once.

    Where a bank has taken all of it there is nothing to pay back; if the bank gives it to us, it is paid back then.
    """
    left = left_to_refund(order)
    if left <= 0:
        never_send(order, by, now)
        return None
    return refund_order(order.id, left, cause, key=f"order-{order.id}", by=by, now=now, note=note)
