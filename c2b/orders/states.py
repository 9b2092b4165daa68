"""The life of an order."""

from c2b.core.labels import LabelEnum
from c2b.core.machine import Machine
from c2b.core.text import mark as _l


class OrderState(LabelEnum):
    """Where an order is."""

    PLACED = "placed", _l("Ordered")
    SHIPPED = "shipped", _l("On its way")
    DELIVERED = "delivered", _l("Delivered")
    CANCELLED = "cancelled", _l("Cancelled")


S = OrderState

ORDER = Machine(
    initial=S.PLACED,
    arrows={S.PLACED: {S.SHIPPED, S.CANCELLED}, S.SHIPPED: {S.DELIVERED}},
)
