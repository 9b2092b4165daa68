"""The diary: what happened, when, to what, by whom. Inserted with the change itself, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model, db
from c2b.core.rows import insert_rows


class Event(Model):
    """One line of the diary."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_subject", "subject", "subject_id"),
        Index("ix_event_kind", "kind", "id"),
    )

    subject: Mapped[str]  # the table's name
    subject_id: Mapped[int]
    kind: Mapped[str]  # "campaign.tipped"
    by: Mapped[int | None] = mapped_column(index=True)  # the user, or None for the clock
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]


def record(thing: Any, kind: str, *, by: int | None, at: datetime, **data: Any) -> None:
    """Write one line about `thing` into the diary, in the transaction of the change."""
    if thing.id is None:
        db.session.flush()
    db.session.add(
        Event(subject=thing.__tablename__, subject_id=thing.id, kind=kind, by=by, at=at, data=data)
    )


def record_many(rows: Sequence[dict[str, Any]]) -> None:
    """Write many lines at once; each has the keys subject, subject_id, kind, by, at, data."""
    for at in dict.fromkeys(row["at"] for row in rows):
        insert_rows(Event, [{name: row[name] for name in COLUMNS} for row in rows if row["at"] == at], at=at)


COLUMNS = ("subject", "subject_id", "kind", "by", "data")


def history(thing: Any) -> Sequence[Event]:
    """The record's own diary, oldest first."""
    return db.session.scalars(
        select(Event)
        .where(Event.subject == thing.__tablename__, Event.subject_id == thing.id)
        .order_by(Event.id)
    ).all()
