"""Permission to charge, every request for money, refunds, and what the provider tells us."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from c2b.core.db import Base, Model
from c2b.core.labels import one_of
from c2b.core.states import HasState
from c2b.payments.states import ATTEMPT, REFUND, AttemptState, Purpose, RefundCause, RefundState


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
RETRIED = "retry_at IS NOT NULL"
A_CASE = "case_at IS NOT NULL"


ONE_SUBJECT = (
    "(purpose IN ('authorise', 'capture', 'void') AND pledge_id IS NOT NULL AND launch_id IS NOT NULL"
    " AND mandate_id IS NOT NULL AND refund_id IS NULL AND payout_id IS NULL)"
    " OR (purpose = 'refund' AND refund_id IS NOT NULL AND pledge_id IS NULL AND payout_id IS NULL)"
    " OR (purpose = 'payout' AND payout_id IS NOT NULL AND pledge_id IS NULL AND refund_id IS NULL)"
)


def _partly_unique(name: str, subject: str, where: str) -> Index:
    clause = text(where)
    return Index(name, subject, "purpose", unique=True, postgresql_where=clause, sqlite_where=clause)


class Attempt(HasState, Model):
    """One request for money about one pledge, refund or payout: committed before it is sent, decided when answered.

    Which of the three it is about is told by its purpose; the other two columns are empty.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("refunded >= 0 AND refunded <= amount", name="refunds_fit"),  # I-25
        CheckConstraint(ONE_SUBJECT, name="one_subject"),
        UniqueConstraint("pledge_id", "purpose", "generation"),
        UniqueConstraint("refund_id", "generation"),
        UniqueConstraint("payout_id", "generation"),
        _partly_unique(
            "uq_attempt_pledge_success", "pledge_id", "state = 'succeeded' AND purpose <> 'authorise'"
        ),  # I-20; a hold that ran out is followed by another one
        _partly_unique("uq_attempt_one_in_flight", "pledge_id", LIVE),
        _partly_unique("uq_attempt_refund_success", "refund_id", "state = 'succeeded'"),
        _partly_unique("uq_attempt_refund_in_flight", "refund_id", LIVE),
        _partly_unique("uq_attempt_payout_success", "payout_id", "state = 'succeeded'"),
        _partly_unique("uq_attempt_payout_in_flight", "payout_id", LIVE),
        Index("ix_attempt_open", "look_up_at", postgresql_where=text(LIVE), sqlite_where=text(LIVE)),
        Index("ix_attempt_retry", "retry_at", postgresql_where=text(RETRIED), sqlite_where=text(RETRIED)),
        Index("ix_attempt_case", "case_at", postgresql_where=text(A_CASE), sqlite_where=text(A_CASE)),
    )
    machine = ATTEMPT

    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledge.id"), nullable=True)
    launch_id: Mapped[int] = mapped_column(ForeignKey("launch.id"), index=True, nullable=True)
    mandate_id: Mapped[int] = mapped_column(ForeignKey("mandate.id"), nullable=True)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id", use_alter=True))
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("payout.id"))
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose))
    generation: Mapped[int] = mapped_column(default=1)  # grows only after a definite failure
    key: Mapped[str] = mapped_column(unique=True)  # what the provider knows the request by
    amount: Mapped[int]
    currency: Mapped[str]
    refunded: Mapped[int] = mapped_column(
        default=0, server_default="0"
    )  # of a capture: promised back by refunds that stand
    fee: Mapped[int | None]  # what the provider kept for it, once known
    state: Mapped[AttemptState] = mapped_column(one_of(AttemptState))
    reference: Mapped[str | None] = mapped_column(index=True)  # the provider's own name for it
    code: Mapped[str | None]  # why it failed, in the provider's word
    started_at: Mapped[datetime] = mapped_column(index=True)
    decided_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # of an authorisation: when the provider lets go of the money
    retry_at: Mapped[
        datetime | None
    ]  # of an authorisation that was declined for now: when the card is tried again
    look_up_at: Mapped[datetime | None]  # the next rung of the ladder, while the answer is missing
    look_ups: Mapped[int] = mapped_column(default=0, server_default="0")  # rungs taken
    epoch: Mapped[int] = mapped_column(
        default=1, server_default="1"
    )  # grows when another process takes the look-up over
    case_at: Mapped[datetime | None]  # since when it waits for an operator, as the ladder is at its end

    mandate: Mapped[Mandate] = relationship()


class Refund(HasState, Model):
    """Money of one charge that goes back: whole or part, for one cause. Paid by attempts of purpose refund."""

    __tablename__ = "refund"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_is_positive"),)
    machine = REFUND

    key: Mapped[str] = mapped_column(unique=True)  # what it follows from, so that one cause refunds once
    capture_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    shopper_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    cause: Mapped[RefundCause] = mapped_column(one_of(RefundCause))
    note: Mapped[str] = mapped_column(default="")  # a sentence for the shopper
    amount: Mapped[int]
    fee_back: Mapped[int] = mapped_column(default=0)  # the part of it that comes out of our own fee
    currency: Mapped[str]
    by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # None: by the clock
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    other_way: Mapped[str | None]  # how it was paid where the provider could not, in an operator's words
    other_first_by: Mapped[int | None]  # of a large one: who said so first
    other_by: Mapped[int | None]  # whose word counted; None: the provider paid it, or nobody yet
    state: Mapped[RefundState] = mapped_column(one_of(RefundState))


IS_DEAD = "dead_at IS NOT NULL"


class InboxEvent(Model):
    """Something the provider told us by webhook: kept as it came, worked off once."""

    __tablename__ = "inbox_event"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),  # I-38: told often, kept once
        Index(
            "ix_inbox_event_due",
            "due_at",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        Index("ix_inbox_event_dead", "dead_at", postgresql_where=text(IS_DEAD), sqlite_where=text(IS_DEAD)),
    )

    provider: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]  # "request", "dispute", "payout", "other"
    key: Mapped[str | None]  # of the request it is about, where it says so
    reference: Mapped[str | None]  # the provider's name for what it is about
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)  # also the fence: who was overtaken has another count
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]  # given up after five tries; an operator looks
    error: Mapped[str | None]  # why the last try failed
    note: Mapped[str | None]  # what became of it, where that is not plain


class ProviderPace(Base):
    """One row for each provider: how fast we may ask, and whether we pause. Shared by all processes."""

    __tablename__ = "provider_pace"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[float] = mapped_column(default=0)  # seconds since 1970: when the next request may go out
    failures: Mapped[int] = mapped_column(default=0)  # without an answer, in a row
    closed_until: Mapped[float] = mapped_column(default=0)  # nothing is asked before
