"""What people are told. A notice is written with the change it speaks of; a job sends it.

The row holds who and what, not the words: it is put into words in the reader's own language when it is sent
(`templates/emails/<kind>.html` and `.txt`) and when it is shown under "Notices".
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model, db, is_sqlite
from c2b.core.labels import LabelEnum, one_of
from c2b.core.text import mark as _l


class Delivery(LabelEnum):
    """How far a notice has come."""

    QUEUED = "queued", _l("Waiting")
    SENT = "sent", _l("Sent")
    DEAD = "dead", _l("Given up")
    SUPERSEDED = "superseded", _l("No longer needed")


QUEUED = text("delivery = 'queued'")


class Notice(Model):
    """One message to one person; `key` makes sure that the same thing is said once."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_due", "due_at", postgresql_where=QUEUED, sqlite_where=QUEUED),)

    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    address: Mapped[str | None]  # where there is no account, or the account's address must not be used
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
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
        {
            "key": f"{kind}:{key}",
            "kind": kind,
            "user_id": user_id,
            "address": address,
            "data": data,
            "created_at": now,
            "due_at": now,
            "delivery": Delivery.QUEUED,
            "tries": 0,
        }
        for user_id, key, data in messages
    ]
    if not rows:
        return
    dialect = sqlite if is_sqlite() else postgresql
    db.session.flush()
    db.session.execute(dialect.insert(Notice.__table__).on_conflict_do_nothing(index_elements=["key"]), rows)
