"""What Stripe's objects and refusals mean in our words. Pure: data in, outcomes out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from c2b.payments.gateway import Asked, Outcome, ProviderDispute
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose

Thing = Mapping[str, Any]

CODES = {  # Stripe's word → ours, where they differ; any other is kept as it is
    "card_declined": "declined",
    "generic_decline": "declined",
    "fraudulent": "fraud",
    "merchant_blacklist": "fraud",
    "payment_intent_authentication_failure": "not_confirmed",
    "charge_expired_for_capture": "hold_expired",
    "charge_already_captured": "already_captured",
    "charge_already_refunded": "already_refunded",
    "balance_insufficient": "insufficient_balance",
}
MISSING = {
    Purpose.AUTHORISE: "no_such_card",
    Purpose.REFUND: "no_such_charge",
    Purpose.PAYOUT: "no_such_account",
}
TOO_MUCH = {Purpose.CAPTURE: "more_than_held", Purpose.REFUND: "more_than_charged"}
NEEDS_SHOPPER = "authentication_required"
BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "eftpos_au": "eftpos",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}


def code_of(error: Thing, purpose: Purpose) -> str:
    """Why something failed, in a word that the rules know, or in Stripe's own."""
    word = str(error.get("decline_code") or error.get("code") or "")
    if word == "resource_missing":
        return MISSING.get(purpose, "no_such_hold")
    if word in ("amount_too_large", "") and str(error.get("param") or "").startswith("amount"):
        return TOO_MUCH.get(purpose, "wrong_amount")
    return CODES.get(word, word or "refused")


def refused(asked: Asked, error: Thing) -> Outcome:
    """The outcome of a request that Stripe turned down; a bank that wants to see its customer is no failure."""
    intent = error.get("payment_intent") or {}
    if asked.purpose == Purpose.AUTHORISE:
        waits = NEEDS_SHOPPER in (error.get("code"), error.get("decline_code")) and intent
        state = S.REQUIRES_ACTION if waits else S.FAILED
        return Outcome(state, intent.get("id"), None if waits else code_of(error, asked.purpose))
    if error.get("code") == "payment_intent_unexpected_state":
        return Outcome(S.FAILED, asked.payment, _why_not(intent, asked.purpose))
    return Outcome(S.FAILED, asked.payment or None, code_of(error, asked.purpose))


def _why_not(intent: Thing, purpose: Purpose) -> str:
    status = intent.get("status")
    if status == "canceled":
        return let_go(intent)
    if status == "succeeded":
        return "hold_is_captured" if purpose == Purpose.VOID else "already_captured"
    return "not_held"


def let_go(intent: Thing) -> str:
    """Why nothing is held any more: the time was up, or we ended it."""
    return "hold_expired" if intent.get("cancellation_reason") in ("automatic", "expired") else "hold_is_void"


def authorised(asked: Asked, intent: Thing) -> Outcome:
    """What became of the wish to hold an amount."""
    status = intent.get("status")
    if status in ("requires_capture", "succeeded"):
        return _outcome(S.SUCCEEDED, intent, intent.get("amount"), expires_at=_held_until(intent))
    if status == "requires_action":
        return Outcome(S.REQUIRES_ACTION, intent["id"])
    if status == "requires_payment_method":
        return refused(asked, {**(intent.get("last_payment_error") or {}), "payment_intent": intent})
    if status == "canceled":
        return Outcome(S.FAILED, intent["id"], let_go(intent).replace("hold_is_void", "let_go"))
    return Outcome(S.UNKNOWN, intent["id"], str(status))  # still at work on it


def captured(asked: Asked, intent: Thing) -> Outcome | None:
    """What became of a charge; None while the amount is still held, so that it never arrived."""
    status = intent.get("status")
    if status == "succeeded":
        by = (intent.get("metadata") or {}).get("capture_key", asked.key)
        if by != asked.key:
            return Outcome(S.FAILED, asked.payment, "already_captured")
        return _outcome(S.SUCCEEDED, intent, intent.get("amount_received"), fee=_fee(asked, intent))
    if status == "canceled":
        return Outcome(S.FAILED, asked.payment, let_go(intent))
    return Outcome(S.UNKNOWN, asked.payment, "processing") if status == "processing" else None


