"""Goods that go back: asked for, answered, sent, received, and then refunded or replaced. Each step has its time.

Order before return: whoever changes a return holds its order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.events import record
from c2b.core.outbox import notify, notify_many
from c2b.core.states import move
from c2b.merchants.models import Merchant
from c2b.merchants.queries import staff_ids
from c2b.orders import remedy_rules as rules
from c2b.orders.models import Order, Return
from c2b.orders.refunding import about, left_to_refund, refund_order
from c2b.orders.shipping import send_replacement
from c2b.orders.states import ReturnCause, ReturnState
from c2b.payments import windows
from c2b.payments.states import RefundCause

R = ReturnState


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """What a shopper wants to send back, and why."""

    quantity: int
    cause: ReturnCause
    note: str
    pictures: Sequence[str] = field(default_factory=list)
    replace: bool = False


def ask_return(order_id: int, request: ReturnRequest, *, by: int, now: datetime) -> Return:
    """Ask to send goods back; the merchant has three days to answer. NotFound for somebody else's order."""
    order = lock(Order, order_id)
    if order.shopper_id != by:
        raise NotFound
    refuse(rules.why_not_return(order, open_return(order_id), left_to_refund(order), now))
    refuse(rules.why_not_return_so(order, request.cause, request.quantity, kept_units(order), now))
    asked = Return(
        order_id=order_id,
        quantity=request.quantity,
        cause=request.cause,
        replace=request.replace and request.cause in rules.FAULTY,
        note=request.note,
        pictures=list(request.pictures)[: rules.MOST_PICTURES],
        asked_at=now,
        due_at=rules.due_at(R.ASKED, now),
        state_since=now,
    )
    db.session.add(asked)
    record(asked, "return_request.asked", by=by, at=now, quantity=request.quantity, cause=str(request.cause))
    _tell_firm("return_asked", order, asked, now, cause=str(asked.cause), quantity=asked.quantity)
    return asked


def accept_return(return_id: int, address: str, *, merchant_id: int, by: int, now: datetime) -> Return:
    """The merchant says yes, and where the goods go; the shopper has a week to send them."""
    order, return_ = _locked(return_id, merchant_id=merchant_id)
    refuse(rules.why_not_answer(return_))
    _accept(order, return_, address, by, now)
    return return_


def _accept(order: Order, return_: Return, address: str, by: int | None, now: datetime) -> None:
    return_.answer = address
    _step(return_, R.ACCEPTED, by, now)
    _tell_shopper("return_accepted", order, return_, now, answer=address, by_clock=by is None)


def decline_return(return_id: int, words: str, *, merchant_id: int, by: int, now: datetime) -> Return:
    """The merchant says no, with words for the shopper, who may open a dispute."""
    order, return_ = _locked(return_id, merchant_id=merchant_id)
    refuse(rules.why_not_decline(return_))
    return_.answer = words
    _step(return_, R.DECLINED, by, now)
    _tell_shopper("return_declined", order, return_, now, answer=words)
    return return_


def withdraw_return(return_id: int, *, by: int, now: datetime) -> Return:
    """The shopper keeps the goods after all."""
    order, return_ = _locked(return_id, shopper_id=by)
    _step(return_, R.WITHDRAWN, by, now)
    _tell_firm("return_withdrawn", order, return_, now)
    return return_


def send_back(return_id: int, carrier: str, tracking: str, *, by: int, now: datetime) -> Return:
    """The shopper has sent the goods back; the merchant has ten days to say that they came."""
    order, return_ = _locked(return_id, shopper_id=by)
    return_.carrier, return_.tracking = carrier, tracking
    _step(return_, R.SENT, by, now, carrier=carrier, tracking=tracking)
    _tell_firm("return_sent", order, return_, now, carrier=carrier, tracking=tracking)
    return return_


def receive_back(return_id: int, *, merchant_id: int, by: int, now: datetime) -> Return:
    """The merchant has the goods back, and three days to look at them."""
    _order, return_ = _locked(return_id, merchant_id=merchant_id)
    _step(return_, R.RECEIVED, by, now)
    return return_


def refund_return(return_id: int, *, merchant_id: int, by: int, now: datetime) -> Return:
    """The merchant pays back: when the goods are there, or at once without wanting them."""
    order, return_ = _locked(return_id, merchant_id=merchant_id)
    refuse(rules.why_not_refund_at_once(return_))
    _refund(order, return_, by, now)
    return return_


