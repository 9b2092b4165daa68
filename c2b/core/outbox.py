"""What people are told. A notice is written with the change it speaks of; a job sends it.

The row holds who and what, not the words: it is put into words in the reader's own language when it is sent
(`templates/emails/<kind>.html` and `.txt`) and when it is shown under "Notices".
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    literal,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model, db, is_sqlite
from c2b.core.labels import LabelEnum, one_of
from c2b.core.rows import insert_rows
from c2b.core.text import mark as _l


class Delivery(LabelEnum):
    """How far a notice has come."""

    QUEUED = "queued", _l("Waiting")
    SENT = "sent", _l("Sent")
    DEAD = "dead", _l("Given up")
    SUPERSEDED = "superseded", _l("No longer needed")


QUEUED = text("delivery = 'queued'")
ADDRESSED = text("address IS NOT NULL")


class Notice(Model):
    """One message to one person; `key` makes sure that the same thing is said once."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_due", "due_at", postgresql_where=QUEUED, sqlite_where=QUEUED),
        Index("ix_notice_delivery", "delivery", "created_at"),
        Index("ix_notice_addressed", "kind", postgresql_where=ADDRESSED, sqlite_where=ADDRESSED),
    )

    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    address: Mapped[str | None]  # where there is no account, or the account's address must not be used
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
    read_at: Mapped[datetime | None]
    way: Mapped[str | None]  # how its reader wants it: at_once, digest, app; None until the job has looked
    delivery: Mapped[Delivery] = mapped_column(one_of(Delivery), default=Delivery.QUEUED)
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]


def notify(
    kind: str, user_id: int | None, *, key: str, now: datetime, address: str | None = None, **data: Any
) -> None:
    """Leave a notice for one person; a second one with the same key is dropped in silence."""
    notify_many(kind, [(user_id, key, data)], now=now, address=address)


def notify_many(
    kind: str,
    messages: Iterable[tuple[int | None, str, dict[str, Any]]],
    *,
    now: datetime,
    address: str | None = None,
) -> None:
    """Leave a notice for each (user_id, key, data), in one statement."""
    rows = [
        {"key": f"{kind}:{key}", "kind": kind, "user_id": user_id, "address": address, "data": data}
        for user_id, key, data in messages
    ]
    if rows:
        db.session.flush()
        insert_rows(
            Notice, rows, only_new=True, created_at=now, due_at=now, delivery=Delivery.QUEUED, tries=0
        )


def notify_found(kind: str, found: Any, given: dict[str, Any], *, now: datetime) -> None:
    """Leave a notice for each (key, user_id, data) that a query finds, within the database; `given` are its parameters.

    The keys are whole, with the kind before them; what is said already is not said again.
    """
    dialect: Any = sqlite if is_sqlite() else postgresql
    rows = found.add_columns(
        literal(kind),
        literal(now, Notice.created_at.type),
        literal(now, Notice.due_at.type),
        literal(Delivery.QUEUED, Notice.delivery.type),
        literal(0),
    )
    names = ["key", "user_id", "data", "kind", "created_at", "due_at", "delivery", "tries"]
    db.session.flush()
    db.session.execute(
        dialect.insert(Notice.__table__)
        .from_select(names, rows, include_defaults=False)
        .on_conflict_do_nothing(index_elements=["key"]),
        given,
    )
