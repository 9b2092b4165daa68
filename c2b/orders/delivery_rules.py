"""What may be done with parcels, codes and reviews, as sentences for people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from c2b.campaigns.states import Fulfilment
from c2b.core.text import gettext as _
from c2b.orders.states import OrderState, ShipmentState, VoucherState
from c2b.payments import windows

TRAVELLING = (ShipmentState.SENT, ShipmentState.MOVING, ShipmentState.ARRIVED)
GONE = (ShipmentState.LOST, ShipmentState.SENT_BACK)
MARKED_BY_FIRM = (ShipmentState.MOVING, ShipmentState.ARRIVED, *GONE)  # that it came is for others to say


def why_not_send(order: Any, *, refunded: bool = False) -> str | None:
    """Goods are sent while the order stands, to those who have them sent."""
    if order.fulfilment != Fulfilment.SHIPPED:
        return _("Order %(number)s is not sent: it is collected, or used as a voucher.", number=order.number)
    if refunded or order.state not in (OrderState.PLACED, OrderState.SHIPPED):
        return _("Order %(number)s needs no parcel: it is over.", number=order.number)
    return None


def why_not_send_first(order: Any) -> str | None:
    """The first parcel of an order is sent once."""
    if order.state == OrderState.SHIPPED and order.fulfilment == Fulfilment.SHIPPED:
        return _("Order %(number)s was sent already.", number=order.number)
    return why_not_send(order)


def why_not_redirect(order: Any) -> str | None:
    """The address can be changed until the goods are sent."""
    if order.fulfilment != Fulfilment.SHIPPED or order.state != OrderState.PLACED:
        return _("The address cannot be changed any more.")
    return None


def why_not_replace(order: Any) -> str | None:
    """A replacement follows goods that were sent."""
    if order.state not in (OrderState.SHIPPED, OrderState.DELIVERED):
        return _("Nothing was sent yet that could be replaced.")
    return None


def why_not_mark(parcel: Any, new: ShipmentState) -> str | None:
    """A merchant says where a parcel is; that it came is said by the carrier or the shopper."""
    if new not in MARKED_BY_FIRM:
        return _("Only the carrier or the shopper can say that it has come.")
    return None


def why_not_receive(order: Any) -> str | None:
    """What is on its way can arrive."""
    return None if order.state == OrderState.SHIPPED else _("This order is not on its way.")


def all_there(parcels: Iterable[Any]) -> bool:
    """Whether everything of an order has come: each parcel, or one that was sent after it got lost."""
    mine = [parcel for parcel in parcels if not parcel.replacement]
    came = [parcel for parcel in mine if parcel.state == ShipmentState.DELIVERED]
    gone = [parcel for parcel in mine if parcel.state in GONE]
    if not came or len(came) + len(gone) < len(mine):
        return False
    return all(any(parcel.sent_at > lost.state_since for parcel in came) for lost in gone)


def why_not_ready(order: Any) -> str | None:
    """What is to be collected is made ready once."""
    if order.fulfilment != Fulfilment.COLLECTED:
        return _("Order %(number)s is not one to be collected.", number=order.number)
    if order.state != OrderState.PLACED:
        return _("Order %(number)s was made ready already, or is over.", number=order.number)
    return None


def why_not_redeem(voucher: Any, order: Any, now: datetime) -> str | None:
    """A code counts once, in its time, while its order stands."""
    if voucher.state == VoucherState.CANCELLED or order.state == OrderState.CANCELLED:
        return _("This code is void: its order was cancelled.")
    if voucher.state == VoucherState.EXPIRED or (
        voucher.state == VoucherState.ISSUED and voucher.valid_until and voucher.valid_until <= now
    ):
        return _("This code is no longer valid.")
    return None


def why_not_review(order: Any, review: Any, shopper_id: int, now: datetime) -> str | None:
    """Who bought says what it is like, once it came; for a month the words can be changed."""
    if order.shopper_id != shopper_id:
        return _("Only who bought it can review it.")
    if review is None:
        return None if order.state == OrderState.DELIVERED else _("You can review it when you have it.")
    if review.hidden_at is not None:
        return _("This review was taken down. It cannot be changed.")
    if now >= review.at + windows.REVIEW_CHANGES:
        return _("The time to change this review is over.")
    return None


def why_not_answer(review: Any) -> str | None:
    """A merchant answers a review once."""
    return _("You have answered this review already.") if review.answer else None
