"""Disputes that shoppers open and operators rule on. Money follows the ruling in the same transaction.

Order before dispute: whoever changes a dispute holds its order. What a bank opens is told in bank_disputes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from c2b.accounts.queries import with_role
from c2b.core.access import Role
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.events import Event, record
from c2b.core.outbox import notify, notify_many
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.merchants.queries import staff_ids
from c2b.orders import remedy_rules as rules
from c2b.orders.evidence import add_evidence
from c2b.orders.freezing import freeze
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.refunding import about, left_to_refund, refund_order
from c2b.orders.states import (
    DisputeCause,
    DisputeOrigin,
    DisputeState,
    OrderState,
    Party,
    ReturnState,
)
from c2b.payments import windows
from c2b.payments.states import RefundCause

D = DisputeState
OVERDUE = "dispute.overdue"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a shopper complains of."""

    cause: DisputeCause
    words: str
    pictures: Sequence[str] = field(default_factory=list)


def open_dispute(order_id: int, claim: Claim, *, by: int, now: datetime) -> Dispute:
    """Complain about an order; nothing of it is paid out to the merchant from here on (I-27)."""
    order = lock(Order, order_id)
    if order.shopper_id != by:
        raise NotFound
    left = left_to_refund(order)
    causes = causes_now(order, now)
    refuse(rules.why_not_dispute(causes, dispute_of(order_id), left))
    if claim.cause not in causes:
        refuse(_("A dispute about this cannot be opened now."))
    dispute = Dispute(
        order_id=order_id,
        origin=DisputeOrigin.SHOPPER,
        cause=claim.cause,
        amount=left,
        currency=order.currency,
        opened_at=now,
        answer_by=now + windows.ANSWER_DISPUTE,
        rule_by=now + windows.RULE_DISPUTE,
        state_since=now,
    )
    db.session.add(dispute)
    record(dispute, "dispute.opened", by=by, at=now, cause=str(claim.cause), amount=left)
    add_evidence(dispute, Party.SHOPPER, claim.words, claim.pictures, by=by, now=now)
    freeze(order.id, now)
    _tell_firm("dispute_opened", order, dispute, now, answer_by=dispute.answer_by.isoformat())
    return dispute


def hand_in(
    dispute_id: int, party: Party, words: str, pictures: Sequence[str], *, by: int, now: datetime
) -> Dispute:
    """One side says more; the merchant’s first word makes it wait for a ruling. The caller knows who asks."""
    order, dispute = _locked(dispute_id)
    refuse(rules.why_not_give_evidence(dispute, party, now))
    add_evidence(dispute, party, words, pictures, by=by, now=now)
    if party == Party.MERCHANT and dispute.origin == DisputeOrigin.SHOPPER and dispute.state == D.OPENED:
        move(dispute, D.ANSWERED, by=by, now=now)
        _tell_shopper("dispute_answered", order, dispute, now, rule_by=dispute.rule_by.isoformat())
    return dispute


def withdraw_dispute(dispute_id: int, *, by: int, now: datetime) -> Dispute:
    """The shopper has been helped, or gives in."""
    order, dispute = _locked(dispute_id)
    if order.shopper_id != by:
        raise NotFound
    refuse(rules.why_not_withdraw(dispute))
    move(dispute, D.WITHDRAWN, by=by, now=now)
    _tell_firm("dispute_withdrawn", order, dispute, now)
    return dispute


def rule_dispute(dispute_id: int, amount: int, words: str, *, by: int, now: datetime) -> Dispute:
    """An operator rules: so much goes back, or nothing, with words for both sides. Ruled once."""
    order, dispute = _locked(dispute_id)
    refuse(rules.why_not_rule(dispute, now))
    left = left_to_refund(order)
    if amount > left:
        refuse(_("More than is left of the payment cannot be paid back."))
    _rule(order, dispute, amount, words, by, now)
    return dispute


def let_time_rule(dispute_id: int, *, now: datetime) -> None:
    """The merchant did not answer in time: everything goes back. Nothing before it is due."""
    order, dispute = _locked(dispute_id)
    if dispute.origin == DisputeOrigin.BANK or dispute.state != D.OPENED or dispute.answer_by > now:
        return
    left = left_to_refund(order)
    if left <= 0:  # the bank has it: nothing is left to rule on here
        dispute.ruling = _("The payment is with your bank, which rules on it.")
        move(dispute, D.WITHDRAWN, by=None, now=now)
        return
    _rule(order, dispute, left, _("The merchant did not answer in time."), None, now)


