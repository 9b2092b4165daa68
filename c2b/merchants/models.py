"""Firms that may supply, their people and their papers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from c2b.core.db import Model
from c2b.core.labels import one_of
from c2b.core.states import HasState
from c2b.merchants.states import MERCHANT, DocumentKind, Grade, Kind, MerchantState, Post


class Merchant(HasState, Model):
    """A firm. It may register offers while it is certified."""

    __tablename__ = "merchant"
    __table_args__ = (
        CheckConstraint("state != 'certified' OR grade IS NOT NULL", name="certified_has_a_grade"),
        CheckConstraint("deposit >= 0 AND kept >= 0 AND broken >= 0", name="is_not_negative"),
    )
    machine = MERCHANT

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[Kind] = mapped_column(one_of(Kind))
    about: Mapped[str] = mapped_column(default="")
    licence_number: Mapped[str] = mapped_column(unique=True)
    region: Mapped[str] = mapped_column(default="CN")
    contact_phone: Mapped[str] = mapped_column(default="")
    ships_from: Mapped[str] = mapped_column(default="")
    deposit: Mapped[int] = mapped_column(default=0)  # minor units of CNY held as security
    kept: Mapped[int] = mapped_column(default=0)  # public record: launches delivered as promised
    broken: Mapped[int] = mapped_column(default=0)
    grade: Mapped[Grade | None] = mapped_column(one_of(Grade))
    certified_at: Mapped[datetime | None]
    reason: Mapped[str | None]  # why it was declined or suspended
    created_at: Mapped[datetime]
    state: Mapped[MerchantState] = mapped_column(one_of(MerchantState))

    staff: Mapped[list["MerchantStaff"]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    documents: Mapped[list["MerchantDocument"]] = relationship(cascade="all, delete-orphan")


class MerchantStaff(Model):
    """A person's post in a firm."""

    __tablename__ = "merchant_staff"
    __table_args__ = (UniqueConstraint("merchant_id", "user_id"),)

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    post: Mapped[Post] = mapped_column(one_of(Post))
    since: Mapped[datetime]


class MerchantDocument(Model):
    """A paper handed in with an application."""

    __tablename__ = "merchant_document"

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id", ondelete="CASCADE"), index=True)
    kind: Mapped[DocumentKind] = mapped_column(one_of(DocumentKind))
    file: Mapped[str]  # a reference of c2b.core.files
    name: Mapped[str]  # what the merchant called it
    at: Mapped[datetime]
