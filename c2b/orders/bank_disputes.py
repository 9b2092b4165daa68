"""A shopper's bank takes a charge back: the claim, its money, the merchant's answer, the bank's ruling.

What the provider tells is a hint. What it says when asked is booked under the order's lock, whatever came first: a
ruling of a dispute that was never heard of opens it and closes it in one transaction, and ends in the same books.

One charge is paid back once: while a bank has it, and after it has ruled for the shopper, it is not refunded. Where
a refund was promised before, the bank takes the same money a second time; if it keeps it, that part is our loss.
"""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import func, select

from c2b.core.db import db, get_or_404, lock, transaction
from c2b.core.errors import Refused
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.ledger import facts
from c2b.ledger.posting import post
from c2b.merchants.queries import staff_ids
from c2b.orders.evidence import pack_of, words_of
from c2b.orders.freezing import freeze
from c2b.orders.models import Dispute, Evidence, Order
from c2b.orders.refunding import about, gone_back, left_to_refund, nothing_is_left, refund_order
from c2b.orders.states import DisputeCause, DisputeOrigin, DisputeState, OrderState, Party
from c2b.payments import windows
from c2b.payments.fees import fee_back
from c2b.payments.gateway import NoAnswer, ProviderDispute, gateway
from c2b.payments.inbox import Effect, NotYet, Told, handles
from c2b.payments.models import Attempt
from c2b.payments.states import RefundCause

OPEN = (DisputeState.OPENED, DisputeState.ANSWERED)
RULINGS = {"won": DisputeState.DISMISSED, "lost": DisputeState.UPHELD}
CAUSES = {
    "fraudulent": DisputeCause.NOT_RECOGNISED,
    "unrecognized": DisputeCause.NOT_RECOGNISED,
    "product_not_received": DisputeCause.NOT_RECEIVED,
    "product_unacceptable": DisputeCause.NOT_AS_DESCRIBED,
    "credit_not_processed": DisputeCause.RETURN_REFUSED,
}


@handles("dispute")
def hear_of_dispute(told: Told, now: datetime) -> Effect:
    """The dispute is read again at the provider, whatever the event said of it."""
    try:
        found = gateway().dispute(told.reference or "")
    except NoAnswer:
        raise NotYet("the provider gave no answer") from None
    if found is None:
        raise NotYet("the provider does not know this dispute")
    return lambda: book_dispute(found, now)


def book_dispute(found: ProviderDispute, now: datetime) -> str | None:
    """Take our dispute to where the provider's is, each ruling posted once; a note where there is nothing to do."""
    order = lock(Order, _order_of(found))
    dispute = db.session.scalar(select(Dispute).where(Dispute.reference == found.reference))
    if dispute is None:
        dispute = _open(order, found, now)
    if (dispute.order_id, dispute.amount, dispute.currency) != (order.id, found.amount, found.currency):
        raise NotYet("the provider speaks of another amount or charge than before")
    ruling = RULINGS.get(found.state)
    if ruling is None or dispute.state == ruling:
        return None
    if dispute.state not in OPEN:
        raise NotYet("the bank has ruled otherwise before")
    _rule(order, dispute, ruling, now)
    return None


def _order_of(found: ProviderDispute) -> int:
    """The order that this charge paid for; asked again later where the charge itself is not booked yet."""
    pledges = select(Attempt.pledge_id).where(Attempt.reference == found.payment)
    order = db.session.execute(
        select(Order.id, Order.total, Order.currency).where(Order.pledge_id.in_(pledges))
    ).one_or_none()
    if order is None:
        raise NotYet("it is about a charge that no order follows from")
    if found.currency != order.currency or not 0 < found.amount <= order.total:
        raise NotYet("it is about another amount than was charged")
    return int(order.id)


def _open(order: Order, found: ProviderDispute, now: datetime) -> Dispute:
    """The money is gone until the bank has ruled, and none of it is on its way to the merchant any more (I-27)."""
    dispute = Dispute(
        order_id=order.id,
        origin=DisputeOrigin.BANK,
        cause=CAUSES.get(found.reason, DisputeCause.OTHER),
        amount=found.amount,
        currency=found.currency,
        reference=found.reference,
        bank_fee=found.fee,
        opened_at=now,
        answer_by=found.answer_by or now + windows.ANSWER_BANK,
        rule_by=now + windows.BANK_RULES,
        state_since=now,
    )
    db.session.add(dispute)
    record(dispute, "dispute.opened", by=None, at=now, cause=str(dispute.cause), amount=found.amount)
    db.session.flush()
    post(facts.dispute_opened(dispute.id, order.id, found.amount, found.fee, found.currency), now=now)
    freeze(order.id, now)
    _tell(order, dispute, "bank_dispute_opened", now, answer_by=dispute.answer_by.isoformat())
    return dispute


