"""The record of every run of a job, for operators."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model


class Run(Model):
    """One run of one job. (name, due_at) is unique: whichever process is first runs it, the others pass by."""

    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("name", "due_at"),)

    name: Mapped[str] = mapped_column(index=True)
    due_at: Mapped[datetime]  # the tick it was due at; for a run by hand, when it was started
    by: Mapped[int | None]  # the user who started it by hand
    process: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]