def _rule(order: Order, dispute: Dispute, amount: int, words: str, by: int | None, now: datetime) -> None:
    dispute.ruling, dispute.ruled_by, dispute.ruled_at = words, by, now
    dispute.awarded = max(amount, 0)
    if amount <= 0:
        move(dispute, D.DISMISSED, by=by, now=now, amount=0)
    else:
        move(dispute, D.UPHELD, by=by, now=now, amount=amount)
        refund = refund_order(
            order.id, amount, RefundCause.DISPUTE, key=f"dispute-{dispute.id}", by=by, now=now, note=words
        )
        dispute.refund_id = refund.id
        if (
            dispute.cause == DisputeCause.NOT_RECEIVED
            and order.state == OrderState.SHIPPED
            and not left_to_refund(order)
        ):
            move(order, OrderState.CANCELLED, by=by, now=now)  # what never came is not waited for any more
    facts = {"amount": max(amount, 0), "currency": dispute.currency, "ruling": words}
    _tell_shopper("dispute_ruled", order, dispute, now, **facts)
    _tell_firm("dispute_ruled", order, dispute, now, **facts)


def ask_for_ruling(dispute_id: int, *, now: datetime) -> None:
    """The time to rule is over: every operator is told, once."""
    order, dispute = _locked(dispute_id)
    if dispute.state != D.ANSWERED or dispute.origin == DisputeOrigin.BANK or dispute.rule_by > now:
        return
    data = {**about(order), "path": f"/ops/disputes/{dispute.id}", "rule_by": dispute.rule_by.isoformat()}
    people = with_role(Role.OPERATOR)
    notify_many("dispute_overdue", [(id_, f"{dispute.id}:{id_}", data) for id_ in people], now=now)
    record(dispute, OVERDUE, by=None, at=now)


# reading ---------------------------------------------------------------------------------------------------


def causes_now(order: Order, now: datetime) -> list[DisputeCause]:
    """What a dispute about this order could be about now."""
    declined_at = db.session.scalar(
        select(Return.state_since)
        .where(Return.order_id == order.id, Return.state == ReturnState.DECLINED)
        .order_by(Return.state_since.desc())
        .limit(1)
    )
    return rules.dispute_causes(order, declined_at, now)


def dispute_of(order_id: int) -> Dispute | None:
    """The shopper's own dispute about this order that is open."""
    return db.session.scalar(
        select(Dispute).where(
            Dispute.order_id == order_id,
            Dispute.origin == DisputeOrigin.SHOPPER,
            Dispute.state.in_(rules.OPEN_DISPUTE),
        )
    )


def disputes_unanswered(now: datetime) -> list[int]:
    """Disputes that the merchant has not answered in time."""
    return _ids(Dispute.state == D.OPENED, Dispute.answer_by <= now)


def disputes_overdue(now: datetime) -> list[int]:
    """Disputes that should have been ruled on, and of which operators were not told yet."""
    told = select(Event.subject_id).where(Event.subject == "dispute", Event.kind == OVERDUE)
    return _ids(Dispute.state == D.ANSWERED, Dispute.rule_by <= now, Dispute.id.not_in(told))


def _ids(*conditions: Any) -> list[int]:
    query = select(Dispute.id).where(Dispute.origin == DisputeOrigin.SHOPPER, *conditions)
    return list(db.session.scalars(query.order_by(Dispute.rule_by, Dispute.id)))


def _locked(dispute_id: int) -> tuple[Order, Dispute]:
    order = lock(Order, get_or_404(Dispute, dispute_id).order_id)
    return order, lock(Dispute, dispute_id)


def _tell_shopper(kind: str, order: Order, dispute: Dispute, now: datetime, **more: Any) -> None:
    data = {"cause": str(dispute.cause), **more, **about(order)}
    notify(kind, order.shopper_id, key=f"{dispute.id}:{order.shopper_id}", now=now, **data)


def _tell_firm(kind: str, order: Order, dispute: Dispute, now: datetime, **more: Any) -> None:
    db.session.flush()
    data = {"cause": str(dispute.cause), **more, **about(order), "path": f"/sell/disputes/{dispute.id}"}
    people = staff_ids(order.merchant_id)
    notify_many(kind, [(id_, f"{dispute.id}:{id_}", data) for id_ in people], now=now)
