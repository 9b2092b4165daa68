"""What a firm prints or downloads for a sale: purchase order, pick list, packing slips."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select

from c2b.accounts.models import Address, User
from c2b.campaigns.models import Pledge
from c2b.core.db import db
from c2b.core.money import major
from c2b.core.text import gettext as _
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.payments.models import Refund

MOST_ROWS = 5000
MOST_SLIPS = 500  # on one page of slips


class Line(NamedTuple):
    """One kind of goods in a purchase order; amounts in minor units."""

    options: str
    units: int
    total: int
    orders: int


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """What was sold in one sale, and what of it is the firm's; amounts in minor units."""

    lines: list[Line]
    units: int
    total: int
    fee: int
    refunded: int
    fee_back: int  # the part of our fee that went back with it
    ship_by: datetime | None  # of those that wait, the first; of all where none waits
    ship_last: datetime | None

    @property
    def payable(self) -> int:
        """What is left for the firm: without our fee, and without what went back."""
        return self.total - self.fee - (self.refunded - self.fee_back)


def option_text(options: dict[str, Any]) -> str:
    """The choices of an order, always in the same order: "Colour: Red, Size: M"."""
    return ", ".join(f"{name}: {options[name]}" for name in sorted(options))


def standing_orders(launch_id: int) -> Sequence[Order]:
    """The orders of a launch that were not cancelled, by number."""
    return db.session.scalars(
        select(Order)
        .where(Order.launch_id == launch_id, Order.state != OrderState.CANCELLED)
        .order_by(Order.number)
    ).all()


def purchase_order(launch_id: int) -> PurchaseOrder:
    """Units by option, price, fee and what is payable."""
    orders = standing_orders(launch_id)
    kinds: dict[str, list[Order]] = {}
    for order in orders:
        kinds.setdefault(option_text(order.options), []).append(order)
    lines = [
        Line(text, sum(o.quantity for o in some), sum(o.total for o in some), len(some))
        for text, some in sorted(kinds.items())
    ]
    refunded, fee_back = db.session.execute(
        select(func.sum(Refund.amount), func.sum(Refund.fee_back))
        .join(Order, Order.attempt_id == Refund.capture_id)
        .where(Order.launch_id == launch_id, Order.state != OrderState.CANCELLED)
    ).one()
    due = sorted(o.ship_by for o in [o for o in orders if o.state == OrderState.PLACED] or orders)
    return PurchaseOrder(
        lines=lines,
        units=sum(order.quantity for order in orders),
        total=sum(order.total for order in orders),
        fee=sum(order.fee for order in orders),
        refunded=int(refunded or 0),
        fee_back=int(fee_back or 0),
        ship_by=due[0] if due else None,
        ship_last=due[-1] if due else None,
    )


class Slip(NamedTuple):
    """One order with where it goes."""

    order: Order
    name: str
    region: str
    address: Address | None

    @property
    def lines(self) -> list[str]:
        """The address as it stands on a parcel, name first."""
        if self.address is None:
            return [self.name, self.region]
        a = self.address
        town = " ".join(part for part in (a.postcode, a.city) if part)
        return [line for line in (a.name, a.line, town, a.region, a.phone) if line]


def slips(
    launch_id: int, state: OrderState | None = OrderState.PLACED, *, most: int = MOST_ROWS
) -> list[Slip]:
    """The orders of a launch with their addresses, by number; those still to be sent, unless said otherwise."""
    query = (
        select(Order, User.name, Pledge.region, Address)
        .join(Pledge, Pledge.id == Order.pledge_id)
        .join(User, User.id == Order.shopper_id)
        .outerjoin(Address, Address.id == Pledge.address_id)
        .where(Order.launch_id == launch_id, Order.state != OrderState.CANCELLED)
        .order_by(Order.number)
        .limit(most)
    )
    rows = db.session.execute(query.where(Order.state == state) if state else query)
    return [Slip(order, name, region, address) for order, name, region, address in rows]


def pick_list(found: Iterable[Slip]) -> list[tuple[str, int, list[Slip]]]:
    """What to take from the shelves: (option, units, orders), the same option together."""
    kinds: dict[str, list[Slip]] = {}
    for slip in found:
        kinds.setdefault(option_text(slip.order.options), []).append(slip)
    return [(text, sum(s.order.quantity for s in some), some) for text, some in sorted(kinds.items())]


def purchase_rows(paper: PurchaseOrder, currency: str, unit_price: int) -> list[list[Any]]:
    """The purchase order as a table."""

    def amount(value: int) -> str:
        return str(major(value, currency))

    head: list[Any] = [_("Option"), _("Orders"), _("Units"), _("Price"), _("Total"), _("Currency")]
    lines: list[list[Any]] = [
        [line.options, line.orders, line.units, amount(unit_price), amount(line.total), currency]
        for line in paper.lines
    ]
    sums: list[list[Any]] = [
        [_("Together"), "", paper.units, "", amount(paper.total), currency],
        [_("Our fee"), "", "", "", amount(paper.fee), currency],
        [_("Payable"), "", "", "", amount(paper.payable), currency],
    ]
    return [head, *lines, *sums]


def order_rows(found: Iterable[Slip], currency: str) -> list[list[Any]]:
    """Orders with where they go, as a table; the last two columns are to be filled in and imported again."""
    head = [
        _("Order"), _("State"), _("Option"), _("Units"), _("Total"), _("Name"), _("Address"), _("City"),
        _("Postcode"), _("Region"), _("Phone"), _("Send by"), _("Carrier"), _("Tracking number"),
    ]  # fmt: skip
    rows = []
    for order, name, region, address in found:
        a = address
        place = (
            [a.name, a.line, a.city, a.postcode, a.region, a.phone] if a else [name, "", "", "", region, ""]
        )
        rows.append(
            [order.number, order.state.label, option_text(order.options), order.quantity,
             str(major(order.total, currency)), *place, f"{order.ship_by:%Y-%m-%d}", "", ""]
        )  # fmt: skip
    return [head, *rows]


def pick_rows(found: Iterable[Slip]) -> list[list[Any]]:
    """The pick list as a table."""
    rows: list[list[Any]] = [[_("Option"), _("Order"), _("Units"), _("Picked")]]
    for text, _units, some in pick_list(found):
        rows += [[text, slip.order.number, slip.order.quantity, ""] for slip in some]
    return rows
