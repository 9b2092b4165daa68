"""Which accounts the books have, and what can be the cause of a transaction."""

from c2b.core.labels import LabelEnum
from c2b.core.text import mark as _l


class AccountKind(LabelEnum):
    """What an account stands for."""

    CLEARING = "clearing", _l("Money at the payment provider")
    MERCHANT_PAYABLE = "merchant_payable", _l("Owed to merchants")
    REFUND_PAYABLE = "refund_payable", _l("Owed to shoppers")
    PLATFORM_FEE = "platform_fee", _l("Our fees")
    PROVIDER_FEE = "provider_fee", _l("The provider's fees")
    DISPUTES = "disputes", _l("Held by banks over disputes")
    IN_TRANSIT = "in_transit", _l("Payouts on their way")
    LOSSES = "losses", _l("Losses that we bear")


class Cause(LabelEnum):
    """What kind of thing a transaction follows from."""

    ATTEMPT = "attempt", _l("Charge")
    REFUND = "refund", _l("Refund")
    DISPUTE = "dispute", _l("Dispute")
    PAYOUT = "payout", _l("Payout")
    ADJUSTMENT = "adjustment", _l("Adjustment")
