"""Reading notices: what waits, and what a mailbox shows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from c2b.accounts.models import User
from c2b.accounts.queries import normal_email
from c2b.core.db import db
from c2b.core.outbox import Delivery, Notice
from c2b.core.rows import among
from c2b.core.tables import Listing
from c2b.mailing.preferences import has_chosen
from c2b.mailing.render import Reader
from c2b.mailing.topics import Way

PER_PAGE = 40


def notices_to_send(now: datetime, most: int = 1000) -> list[int]:
    """Notices that wait and whose time has come, longest due first."""
    return list(
        db.session.scalars(
            select(Notice.id).where(*is_due(now)).order_by(Notice.due_at, Notice.id).limit(most)
        )
    )


def is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Of a notice: its time has come, and its reader wants it as a mail of its own."""
    sorted_out = or_(Notice.way == str(Way.AT_ONCE), and_(Notice.way.is_(None), not_(has_chosen())))
    return Notice.delivery == Delivery.QUEUED, Notice.due_at <= now, sorted_out


def readers_of(notices: Sequence[Notice]) -> dict[int, Reader]:
    """Whom each of these notices is for, by notice id; those that are for nobody are left out."""
    ids = {notice.user_id for notice in notices if notice.user_id is not None}
    rows = db.session.execute(select(User.id, User.email, User.name, User.locale).where(among(User.id, ids)))
    people = {row.id: Reader(row.id, row.email, row.name, row.locale) for row in rows}
    readers: dict[int, Reader] = {}
    for notice in notices:
        person = people.get(notice.user_id or 0)
        if person is not None:
            readers[notice.id] = Reader(person.id, notice.address or person.email, person.name, person.locale)
        elif notice.address:
            readers[notice.id] = Reader(0, notice.address, "", str(notice.data.get("locale", "en")))
    return readers


def newest(search: str = "") -> Listing:
    """All mail, newest first; `search` is part of an address."""
    people = select(Notice).outerjoin(User, User.id == Notice.user_id)
    return Listing(people.where(*_to(search)), Notice.id)


def how_many() -> dict[str, int]:
    """How many notices there are in each state."""
    rows = db.session.execute(select(Notice.delivery, func.count()).group_by(Notice.delivery))
    counts = {str(delivery): count for delivery, count in rows}
    return {str(state): counts.get(str(state), 0) for state in Delivery}


def _to(search: str) -> list[ColumnElement[bool]]:
    part = normal_email(search)
    if not part:
        return []
    return [or_(User.email.contains(part, autoescape=True), Notice.address.contains(part, autoescape=True))]
