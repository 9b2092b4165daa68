"""How far mailings are: the kinds of the last days of which some wait, some were given up, or there are many."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, update

from c2b.accounts.models import User
from c2b.core.db import db, lock
from c2b.core.events import record
from c2b.core.outbox import Delivery, Notice
from c2b.mailing.topics import Way

SINCE = timedelta(days=2)
MANY = 50
MOST_SHOWN = 12
HELD = "held"  # the way of a notice that an operator holds back


@dataclass(frozen=True)
class Mailing:
    """All notices of one kind since then, by how far they are."""

    kind: str
    total: int
    sent: int
    queued: int
    dead: int
    digest: int  # of those queued: in the next daily mail
    held: int  # of those queued: held back by an operator

    @property
    def moving(self) -> int:
        """What goes out as soon as its turn comes."""
        return self.queued - self.digest - self.held


def mailings(now: datetime) -> list[Mailing]:
    """One for each kind that is worth a look, those with the most to do first."""

    def count(*where: ColumnElement[bool]) -> Any:
        return func.count(case((and_(*where), 1)))

    queued = Notice.delivery == Delivery.QUEUED
    rows = db.session.execute(
        select(
            Notice.kind,
            func.count(),
            count(Notice.delivery == Delivery.SENT),
            count(queued),
            count(Notice.delivery == Delivery.DEAD),
            count(queued, Notice.way == str(Way.DIGEST)),
            count(queued, Notice.way == HELD),
        )
        .where(Notice.created_at > now - SINCE)
        .group_by(Notice.kind)
    )
    found = [Mailing(row[0], *(int(number) for number in row[1:])) for row in rows]
    worth = [mailing for mailing in found if mailing.queued or mailing.dead or mailing.total >= MANY]
    return sorted(worth, key=lambda mailing: (-mailing.queued, -mailing.dead, -mailing.total))[:MOST_SHOWN]


def hold(kind: str, *, by: int, now: datetime) -> int:
    """Hold back what waits of this kind; what is being handed over at this moment still goes. Returns how many."""
    return _change(kind, "mail.held", None, HELD, by, now)


def let_go(kind: str, *, by: int, now: datetime) -> int:
    """Let it go out again; its readers' wishes are looked at anew."""
    return _change(kind, "mail.let_go", HELD, None, by, now)


def _change(kind: str, event: str, old: str | None, new: str | None, by: int, now: datetime) -> int:
    operator = lock(User, by)
    was = (
        Notice.way == old
        if old
        else Notice.way.is_distinct_from(HELD) & Notice.way.is_distinct_from(str(Way.DIGEST))
    )
    changed = db.session.execute(
        update(Notice)
        .where(Notice.kind == kind, Notice.delivery == Delivery.QUEUED, was)
        .values(way=new)
        .execution_options(synchronize_session=False)
    )
    number = int(getattr(changed, "rowcount", 0))
    if number:
        record(operator, event, by=by, at=now, mail=kind, count=number)
    return number
