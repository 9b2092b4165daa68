"""The lives of a request for money and of a refund."""

from c2b.core.labels import LabelEnum
from c2b.core.machine import Machine
from c2b.core.text import mark as _l


class Purpose(LabelEnum):
    """What is asked of the provider."""

    AUTHORISE = "authorise", _l("Authorise")
    CAPTURE = "capture", _l("Capture")
    VOID = "void", _l("Void")
    REFUND = "refund", _l("Refund")
    PAYOUT = "payout", _l("Payout")


class AttemptState(LabelEnum):
    """How far a request for money has come; succeeded and failed are final."""

    STARTED = "started", _l("Started")
    UNKNOWN = "unknown", _l("Answer not known")
    REQUIRES_ACTION = "requires_action", _l("Waits for the shopper")
    SUCCEEDED = "succeeded", _l("Succeeded")
    FAILED = "failed", _l("Failed")
    EXPIRED = "expired", _l("Expired")


S = AttemptState

ATTEMPT = Machine(
    initial=S.STARTED,
    arrows={
        S.STARTED: {S.SUCCEEDED, S.FAILED, S.REQUIRES_ACTION, S.UNKNOWN},
        S.UNKNOWN: {S.SUCCEEDED, S.FAILED, S.REQUIRES_ACTION},  # as the look-up says
        S.REQUIRES_ACTION: {S.SUCCEEDED, S.FAILED, S.EXPIRED},
    },
)


class RefundCause(LabelEnum):
    """Why money goes back."""

    CANCELLED = "cancelled", _l("The campaign was cancelled")
    UNDELIVERED = "undelivered", _l("Never delivered")
    OUT_OF_STOCK = "out_of_stock", _l("Out of stock")
    LATE = "late", _l("Later than promised")
    DEFECTIVE = "defective", _l("Defective")
    RETURNED = "returned", _l("Sent back")
    DISPUTE = "dispute", _l("A dispute was upheld")
    GOODWILL = "goodwill", _l("Goodwill of the merchant")
    LATE_CHARGE = "late_charge", _l("Charged after the place was given up")


class RefundState(LabelEnum):
    """Where a refund is; it is owed until the provider says that it is paid."""

    OWED = "owed", _l("On its way")
    PAID = "paid", _l("Paid back")
    STUCK = "stuck", _l("Needs a person")  # the provider refused for good; an operator finds another way


R = RefundState

REFUND = Machine(initial=R.OWED, arrows={R.OWED: {R.PAID, R.STUCK}, R.STUCK: {R.OWED, R.PAID}})
