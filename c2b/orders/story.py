"""What happened to an order, told in order: one line for each thing, for the shopper and the firm alike."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from c2b.core.text import gettext as _
from c2b.core.text import ngettext
from c2b.orders.delivery_rules import GONE, TRAVELLING
from c2b.orders.order_queries import OrderPage
from c2b.orders.states import OrderState, ShipmentState, VoucherState
from c2b.payments import windows

Line = dict[str, Any]
Money = Callable[[int, str], str]  # an amount as the reader writes it


def story_of(page: OrderPage, money: Money, *, firm: bool = False) -> list[Line]:
    """The lines, oldest first; what is still to come stands last, without a time of its own.

    They speak to the shopper, or to the `firm`.
    """
    refunds = _refunds(page, money, firm)
    lines = [*_begin(page, money), *_parcels(page), *_codes(page), *_end(page), *refunds]
    lines.sort(key=lambda line: line["at"])
    return [*lines, *_to_come(page)]


def _line(at: datetime, title: str, icon: str, text: str = "", kind: str = "ok") -> Line:
    return {"at": at, "title": title, "icon": icon, "text": text, "kind": kind}


def _begin(page: OrderPage, money: Money) -> list[Line]:
    order = page.order
    charged = money(order.total, order.currency)
    text = _("%(amount)s charged to %(card)s", amount=charged, card=page.card) if page.card else charged
    lines = [_line(order.placed_at, _("Ordered and paid"), "cc", text)]
    if order.late_told_at is not None:
        lines.append(_line(order.late_told_at, _("The promised day has passed"), "clock", kind="warn"))
    if order.shipped_at is not None and not page.parcels:
        title = _("Ready to be collected") if page.where else _("Vouchers issued")
        lines.append(_line(order.shipped_at, title, "store", page.where))
    return lines


def _parcels(page: OrderPage) -> list[Line]:
    lines = []
    for number, parcel in enumerate(page.parcels, 1):
        sent = _("Replacement sent") if parcel.replacement else _("Sent by the merchant")
        which = _("%(carrier)s, number %(tracking)s", carrier=parcel.carrier, tracking=parcel.tracking)
        lines.append(_line(parcel.sent_at, sent, "truck", which))
        if parcel.state in GONE:
            lines.append(_line(parcel.state_since, parcel.state.label, "alert", which, "warn"))
        elif parcel.state == ShipmentState.DELIVERED and len(page.parcels) > 1:
            arrived = _("Parcel %(number)s delivered", number=number)
            lines.append(_line(parcel.delivered_at or parcel.state_since, arrived, "box", which))
    return lines


def _codes(page: OrderPage) -> list[Line]:
    used = [voucher for voucher in page.vouchers if voucher.redeemed_at is not None]
    over = [voucher for voucher in page.vouchers if voucher.state == VoucherState.EXPIRED]
    lines = [_line(voucher.state_since, _("Code used"), "qr") for voucher in used]
    if over:
        text = ngettext("%(num)s code", "%(num)s codes", len(over))
        lines.append(_line(over[0].state_since, _("Expired"), "clock", text, "warn"))
    return lines


def _end(page: OrderPage) -> list[Line]:
    order = page.order
    if order.state == OrderState.CANCELLED:
        return [_line(order.state_since, _("Cancelled"), "x", kind="warn")]
    if order.delivered_at is None:
        return []
    if page.vouchers and not page.where:
        return [_line(order.delivered_at, _("All vouchers are used or over"), "check")]
    return [_line(order.delivered_at, _("Collected") if page.where else _("Delivered"), "box")]


def _refunds(page: OrderPage, money: Money, firm: bool) -> list[Line]:
    lines = []
    for refund in page.refunds:
        amount = money(refund.amount, refund.currency)
        to_firm = _("%(amount)s is paid back to the shopper", amount=amount)
        promised = to_firm if firm else _("%(amount)s is paid back to you", amount=amount)
        lines.append(_line(refund.created_at, promised, "undo", refund.note or refund.cause.label))
        if refund.paid_at is not None:
            there = _("%(amount)s is with the shopper", amount=amount)
            mine = _("%(amount)s is on your card", amount=amount)
            if refund.other_by:
                mine = _("%(amount)s was paid in another way", amount=amount)
            text = (refund.other_way or "") if refund.other_by else ""
            lines.append(_line(refund.paid_at, there if firm else mine, "cc", text))
    return lines


def _to_come(page: OrderPage) -> list[Line]:
    """The next thing to expect, while something is."""
    order, travelling = page.order, [parcel for parcel in page.parcels if parcel.state in TRAVELLING]
    if order.state == OrderState.PLACED:
        title = _("Sent") if order.fulfilment == "shipped" else _("Ready to be collected")
        until = order.ship_by + windows.UNDELIVERED if order.late_told_at else order.ship_by
        return [_line(until, _("%(what)s, at the latest", what=title), "truck", kind="cur")]
    if order.state == OrderState.SHIPPED and travelling:
        until = max(parcel.sent_at for parcel in travelling) + windows.DELIVERED_AFTER
        text = _("If you say nothing, it counts as delivered then.")
        return [_line(until, _("Delivered, at the latest"), "box", text, "cur")]
    return []
