"""The sandbox's own webhooks on their way to the inbox, as badly as a test asks for."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from c2b.core.db import db
from c2b.ledger.models import Account, Transaction
from c2b.payments import inbox
from c2b.payments.models import InboxEvent
from jobs import work_inbox
from tests.orders.conftest import sandbox


def to_inbox(at: datetime) -> Any:
    """What the web server does with a webhook, without the web."""

    def post(body: bytes, headers: dict[str, str]) -> int:
        inbox.receive("sandbox", body, headers, at)
        return 200

    return post


def deliver(at: datetime, **how: Any) -> list[int]:
    """The sandbox sends what it has to tell."""
    return sandbox().deliver_events(to_inbox(at), **how)


def hear(at: datetime, **how: Any) -> list[int]:
    """It sends, and the inbox is worked off until nothing is due."""
    statuses = deliver(at, **how)
    work_inbox.run(at)
    return statuses


def patiently(at: datetime, hours: int = 12) -> datetime:
    """The inbox is worked off for hours, as what came too early is tried again."""
    for _hour in range(hours):
        at += timedelta(hours=1)
        work_inbox.run(at)
    return at


def open_events() -> list[InboxEvent]:
    """What was told and is not done."""
    db.session.rollback()
    return list(
        db.session.scalars(select(InboxEvent).where(InboxEvent.done_at.is_(None)).order_by(InboxEvent.id))
    )


def balances() -> dict[str, int]:
    """The books: {kind: balance}, where it is not nothing."""
    db.session.rollback()
    rows = db.session.execute(select(Account.kind, db.func.sum(Account.balance)).group_by(Account.kind))
    return {str(kind): int(balance) for kind, balance in rows if balance}


def postings(cause: str) -> list[str]:
    """What was posted for this kind of cause, by name."""
    db.session.rollback()
    return sorted(db.session.scalars(select(Transaction.kind).where(Transaction.cause == cause)))
