"""People and what is kept about them."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from c2b.core.access import Role
from c2b.core.db import Base, Model
from c2b.core.labels import one_of


class User(UserMixin, Model):
    """A person. Everybody may shop; other roles are granted, or come with a place in a merchant's firm."""

    __tablename__ = "user"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_is_lower_case"),)

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]  # argon2id; None for people who cannot sign in
    email_confirmed_at: Mapped[datetime | None]
    locale: Mapped[str] = mapped_column(default="en")  # "en", "zh-Hans"
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    session_version: Mapped[int] = mapped_column(default=1)  # one more, and every session of this person ends
    quiet_from: Mapped[int | None]  # an hour of the day, site time: what is not urgent waits from here …
    quiet_until: Mapped[int | None]  # … until here
    erased_at: Mapped[datetime | None]  # closed by the person themselves; what named them is gone
    grants: Mapped[list["RoleGrant"]] = relationship(lazy="selectin", cascade="all, delete-orphan")

    @property
    def is_active(self) -> bool:
        """Whether the person may use the account."""
        return self.disabled_at is None

    @property
    def roles(self) -> frozenset[Role]:
        """What this person may be; everybody is a shopper."""
        return frozenset({Role.SHOPPER, *(grant.role for grant in self.grants)})

    def has_role(self, role: Role) -> bool:
        """Whether the person may act as `role`."""
        return role in self.roles

    @property
    def is_staff(self) -> bool:
        """Whether the person works for the platform; staff pledges never count."""
        return bool(self.roles & {Role.REVIEWER, Role.OPERATOR})

    def get_id(self) -> str:
        """What the session remembers: the user and the version that ends old sessions."""
        return f"{self.id}.{self.session_version}"


class RoleGrant(Model):
    """A role given to a person; MERCHANT is granted with the first place in a firm."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("user_id", "role"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(one_of(Role))
    granted_by: Mapped[int | None]
    granted_at: Mapped[datetime]


class Address(Model):
    """Where goods go."""

    __tablename__ = "address"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    phone: Mapped[str]
    region: Mapped[str]  # ISO 3166 country, "CN"
    city: Mapped[str]
    line: Mapped[str]
    postcode: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]  # no longer offered; kept for the pledges and orders that name it


class Throttle(Base):
    """How often something was tried in a stretch of time; in the database, so that all processes count together."""

    __tablename__ = "throttle"

    what: Mapped[str] = mapped_column(primary_key=True)  # "sign-in:alice@example.org"
    window: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # its end, in epoch seconds
    count: Mapped[int] = mapped_column(default=0)
