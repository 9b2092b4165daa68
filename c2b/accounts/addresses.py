"""Where a person has goods sent."""

from dataclasses import asdict, dataclass
from datetime import datetime

from c2b.accounts.models import Address, User
from c2b.accounts.queries import addresses_of, own_address
from c2b.core.db import db, lock
from c2b.core.errors import Refused
from c2b.core.text import gettext as _

MOST = 20


@dataclass(frozen=True)
class Place:
    """Where goods go, as a person writes it."""

    name: str
    phone: str
    region: str  # ISO 3166 country, "CN"
    city: str
    line: str
    postcode: str = ""


def add_address(user_id: int, place: Place, *, now: datetime) -> Address:
    """One more address of this person."""
    lock(User, user_id)
    if len(addresses_of(user_id)) >= MOST:
        raise Refused(_("You have %(count)s addresses already. Remove one first.", count=MOST))
    address = Address(user_id=user_id, created_at=now, **asdict(place))
    db.session.add(address)
    db.session.flush()
    return address


def change_address(user_id: int, address_id: int, place: Place) -> Address:
    """Correct an address; what is on its way goes where it was meant to go."""
    address = own_address(user_id, address_id)
    for name, value in asdict(place).items():
        setattr(address, name, value)
    db.session.flush()
    return address


def remove_address(user_id: int, address_id: int, *, now: datetime) -> None:
    """Offer this address no more; pledges and orders that name it keep it."""
    own_address(user_id, address_id).removed_at = now
    db.session.flush()
