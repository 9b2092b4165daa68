"""What payment failures mean, in words for the person whose card it is."""

from c2b.core.text import gettext as _
from c2b.core.text import mark as _l

# The providers' words for a failure, in ours.
PROBLEMS = {
    "declined": _l("Your bank said no to this card and gave no reason."),
    "insufficient_funds": _l("There was not enough money on the card."),
    "expired_card": _l("The card has expired."),
    "not_confirmed": _l("The payment was not confirmed."),
    "no_such_card": _l("The card is no longer saved with the payment provider."),
    "requires_action": _l("Your bank wants you to confirm this payment."),
}
UNKNOWN = _l("The payment did not go through.")


def card_problem(code: str | None) -> str:
    """Why a payment failed, as a sentence for the shopper."""
    return _(PROBLEMS.get(code or "", UNKNOWN))


def why_not_use(mandate_user: int, revoked: bool, shopper_id: int) -> str | None:
    """A card is used by the person who saved it, while it is saved."""
    if mandate_user != shopper_id or revoked:
        return _("This card is not saved any more. Please choose another one.")
    return None