def voided(asked: Asked, intent: Thing) -> Outcome | None:
    """What became of the wish to let go; None while there is something to let go of."""
    status = intent.get("status")
    if status == "canceled":
        return Outcome(S.SUCCEEDED, intent["id"])
    return Outcome(S.FAILED, asked.payment, "hold_is_captured") if status == "succeeded" else None


def refunded(refund: Thing) -> Outcome:
    """What became of a refund; one that the bank has not taken yet is not known."""
    status = refund.get("status")
    if status in ("failed", "canceled"):
        return Outcome(S.FAILED, refund["id"], str(refund.get("failure_reason") or status))
    state = S.SUCCEEDED if status == "succeeded" else S.UNKNOWN
    return _outcome(state, refund, refund.get("amount"), code=None if state == S.SUCCEEDED else str(status))


def paid_out(transfer: Thing) -> Outcome:
    """A payout that is under way to the bank, told by the transfer that paid for it."""
    return _outcome(S.SUCCEEDED, transfer, transfer.get("amount"))


def wrong_answer(reference: str | None) -> Outcome:
    """An answer about something else: kept apart, never booked (F-34)."""
    return Outcome(S.UNKNOWN, reference, "wrong_answer")


def dispute(thing: Thing) -> ProviderDispute | None:
    """A dispute that took money; None for a bank's mere question, which takes none."""
    status = str(thing.get("status"))
    if status.startswith("warning") or status == "prevented":
        return None
    until = (thing.get("evidence_details") or {}).get("due_by")
    lines = thing.get("balance_transactions") or []
    return ProviderDispute(
        reference=thing["id"],
        payment=str(id_of(thing.get("payment_intent")) or thing.get("charge") or ""),
        amount=thing["amount"],
        currency=str(thing["currency"]).upper(),
        fee=sum(line.get("fee") or 0 for line in lines),
        state=status if status in ("won", "lost") else "open",
        reason=str(thing.get("reason") or ""),
        answer_by=moment(until) if until else None,
    )


def card_label(card: Thing) -> str:
    """Words to know a card by: "Visa •••• 4242"."""
    brand = str(card.get("brand") or "")
    return f"{BRANDS.get(brand, brand.replace('_', ' ').title() or 'Card')} •••• {card.get('last4') or ''}".strip()


def bank_label(place: Thing) -> str:
    """Words to know a bank account by."""
    return f"{place.get('bank_name') or place.get('brand') or 'Bank'} •••• {place.get('last4') or ''}".strip()


def id_of(thing: Any) -> str | None:
    """The id of an object that Stripe gives whole or by its id alone."""
    found = thing.get("id") if isinstance(thing, Mapping) else thing
    return found if isinstance(found, str) else None


def moment(seconds: float) -> datetime:
    """Stripe's seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def _outcome(state: S, thing: Thing, amount: Any, **more: Any) -> Outcome:
    return Outcome(
        state, thing["id"], amount=amount, currency=str(thing.get("currency") or "").upper() or None, **more
    )


def _charge(intent: Thing) -> Thing:
    charge = intent.get("latest_charge")
    return charge if isinstance(charge, Mapping) else {}


def _held_until(intent: Thing) -> datetime | None:
    card = (_charge(intent).get("payment_method_details") or {}).get("card") or {}
    until = card.get("capture_before")
    return moment(until) if until else None


def _fee(asked: Asked, intent: Thing) -> int | None:
    """What Stripe kept, where it is known already and in the currency of the sale."""
    line = _charge(intent).get("balance_transaction")
    if not isinstance(line, Mapping) or str(line.get("currency")).upper() != asked.currency:
        return None
    return line.get("fee")
