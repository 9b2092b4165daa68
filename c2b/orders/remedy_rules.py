"""What may be done when something went wrong with an order, and who has the next move. Sentences for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from c2b.campaigns.states import Fulfilment
from c2b.core.text import gettext as _
from c2b.core.text import ngettext
from c2b.orders.states import (
    DisputeCause,
    DisputeOrigin,
    DisputeState,
    OrderState,
    Party,
    ReturnCause,
    ReturnState,
)
from c2b.payments import windows

R, D = ReturnState, DisputeState
OPEN_RETURN = (R.ASKED, R.ACCEPTED, R.SENT, R.RECEIVED)
OPEN_DISPUTE = (D.OPENED, D.ANSWERED)
NOT_SENT = (OrderState.PLACED, OrderState.READY)
FAULTY = (ReturnCause.DEFECTIVE, ReturnCause.WRONG)
MOST_PICTURES = 3
MANY_RETURNS = (
    3  # so many refunds after returns and disputes, in more than a third of the orders, are pointed out
)


@dataclass(frozen=True, slots=True)
class NextMove:
    """Who has to do something, what, and until when; `yours` says it to that side itself."""

    party: Party
    words: str
    yours: str
    due_at: datetime | None


# returns


def return_until(order: Any, cause: ReturnCause) -> datetime | None:
    """Until when goods can be sent back; None before they have come."""
    if order.delivered_at is None:
        return None
    within = windows.RETURN_FAULTY if cause in FAULTY else windows.RETURN
    return order.delivered_at + within  # type: ignore[no-any-return]  # a moment


def why_not_return(order: Any, open_return: Any, left: int, now: datetime) -> str | None:
    """Whether goods of this order can be sent back at all now."""
    if order.fulfilment == Fulfilment.VOUCHER:
        return _("A voucher cannot be sent back. If something was wrong with it, open a dispute.")
    if order.state != OrderState.DELIVERED:
        return _("It can be sent back when it has come.")
    if open_return is not None:
        return _("A return of this order is under way.")
    if left <= 0:
        return _("Everything was paid back already.")
    until = return_until(order, ReturnCause.DEFECTIVE)
    return _("The time to send it back is over.") if until is None or now >= until else None


def why_not_return_so(order: Any, cause: ReturnCause, quantity: int, kept: int, now: datetime) -> str | None:
    """Whether these units can be sent back for this cause; `kept` units are still with the shopper."""
    if quantity > kept:
        return ngettext("You have %(num)s of them.", "You have %(num)s of them.", kept)
    until = return_until(order, cause)
    if until is None or now >= until:
        return _("The time to send it back because you do not want it is over.")
    return None


def why_not_answer(return_: Any) -> str | None:
    """A merchant answers a return once."""
    return None if return_.state == R.ASKED else _("This return was answered already.")


def why_not_decline(return_: Any) -> str | None:
    """A merchant may say no when asked, and when what came back is not in order."""
    if return_.state in (R.ASKED, R.SENT, R.RECEIVED):
        return None
    return _("This return cannot be declined now.")


def why_not_settle(return_: Any) -> str | None:
    """Money or other goods follow what was sent back."""
    return None if return_.state in (R.SENT, R.RECEIVED) else _("Nothing was sent back yet.")


def why_not_refund_at_once(return_: Any) -> str | None:
    """A merchant may pay back without wanting the goods, or when they are back."""
    if return_.state in (R.ASKED, R.SENT, R.RECEIVED):
        return None
    return _("This return cannot be refunded now.")


DUE: dict[ReturnState, timedelta] = {
    R.ASKED: windows.RETURN_ANSWER,
    R.ACCEPTED: windows.RETURN_SEND,
    R.SENT: windows.RETURN_COMES,
    R.RECEIVED: windows.RETURN_CHECK,
}


def due_at(state: ReturnState, now: datetime) -> datetime | None:
    """Until when the next move is to be made in a state that was just reached."""
    return now + DUE[state] if state in DUE else None


def next_of_return(return_: Any) -> NextMove | None:
    """Who moves next in a return; None when it is over."""
    firm, shopper = Party.MERCHANT, Party.SHOPPER
    moves = {
        R.ASKED: (
            firm,
            _("The merchant answers. Without an answer the return is accepted."),
            _("Answer the shopper. Without an answer the return is accepted."),
        ),
        R.ACCEPTED: (
            shopper,
            _("The shopper sends it back. If nothing is sent, the return lapses."),
            _("Send it back and tell us the tracking number. If nothing is sent, the return lapses."),
        ),
        R.SENT: (
            firm,
            _("The merchant receives it. Without a word from them it is refunded."),
            _("Say that it has arrived, and refund or replace it. Without a word from you it is refunded."),
        ),
        R.RECEIVED: (
            firm,
            _("The merchant refunds or replaces it. Without that it is refunded."),
            _("Refund or replace it. Without that it is refunded by itself."),
        ),
    }
    return NextMove(*moves[return_.state], return_.due_at) if return_.state in moves else None


# orders that are late, or cannot be sent


def why_not_cancel_late(order: Any, now: datetime) -> str | None:
    """A shopper may cancel what is a week later than promised and not sent."""
    if order.state != OrderState.PLACED:
        return _("Only what was not sent yet can be cancelled.")
    from_ = order.ship_by + windows.LATE_CANCEL
    if now < from_:
        return _("It can be cancelled when it is a week later than promised.")
    return None


def why_not_cancel(order: Any) -> str | None:
    """A merchant who has no goods can only cancel what was not sent."""
    if order.state in NOT_SENT:
        return None
    return _("Order %(number)s was sent already, or is over.", number=order.number)


# disputes


def dispute_causes(order: Any, declined_at: datetime | None, now: datetime) -> list[DisputeCause]:
    """What a dispute about this order could be about now."""
    causes: list[DisputeCause] = []
    delivered = order.state == OrderState.DELIVERED and order.delivered_at is not None
    if order.state == OrderState.CANCELLED:
        return causes
    if now >= order.ship_by and (not delivered or now < order.delivered_at + windows.DISPUTE):
        causes.append(DisputeCause.NOT_RECEIVED)
    if delivered and now < order.delivered_at + windows.DISPUTE:
        causes += [DisputeCause.DEFECTIVE, DisputeCause.NOT_AS_DESCRIBED]
    if declined_at is not None and now < declined_at + windows.DISPUTE_REFUSED:
        causes.append(DisputeCause.RETURN_REFUSED)
    return causes


def why_not_dispute(causes: Sequence[DisputeCause], open_dispute: Any, left: int) -> str | None:
    """Whether a dispute can be opened now."""
    if open_dispute is not None:
        return _("A dispute about this order is open already.")
    if left <= 0:
        return _("Everything was paid back already.")
    if not causes:
        return _("A dispute can be opened from the promised day on, until three weeks after the delivery.")
    return None


def why_not_give_evidence(dispute: Any, party: Party, now: datetime) -> str | None:
    """Both sides are heard until the answer is due; where a bank rules, only the merchant."""
    if dispute.state not in OPEN_DISPUTE:
        return _("This dispute is over.")
    if dispute.origin == DisputeOrigin.BANK and party == Party.SHOPPER:
        return _("The bank rules. Please send it what you have to say.")
    if now >= dispute.answer_by:
        return _("The time to hand in evidence is over.")
    return None


def why_not_rule(dispute: Any, now: datetime) -> str | None:
    """An operator rules once, when the merchant has answered."""
    if dispute.origin == DisputeOrigin.BANK:
        return _("The bank rules on this dispute.")
    if dispute.state not in OPEN_DISPUTE:
        return _("This dispute is over.")
    if dispute.state == D.OPENED and now < dispute.answer_by:
        return _("The merchant has still time to answer.")
    return None


def why_not_withdraw(dispute: Any) -> str | None:
    """The shopper may end their own dispute while it is open."""
    if dispute.origin == DisputeOrigin.BANK:
        return _("Only your bank can end this dispute.")
    return None if dispute.state in OPEN_DISPUTE else _("This dispute is over.")


def next_of_dispute(dispute: Any) -> NextMove | None:
    """Who moves next in a dispute; None when it is over."""
    if dispute.state not in OPEN_DISPUTE:
        return None
    if dispute.origin == DisputeOrigin.BANK and dispute.state == D.OPENED:
        words = _("The merchant hands in evidence for the bank.")
        yours = _("Hand in what speaks for you; we pass it on to the bank.")
        return NextMove(Party.MERCHANT, words, yours, dispute.answer_by)
    if dispute.origin == DisputeOrigin.BANK:
        return NextMove(Party.OPERATOR, _("The bank rules."), _("The bank rules."), None)
    if dispute.state == D.OPENED:
        words = _("The merchant answers. Without an answer the shopper is paid back.")
        yours = _("Hand in what speaks for you. Without an answer the shopper is paid back.")
        return NextMove(Party.MERCHANT, words, yours, dispute.answer_by)
    words = _("Our staff rule, with words for both sides.")
    return NextMove(Party.OPERATOR, words, _("Rule on it, with words for both sides."), dispute.rule_by)


def is_conspicuous(orders: int, refunded: int) -> bool:
    """Whether somebody gets so much back that an operator should know (R-10); nobody is blocked for it."""
    return refunded >= MANY_RETURNS and refunded * 3 > orders
