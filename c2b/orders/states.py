"""The lives of an order and of what follows it: parcel, voucher, return, dispute."""

from c2b.core.labels import LabelEnum
from c2b.core.machine import Machine
from c2b.core.text import mark as _l


class OrderState(LabelEnum):
    """Where an order is."""

    PLACED = "placed", _l("Ordered")
    READY = "ready", _l("Ready for you")  # to be collected, or a voucher to be used
    SHIPPED = "shipped", _l("On its way")
    DELIVERED = "delivered", _l("Delivered")
    CANCELLED = "cancelled", _l("Cancelled")


class ShipmentState(LabelEnum):
    """Where a parcel is."""

    SENT = "sent", _l("Handed to the carrier")
    MOVING = "moving", _l("On its way")
    ARRIVED = "arrived", _l("Out for delivery")
    DELIVERED = "delivered", _l("Delivered")
    LOST = "lost", _l("Lost")
    SENT_BACK = "sent_back", _l("Went back to the merchant")


class VoucherState(LabelEnum):
    """What has become of a code."""

    ISSUED = "issued", _l("Valid")
    REDEEMED = "redeemed", _l("Used")
    EXPIRED = "expired", _l("Expired")
    CANCELLED = "cancelled", _l("Cancelled")


class ReturnCause(LabelEnum):
    """Why goods are sent back."""

    DEFECTIVE = "defective", _l("It is broken or does not work")
    WRONG = "wrong", _l("It is not what was described")
    UNWANTED = "unwanted", _l("I do not want it any more")


class ReturnState(LabelEnum):
    """How far a return has come."""

    ASKED = "asked", _l("Asked for")
    ACCEPTED = "accepted", _l("Accepted: send it back")
    SENT = "sent", _l("On its way back")
    RECEIVED = "received", _l("Received by the merchant")
    REFUNDED = "refunded", _l("Refunded")
    REPLACED = "replaced", _l("Replaced")
    DECLINED = "declined", _l("Declined")
    LAPSED = "lapsed", _l("Never sent back")
    WITHDRAWN = "withdrawn", _l("Withdrawn")


class DisputeOrigin(LabelEnum):
    """Who opened a dispute."""

    SHOPPER = "shopper", _l("The shopper")
    BANK = "bank", _l("The shopper's bank")


class DisputeCause(LabelEnum):
    """What a dispute is about."""

    NOT_RECEIVED = "not_received", _l("It never came")
    DEFECTIVE = "defective", _l("It is broken or does not work")
    NOT_AS_DESCRIBED = "not_as_described", _l("It is not what was described")
    RETURN_REFUSED = "return_refused", _l("A return was refused")
    NOT_RECOGNISED = "not_recognised", _l("The charge is not recognised")
    OTHER = "other", _l("Something else")


class DisputeState(LabelEnum):
    """How far a dispute has come."""

    OPENED = "opened", _l("Waiting for the merchant's answer")
    ANSWERED = "answered", _l("Waiting for a ruling")
    UPHELD = "upheld", _l("Ruled for the shopper")
    DISMISSED = "dismissed", _l("Ruled for the merchant")
    WITHDRAWN = "withdrawn", _l("Withdrawn")


class Party(LabelEnum):
    """Whose word a piece of evidence is."""

    SHOPPER = "shopper", _l("Shopper")
    MERCHANT = "merchant", _l("Merchant")
    OPERATOR = "operator", _l("Operator")


O = OrderState  # noqa: E741  # the arrows read best with one letter
T = ShipmentState
V = VoucherState
R = ReturnState
D = DisputeState

ORDER = Machine(
    initial=O.PLACED,
    arrows={
        O.PLACED: {O.READY, O.SHIPPED, O.CANCELLED},
        O.READY: {O.DELIVERED, O.CANCELLED},
        O.SHIPPED: {O.DELIVERED, O.CANCELLED},  # cancelled: the parcel was lost, or went back
    },
)

SHIPMENT = Machine(
    initial=T.SENT,
    arrows={
        T.SENT: {T.MOVING, T.ARRIVED, T.DELIVERED, T.LOST, T.SENT_BACK},
        T.MOVING: {T.ARRIVED, T.DELIVERED, T.LOST, T.SENT_BACK},
        T.ARRIVED: {T.DELIVERED, T.LOST, T.SENT_BACK},
    },
)

VOUCHER = Machine(initial=V.ISSUED, arrows={V.ISSUED: {V.REDEEMED, V.EXPIRED, V.CANCELLED}})

RETURN = Machine(
    initial=R.ASKED,
    arrows={
        R.ASKED: {R.ACCEPTED, R.DECLINED, R.WITHDRAWN, R.REFUNDED},  # refunded at once: keep the goods
        R.ACCEPTED: {R.SENT, R.LAPSED, R.WITHDRAWN},
        R.SENT: {R.RECEIVED, R.REFUNDED, R.REPLACED, R.DECLINED},
        R.RECEIVED: {R.REFUNDED, R.REPLACED, R.DECLINED},
    },
)

DISPUTE = Machine(
    initial=D.OPENED,
    arrows={
        D.OPENED: {D.ANSWERED, D.UPHELD, D.DISMISSED, D.WITHDRAWN},
        D.ANSWERED: {D.UPHELD, D.DISMISSED, D.WITHDRAWN},
    },
)
