"""What payment failures mean, in words for the person whose card it is."""

from c2b.core.labels import as_words
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l

# The providers' words for a failure, in ours.
PROBLEMS = {
    "authentication_failure": _l("Your bank could not confirm that it was you."),
    "authentication_required": _l("Your bank wants you to confirm this payment."),
    "call_issuer": _l("Your bank said no to this card. It can tell you why if you ask it."),
    "card_declined": _l("Your bank said no to this card and gave no reason."),
    "card_velocity_exceeded": _l("The card has reached a limit. Your bank can raise it."),
    "currency_not_supported": _l("The card cannot be used for this currency."),
    "declined": _l("Your bank said no to this card and gave no reason."),
    "do_not_honor": _l("Your bank said no to this card and gave no reason."),
    "expired_card": _l("The card has expired."),
    "fraud": _l("Your bank has blocked this payment to protect you."),
    "fraudulent": _l("Your bank has blocked this payment to protect you."),
    "generic_decline": _l("Your bank said no to this card and gave no reason."),
    "incorrect_cvc": _l("The security code of the card is wrong."),
    "incorrect_number": _l("The number of the card is wrong."),
    "insufficient_funds": _l("There was not enough money on the card."),
    "invalid_account": _l("The card's account does not exist any more."),
    "issuer_not_available": _l("Your bank could not be reached."),
    "lost_card": _l("The card was reported as lost."),
    "never_arrived": _l("The payment could not be asked for in time."),
    "no_answer": _l("Your bank did not answer in time."),
    "no_such_card": _l("The card is no longer saved with the payment provider."),
    "not_confirmed": _l("The payment was not confirmed."),
    "pickup_card": _l("The card can no longer be used."),
    "processing_error": _l("Something went wrong at your bank."),
    "requires_action": _l("Your bank wants you to confirm this payment."),
    "restricted_card": _l("The card cannot be used for this payment."),
    "stolen_card": _l("The card was reported as stolen."),
    "transaction_not_allowed": _l("Your bank does not allow this payment."),
    "try_again_later": _l("Your bank could not answer just now."),
    "withdrawal_count_limit_exceeded": _l("The card has reached a limit. Your bank can raise it."),
}
NEUTRAL = (
    "currency_not_supported", "expired_card", "incorrect_cvc", "incorrect_number", "insufficient_funds",
    "invalid_account", "lost_card", "never_arrived", "no_such_card", "not_confirmed", "pickup_card", "restricted_card",
    "stolen_card",
)  # fmt: skip
# The same for operators, to whom it is not their own bank.
ANSWERS = {code: PROBLEMS[code] for code in NEUTRAL} | {
    "capture_refused": _l("The charge was refused."),
    "account_closed": _l("The account is closed."),
    "card_declined": _l("Declined"),
    "declined": _l("Declined"),
    "generic_decline": _l("Declined"),
    "hold_expired": _l("The hold has run out."),
    "refund_refused": _l("The refund was refused."),
}
UNKNOWN = _l("The payment did not go through.")


def card_problem(code: str | None) -> str:
    """Why a payment failed, as a sentence for the shopper."""
    return _(PROBLEMS.get(code or "", UNKNOWN))


def answer_words(code: str | None) -> str:
    """What the provider answered, for operators; words made of its code where there are no others."""
    if not code:
        return ""
    return _(ANSWERS[code]) if code in ANSWERS else as_words(code)


def why_not_use(mandate_user: int, revoked: bool, shopper_id: int) -> str | None:
    """A card is used by the person who saved it, while it is saved."""
    if mandate_user != shopper_id or revoked:
        return _("This card is not saved any more. Please choose another one.")
    return None
