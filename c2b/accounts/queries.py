"""Reading about people; each in a fixed number of statements."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from c2b.accounts.models import Address, RoleGrant, User
from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.core.outbox import Delivery, Notice
from c2b.core.rows import among
from c2b.core.tables import Listing

NOTICES_PER_PAGE = 30
MAIL_ONLY = ("account_confirm", "account_exists", "account_reset", "digest")  # a way in, or told here already


def normal_email(email: str) -> str:
    """An address as it is kept and looked up."""
    return email.strip().lower()


def user_by_email(email: str) -> User | None:
    """The person with this address, however it is capitalised."""
    return db.session.scalar(select(User).where(User.email == normal_email(email)))


def names_of(ids: Iterable[int]) -> dict[int, str]:
    """The names of these people, by id."""
    wanted = set(ids)
    if not wanted:
        return {}
    return dict(db.session.execute(select(User.id, User.name).where(among(User.id, wanted))).all())


def with_role(role: Role) -> list[int]:
    """The ids of the people to whom a role was granted, for notices to all of them."""
    return list(
        db.session.scalars(
            select(RoleGrant.user_id)
            .join(User, User.id == RoleGrant.user_id)
            .where(RoleGrant.role == role, User.disabled_at.is_(None))
            .order_by(RoleGrant.user_id)
        )
    )


def addresses_of(user_id: int) -> Sequence[Address]:
    """Where this person has goods sent, oldest first."""
    return db.session.scalars(
        select(Address).where(Address.user_id == user_id, Address.removed_at.is_(None)).order_by(Address.id)
    ).all()


def own_address(user_id: int, address_id: int) -> Address:
    """One of this person's addresses; NotFound for anybody else's."""
    address = db.session.get(Address, address_id)
    if address is None or address.user_id != user_id or address.removed_at is not None:
        raise NotFound
    return address


def notices_of(user_id: int, *, only_new: bool = False) -> Listing:
    """What this person was told, newest first."""
    unread = (Notice.read_at.is_(None),) if only_new else ()
    return Listing(select(Notice).where(*_shown_to(user_id), *unread), Notice.id, by=Notice.created_at)


def unread_count(user_id: int) -> int:
    """How many notices this person has not marked as read."""
    return db.session.scalar(unread_of(user_id)) or 0


def unread_of(user_id: Any) -> Select[int]:
    """The count of the notices that this person has not marked as read, to be asked with other things."""
    return select(func.count()).select_from(Notice).where(*_shown_to(user_id), Notice.read_at.is_(None))


def _shown_to(user_id: Any) -> tuple[ColumnElement[bool], ...]:
    return Notice.user_id == user_id, Notice.delivery != Delivery.SUPERSEDED, Notice.kind.not_in(MAIL_ONLY)
