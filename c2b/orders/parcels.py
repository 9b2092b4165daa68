"""Tracking numbers that a firm brings as a file: looked through first, and taken only when every row is good."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from c2b.core.db import db
from c2b.core.forms import is_plain
from c2b.core.sheets import parsed
from c2b.core.text import gettext as _
from c2b.orders import delivery_rules as rules
from c2b.orders.models import Order
from c2b.orders.papers import MOST_ROWS
from c2b.orders.shipping import Parcel

LONGEST = 60
FILE_BYTES = 1_000_000


@dataclass(slots=True)
class Reading:
    """What a file of tracking numbers says: parcels, and for each bad row its number and why."""

    parcels: list[Parcel] = field(default_factory=list)
    numbers: dict[int, str] = field(default_factory=dict)  # of the orders, by id
    problems: list[tuple[int, str]] = field(default_factory=list)


def read_parcels(text: str, merchant_id: int, launch_id: int) -> Reading:
    """Look through a table of order, carrier and tracking number; nothing is changed."""
    reading = Reading()
    rows = parsed(text)
    if not rows:
        reading.problems.append((1, _("This is not a table that we can read.")))
        return reading
    if len(rows) > MOST_ROWS + 1:
        reading.problems.append((MOST_ROWS + 2, _("At most %(most)s rows at once.", most=MOST_ROWS)))
        return reading
    places = _places(rows[0])
    start = 2 if places else 1
    _read_rows(reading, rows[start - 1 :], start, places or (0, 1, 2), _known(merchant_id, launch_id))
    if not reading.parcels and not reading.problems:
        reading.problems.append((start, _("There is no tracking number in it.")))
    return reading


HEADS = (
    ("order", "order number", "number", "订单", "订单号"),
    ("carrier", "快递", "快递公司", "承运商"),
    ("tracking number", "tracking", "快递单号", "运单号"),
)


def _places(row: Sequence[str]) -> tuple[int, int, int] | None:
    """Where the three columns are, if the first row names them (in English, Chinese, or as we wrote them)."""
    names = [cell.strip().lower() for cell in row]
    ours = (_("Order"), _("Carrier"), _("Tracking number"))
    found = [
        next((at for at, name in enumerate(names) if name in (*heads, our.lower())), None)
        for heads, our in zip(HEADS, ours, strict=True)
    ]
    return (found[0], found[1], found[2]) if all(at is not None for at in found) else None  # type: ignore[return-value]  # none is None


def _known(merchant_id: int, launch_id: int) -> dict[str, Order]:
    query = select(Order).where(Order.merchant_id == merchant_id, Order.launch_id == launch_id)
    return {order.number: order for order in db.session.scalars(query)}


def _read_rows(
    reading: Reading,
    rows: Iterable[Sequence[str]],
    start: int,
    places: tuple[int, int, int],
    known: dict[str, Order],
) -> None:
    for at, row in enumerate(rows, start):
        cells = [row[place] if place < len(row) else "" for place in places]
        number, carrier, tracking = cells
        if not any(cells) or (number and not tracking and not carrier):
            continue  # a blank row, or an order that is not sent yet
        order = known.get(number.upper())
        problem = why_not_row(order, number, carrier, tracking, reading.numbers)
        if problem or order is None:
            reading.problems.append((at, problem or ""))
            continue
        reading.parcels.append(Parcel(order.id, carrier, tracking))
        reading.numbers[order.id] = order.number


def why_not_row(
    order: Order | None, number: str, carrier: str, tracking: str, seen: Collection[int]
) -> str | None:
    """What is wrong with one row."""
    if order is None:
        shown = number[:40] if is_plain(number) else "?"
        return _("No order of this sale has the number “%(number)s”.", number=shown)
    if order.id in seen:
        return _("Order %(number)s is in the table twice.", number=order.number)
    if not carrier or len(carrier) > LONGEST or not is_plain(carrier):
        return _("The carrier is missing, or cannot be read.")
    if not tracking or why_not_tracking(tracking):
        return _("The tracking number is missing, or has other signs than letters and digits.")
    return rules.why_not_send_first(order)


def why_not_tracking(number: str) -> str | None:
    """A tracking number is what a carrier prints: plain letters, digits and signs."""
    if not number.isascii() or not number.isprintable() or len(number) > LONGEST:
        return _("A tracking number has letters and digits only, at most 60.")
    return None