def _refund(order: Order, return_: Return, by: int | None, now: datetime) -> None:
    cause = RefundCause.DEFECTIVE if return_.cause in rules.FAULTY else RefundCause.RETURNED
    amount = min(return_.quantity * order.unit_price, left_to_refund(order))
    _step(return_, R.REFUNDED, by, now, amount=amount)
    if amount:  # all of it may have gone back on another way meanwhile
        refund = refund_order(order.id, amount, cause, key=f"return-{return_.id}", by=by, now=now)
        return_.refund_id = refund.id


def replace_return(
    return_id: int, carrier: str, tracking: str, *, merchant_id: int, by: int, now: datetime
) -> Return:
    """The merchant sends others instead; the shopper is told of the parcel."""
    order, return_ = _locked(return_id, merchant_id=merchant_id)
    refuse(rules.why_not_settle(return_))
    send_replacement(order.id, carrier, tracking, merchant_id=merchant_id, by=by, now=now)
    _step(return_, R.REPLACED, by, now, carrier=carrier, tracking=tracking)
    return return_


def let_time_decide(return_id: int, *, now: datetime) -> None:
    """Whoever had the next move let their time pass: accepted, refunded, or lapsed. Nothing before it is due."""
    order, return_ = _locked(return_id)
    if return_.state not in rules.OPEN_RETURN or return_.due_at is None or return_.due_at > now:
        return
    if return_.state == R.ASKED:
        _accept(order, return_, address_of(order.merchant_id), None, now)
    elif return_.state == R.ACCEPTED:
        _step(return_, R.LAPSED, None, now)
        _tell_shopper("return_lapsed", order, return_, now)
    else:
        _refund(order, return_, None, now)


def remind_return(return_id: int, *, now: datetime) -> None:
    """Remind the shopper to send the goods back, once."""
    order, return_ = _locked(return_id)
    if return_.state != R.ACCEPTED or return_.due_at is None:
        return
    due = return_.due_at.isoformat()
    _tell_shopper("return_send_soon", order, return_, now, due_at=due, answer=return_.answer)


def address_of(merchant_id: int) -> str:
    """Where goods go back to, as far as we know it ourselves."""
    firm = get_or_404(Merchant, merchant_id)
    return "\n".join(line for line in (firm.name, firm.ships_from, firm.contact_phone) if line)


def open_return(order_id: int) -> Return | None:
    """The return of this order that is under way."""
    return db.session.scalar(
        select(Return).where(Return.order_id == order_id, Return.state.in_(rules.OPEN_RETURN))
    )


def kept_units(order: Order) -> int:
    """How many units were not given back for money yet."""
    gone = db.session.scalar(
        select(func.sum(Return.quantity)).where(Return.order_id == order.id, Return.state == R.REFUNDED)
    )
    return order.quantity - int(gone or 0)


def returns_due(now: datetime) -> list[int]:
    """Returns whose next move is overdue."""
    return _ids(Return.state.in_(rules.OPEN_RETURN), Return.due_at <= now)


def returns_to_remind(now: datetime) -> list[int]:
    """Returns that lapse soon, as nothing was sent."""
    return _ids(Return.state == R.ACCEPTED, Return.due_at > now, Return.due_at <= now + windows.RETURN_REMIND)


def _ids(*conditions: Any) -> list[int]:
    return list(db.session.scalars(select(Return.id).where(*conditions).order_by(Return.due_at, Return.id)))


def _locked(
    return_id: int, *, merchant_id: int | None = None, shopper_id: int | None = None
) -> tuple[Order, Return]:
    """Order and return, freshly read and held; NotFound where they are another firm's or person's."""
    order = lock(Order, get_or_404(Return, return_id).order_id)
    if merchant_id not in (None, order.merchant_id) or shopper_id not in (None, order.shopper_id):
        raise NotFound
    return order, lock(Return, return_id)


def _step(return_: Return, new: ReturnState, by: int | None, now: datetime, **data: Any) -> None:
    """The next state, with the time of the move that follows it."""
    return_.due_at = rules.due_at(new, now)
    move(return_, new, by=by, now=now, **data)


def _tell_shopper(kind: str, order: Order, return_: Return, now: datetime, **more: Any) -> None:
    due = return_.due_at.isoformat() if return_.due_at else ""
    data = {"due_at": due, **more, **about(order)}
    notify(kind, order.shopper_id, key=str(return_.id), now=now, **data)


def _tell_firm(kind: str, order: Order, return_: Return, now: datetime, **more: Any) -> None:
    db.session.flush()
    due = return_.due_at.isoformat() if return_.due_at else ""
    data = {"due_at": due, **more, **about(order), "path": f"/sell/returns/{return_.id}"}
    people = staff_ids(order.merchant_id)
    notify_many(kind, [(id_, f"{return_.id}:{id_}", data) for id_ in people], now=now)
