"""The life of a payout."""

from c2b.core.labels import LabelEnum
from c2b.core.machine import Machine
from c2b.core.text import mark as _l
from c2b.settlement.rules import why_not_approved


class PayoutState(LabelEnum):
    """How far a payout has come."""

    PLANNED = "planned", _l("Planned")
    APPROVED = "approved", _l("Approved")
    SENT = "sent", _l("On its way")
    PAID = "paid", _l("Paid")
    RETURNED = "returned", _l("Came back")
    CANCELLED = "cancelled", _l("Cancelled")


S = PayoutState

PAYOUT = Machine(
    initial=S.PLANNED,
    arrows={
        S.PLANNED: {S.APPROVED, S.CANCELLED},
        S.APPROVED: {S.SENT, S.CANCELLED},
        S.SENT: {S.PAID, S.RETURNED},  # returned: the provider refused it for good
        S.PAID: {S.RETURNED},  # the bank sent it back days later
    },
    guards={S.APPROVED: why_not_approved},
)

LIVE = (S.PLANNED, S.APPROVED, S.SENT, S.PAID)  # what these hold is not payable a second time
UNSENT = (S.PLANNED, S.APPROVED)
