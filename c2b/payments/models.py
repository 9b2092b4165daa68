"""Permission to charge, and every request for money."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from c2b.core.db import Base, Model
from c2b.core.labels import one_of
from c2b.core.states import HasState
from c2b.payments.states import ATTEMPT, AttemptState, Purpose


class Mandate(Model):
    """A saved card: the provider's token and what a person recognises it by. Never a card number."""

    __tablename__ = "mandate"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    gateway: Mapped[str]  # "sandbox"
    token: Mapped[str]
    label: Mapped[str]  # "Visa ending 4242"
    fingerprint: Mapped[str] = mapped_column(index=True)  # the same for the same card, whoever saved it
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ProviderAccount(Base):
    """Our account at a payment provider. Keys are unique within it, so another database needs another one."""

    __tablename__ = "provider_account"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]


LIVE = "state IN ('started', 'unknown', 'requires_action')"


class Attempt(HasState, Model):
    """One request for money about one pledge: committed before it is sent, decided when it is answered."""

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        UniqueConstraint("pledge_id", "purpose", "generation"),
        Index(
            "uq_attempt_one_success",
            "pledge_id",
            "purpose",
            unique=True,
            postgresql_where=text("state = 'succeeded'"),
            sqlite_where=text("state = 'succeeded'"),
        ),
        Index(
            "uq_attempt_one_in_flight",
            "pledge_id",
            "purpose",
            unique=True,
            postgresql_where=text(LIVE),
            sqlite_where=text(LIVE),
        ),
        Index("ix_attempt_open", "started_at", postgresql_where=text(LIVE), sqlite_where=text(LIVE)),
    )
    machine = ATTEMPT

    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledge.id"))
    launch_id: Mapped[int] = mapped_column(ForeignKey("launch.id"), index=True)
    mandate_id: Mapped[int] = mapped_column(ForeignKey("mandate.id"))
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose))
    generation: Mapped[int] = mapped_column(default=1)  # grows only after a definite failure
    key: Mapped[str] = mapped_column(unique=True)  # what the provider knows the request by
    amount: Mapped[int]
    currency: Mapped[str]
    state: Mapped[AttemptState] = mapped_column(one_of(AttemptState))
    reference: Mapped[str | None]  # the provider's own name for it
    code: Mapped[str | None]  # why it failed, in the provider's word
    started_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]

    mandate: Mapped[Mandate] = relationship()