def _rule(order: Order, dispute: Dispute, ruling: DisputeState, now: datetime) -> None:
    won = ruling == DisputeState.DISMISSED
    dispute.ruled_at = now
    dispute.ruling = _("The bank has ruled.")
    others = gone_back(order) - dispute.amount  # while it is open it counts itself
    move(dispute, ruling, by=None, now=now)
    if won:
        post([facts.dispute_won(dispute.id, order.id, dispute.amount, dispute.currency)], now=now)
        _pay_back_cancelled(order, dispute, now)
    else:
        _lose(order, dispute, others, now)
    _tell(order, dispute, "bank_dispute_ruled", now, won=won)


def _pay_back_cancelled(order: Order, dispute: Dispute, now: datetime) -> None:
    """What the bank gives us of an order that was cancelled meanwhile is the shopper's."""
    left = left_to_refund(order)
    if order.state == OrderState.CANCELLED and left > 0:
        refund_order(order.id, left, RefundCause.CANCELLED, key=f"won-{dispute.id}", by=None, now=now)


def _lose(order: Order, dispute: Dispute, others: int, now: datetime) -> None:
    borne = max(min(dispute.amount, order.total - others), 0)
    back = fee_back(order.total, order.fee, min(others, order.total), borne)
    lost = facts.dispute_lost(
        dispute.id, order.id, order.merchant_id, borne, back, dispute.amount - borne, dispute.currency
    )
    post([lost], now=now)
    if others + borne >= order.total:
        nothing_is_left(order, None, now)


def dispute_cause(value: str) -> str:
    """What a dispute is about, in words; for notices, which hold the value only."""
    return DisputeCause(value).label


def _tell(order: Order, dispute: Dispute, kind: str, now: datetime, **more: object) -> None:
    facts_ = {
        **about(order),
        "path": f"/sell/disputes/{dispute.id}",
        "amount": dispute.amount,
        "currency": dispute.currency,
        "cause": str(dispute.cause),
        **more,
    }
    notify_many(
        kind, [(user, f"{dispute.id}:{user}", facts_) for user in staff_ids(order.merchant_id)], now=now
    )


# the merchant's answer -----------------------------------------------------------------------------------


def disputes_to_answer(now: datetime) -> list[int]:
    """Disputes with words of the merchant that the bank does not have, or whose time is nearly over without any."""
    newest = (
        select(func.max(Evidence.id))
        .where(Evidence.dispute_id == Dispute.id, Evidence.party != Party.SHOPPER)
        .scalar_subquery()
    )
    last_call = Dispute.handed_in.is_(None) & (Dispute.answer_by <= now + windows.LAST_CALL)
    return list(
        db.session.scalars(
            select(Dispute.id)
            .where(
                Dispute.origin == DisputeOrigin.BANK,
                Dispute.state.in_(OPEN),
                Dispute.answer_by > now,
                (newest > func.coalesce(Dispute.handed_in, 0)) | last_call,
            )
            .order_by(Dispute.answer_by, Dispute.id)
        )
    )


def answer_bank(dispute_id: int, *, now: datetime) -> None:
    """Hand in all that speaks for the merchant; the last one handed in counts. Ends its own transactions."""
    with transaction():
        dispute = get_or_404(Dispute, dispute_id)
        reference, (words, last) = dispute.reference or "", words_for_bank(dispute)
    with suppress(Refused):  # a provider may take it once only: what was handed in first stands then
        gateway().answer_dispute(reference, words)
    with transaction():
        dispute = lock(Dispute, dispute_id)
        dispute.handed_in = max(last, dispute.handed_in or 0)
        if dispute.state == DisputeState.OPENED:
            move(dispute, DisputeState.ANSWERED, by=None, now=now)


def words_for_bank(dispute: Dispute) -> tuple[str, int]:
    """What our records say of the order, then what the merchant and we say; and the number of the last of it."""
    said = db.session.scalars(
        select(Evidence)
        .where(Evidence.dispute_id == dispute.id, Evidence.party != Party.SHOPPER)
        .order_by(Evidence.id)
    ).all()
    records = words_of(pack_of(get_or_404(Order, dispute.order_id)))
    words = [records, *(f"{evidence.at:%Y-%m-%d}: {evidence.words}" for evidence in said)]
    return "\n".join(words), max((evidence.id for evidence in said), default=0)
