"""Where an order goes: to the address of its pledge, which the shopper may name or change until it is sent."""

from datetime import datetime

from c2b.accounts.models import Address
from c2b.accounts.queries import own_address
from c2b.campaigns.models import Pledge
from c2b.core.db import db, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.events import record
from c2b.orders import delivery_rules as rules
from c2b.orders.models import Order


def destination_of(order: Order) -> Address | None:
    """The address that the order goes to; None where the shopper has named none."""
    pledge = db.session.get_one(Pledge, order.pledge_id)
    return db.session.get(Address, pledge.address_id) if pledge.address_id is not None else None


def send_to(order_id: int, address_id: int, *, by: int, now: datetime) -> Order:
    """The shopper names an address of theirs. NotFound for somebody else's order or address."""
    order = lock(Order, order_id)
    if order.shopper_id != by:
        raise NotFound
    refuse(rules.why_not_redirect(order))
    address = own_address(by, address_id)
    pledge = lock(Pledge, order.pledge_id)
    pledge.address_id = address.id
    record(order, "order.addressed", by=by, at=now, address=address.id)
    return order
