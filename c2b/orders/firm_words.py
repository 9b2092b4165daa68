"""The words in which firms and operators read of orders; those of the states themselves speak to shoppers."""

from c2b.campaigns.states import Fulfilment
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.orders.states import OrderState

TO_SEND = (OrderState.PLACED,)
STATES = {
    OrderState.PLACED: _l("To send"),
    OrderState.READY: _l("Ready to be collected"),
    OrderState.SHIPPED: _l("On its way"),
    OrderState.DELIVERED: _l("Delivered"),
    OrderState.CANCELLED: _l("Cancelled"),
}
WAYS = {
    Fulfilment.SHIPPED: _l("Shipped to the shopper"),
    Fulfilment.COLLECTED: _l("Collected by the shopper"),
    Fulfilment.VOUCHER: _l("Voucher with a code"),
}


def state_words(state: OrderState) -> str:
    """Where an order is, for those who send it."""
    return _(STATES[state])


def way_words(way: Fulfilment) -> str:
    """How the shopper gets it, for those who send it."""
    return _(WAYS[way])
