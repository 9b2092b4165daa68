"""Before anything is sent: what waits until the morning, what goes into the daily mail, what is shown only on the page.

Each act is one transaction and may be done again: a process that dies leaves everything either sorted or unsorted,
and a daily mail is written together with the mark on what it holds.
"""

from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, select, update

from c2b.accounts.models import User
from c2b.core.db import db, end_transaction, lock, transaction
from c2b.core.outbox import Delivery, Notice, notify
from c2b.core.rows import among
from c2b.mailing import rules
from c2b.mailing.preferences import choices_of, has_chosen
from c2b.mailing.topics import EVERY_DAY, URGENT, Way, topic_of

CHUNK = 2000
MOST_LINES = 40  # in one daily mail; the rest is a number and a link


def sort_out(now: datetime) -> None:
    """Write the daily mails; then do what readers asked for: put off, keep for the daily mail, keep to the page."""
    people = db.session.scalars(
        select(Notice.user_id).where(*_for_digest(now)).distinct().order_by(Notice.user_id)
    ).all()
    end_transaction()
    for user_id in people:
        if user_id is not None:
            with transaction():
                write_digest(user_id, now)
    while unsorted := _unsorted(now):
        with transaction():
            _sort(unsorted, now)


def write_digest(user_id: int, now: datetime) -> None:
    """One mail with everything that waits for it; a second one on the same day waits until tomorrow."""
    lock(User, user_id)
    day, zone = rules.day_of(now, _zone()), _zone()
    key = f"{user_id}:{day.isoformat()}"
    notices = db.session.scalars(
        select(Notice).where(*_for_digest(now), Notice.user_id == user_id).order_by(Notice.id)
    ).all()
    if db.session.scalar(select(Notice.id).where(Notice.key == f"{EVERY_DAY}:{key}")) is not None:
        _put([notice.id for notice in notices], due_at=rules.next_digest(now, zone))
        return
    chosen = choices_of([user_id]).get(user_id, {})
    told = [notice for notice in notices if way_for(notice.kind, chosen) != Way.APP]
    items = [
        {"kind": notice.kind, "data": notice.data, "at": notice.created_at.isoformat()}
        for notice in told[:MOST_LINES]
    ]
    if items:
        notify(EVERY_DAY, user_id, key=key, now=now, items=items, count=len(told), path="/me/notices")
    _put([notice.id for notice in notices], delivery=Delivery.SENT, sent_at=now)


def way_for(kind: str, chosen: dict[str, Way]) -> Way:
    """In which way somebody who chose this is told of such a thing."""
    topic = topic_of(kind)
    return Way.AT_ONCE if topic is None or topic.always else chosen.get(topic.key, Way.AT_ONCE)


def _unsorted(now: datetime) -> list[int]:
    found = list(
        db.session.scalars(
            select(Notice.id)
            .where(
                Notice.delivery == Delivery.QUEUED, Notice.due_at <= now, Notice.way.is_(None), has_chosen()
            )
            .order_by(Notice.id)
            .limit(CHUNK)
        )
    )
    end_transaction()
    return found


def _sort(ids: list[int], now: datetime) -> None:
    rows = db.session.execute(
        select(Notice.id, Notice.kind, User.id, User.quiet_from, User.quiet_until, User.erased_at)
        .join(User, User.id == Notice.user_id)
        .where(among(Notice.id, ids), Notice.delivery == Delivery.QUEUED, Notice.way.is_(None))
    ).all()
    chosen = choices_of(row[2] for row in rows)
    groups: dict[tuple[Way, datetime | None], list[int]] = defaultdict(list)
    for id_, kind, user_id, first, last, erased_at in rows:
        way = Way.APP if erased_at else way_for(kind, chosen.get(user_id, {}))
        quiet = None if kind in URGENT else rules.quiet_until(now, first, last, _zone())
        groups[way, quiet if way == Way.AT_ONCE else None].append(id_)
    for (way, until), some in groups.items():
        if until is not None:
            _put(some, due_at=until)  # and looked at again then
        elif way == Way.DIGEST:
            _put(some, way=str(way), due_at=rules.next_digest(now, _zone()))
        elif way == Way.APP:
            _put(some, way=str(way), delivery=Delivery.SENT, sent_at=now)
        else:
            _put(some, way=str(way))


def _for_digest(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Notice.delivery == Delivery.QUEUED, Notice.way == str(Way.DIGEST), Notice.due_at <= now


def _put(ids: list[int], **values: object) -> None:
    db.session.execute(
        update(Notice)
        .where(among(Notice.id, ids), Notice.delivery == Delivery.QUEUED)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["C2B"].time_zone)
