"""Sending what is due. Nothing is sent inside a transaction, and one bad notice stops no other."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from flask import current_app
from sqlalchemy import select, update

from c2b.core import claims
from c2b.core.db import db, end_transaction, lock, must_be_outside_transaction, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Delivery, Notice
from c2b.core.text import gettext as _
from c2b.mailing.mail import Retry, Transport, Undeliverable
from c2b.mailing.queries import is_due, notices_to_send, readers_of
from c2b.mailing.render import Reader, put_into_words
from c2b.mailing.sorting import sort_out
from c2b.mailing.transports import transport_for

log = structlog.get_logger()

WORK = "send_mail"
LEASE = 600.0  # seconds for one handful; a mail takes at most about twenty
HANDFUL = 20
TRIES = 8  # the waits between them are 1, 2, 4 … minutes


def send_due(
    now: datetime,
    transport: Transport | None = None,
    *,
    most: int = 1000,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Send what is due; returns how many were done, refused (undeliverable) and failed (to be tried again).

    What its reader wants in another way is sorted out first. A process that dies between sending and noting
    it leaves a mail that is sent again, under the same Message-ID. `stop` is asked before each mail.
    """
    transport = transport or transport_for(current_app.config["C2B"])
    sort_out(now)
    if getattr(transport, "keeps_at_home", False):
        return {"done": mark_all_sent(now), "refused": 0, "failed": 0}
    counts = {"done": 0, "refused": 0, "failed": 0}
    due = notices_to_send(now, most)
    end_transaction()
    for start in range(0, len(due), HANDFUL):
        if stop():
            break
        with transaction():
            held = claims.claim(WORK, due[start : start + HANDFUL], seconds=LEASE)
        for id_, notice, reader in _read(sorted(held)):
            if stop():
                break
            counts[_send_one(id_, held[id_], notice, reader, transport, now)] += 1
        with transaction():
            claims.release(WORK, list(held))
    return counts


def mark_all_sent(now: datetime) -> int:
    """Nothing leaves the house: what is due counts as sent, in one statement."""
    with transaction():
        gone = db.session.execute(
            update(Notice)
            .where(*is_due(now))
            .values(delivery=Delivery.SENT, sent_at=now, tries=Notice.tries + 1)
            .execution_options(synchronize_session=False)
        )
    return int(getattr(gone, "rowcount", 0))


def send_again(notice_id: int, *, now: datetime) -> None:
    """An operator wants a given-up notice tried again."""
    notice = lock(Notice, notice_id)
    if notice.delivery != Delivery.DEAD:
        raise Refused(_("Only a mail that was given up can be sent again."))
    notice.delivery, notice.due_at, notice.tries, notice.error = Delivery.QUEUED, now, 0, None
    db.session.flush()


def _read(ids: Sequence[int]) -> list[tuple[int, Notice, Reader | None]]:
    """The notices with their readers, apart from the database: no transaction is open while they are sent."""
    waiting = (Notice.id.in_(ids), Notice.delivery == Delivery.QUEUED)
    notices = db.session.scalars(select(Notice).where(*waiting).order_by(Notice.due_at, Notice.id)).all()
    readers = readers_of(notices)
    for notice in notices:
        db.session.expunge(notice)
    end_transaction()
    return [(notice.id, notice, readers.get(notice.id)) for notice in notices]


def _send_one(
    id_: int, epoch: int, notice: Notice, reader: Reader | None, transport: Transport, now: datetime
) -> str:
    try:
        _hand_over(notice, reader, transport)
    except Undeliverable as reason:
        _note(id_, epoch, delivery=Delivery.DEAD, tries=notice.tries + 1, error=str(reason)[:500])
        log.warning("a mail cannot be delivered", notice=id_, reason=str(reason))
        return "refused"
    except Exception as problem:  # one bad notice stops no other
        if not isinstance(problem, Retry):
            log.exception("a notice could not be put into words or sent", notice=id_, kind=notice.kind)
        end_transaction()
        _try_later(id_, epoch, notice.tries + 1, f"{type(problem).__name__}: {problem}", now)
        return "failed"
    _note(id_, None, delivery=Delivery.SENT, sent_at=now, tries=notice.tries + 1, error=None)
    return "done"


def _hand_over(notice: Notice, reader: Reader | None, transport: Transport) -> None:
    if reader is None:
        raise Undeliverable("there is nobody to send it to")
    mail = put_into_words(notice, reader)
    end_transaction()
    must_be_outside_transaction()
    transport.send(mail)


def _try_later(id_: int, epoch: int, tries: int, error: str, now: datetime) -> None:
    if tries >= TRIES:
        _note(id_, epoch, delivery=Delivery.DEAD, tries=tries, error=error[:500])
    else:
        wait = timedelta(minutes=2 ** (tries - 1))
        _note(id_, epoch, tries=tries, due_at=now + wait, error=error[:500])


def _note(id_: int, epoch: int | None, **values: object) -> None:
    """Write down what came of it. A failure counts only while the lease is ours; what was sent is sent."""
    with transaction():
        if epoch is not None and not claims.is_held(WORK, id_, epoch):
            return
        db.session.execute(
            update(Notice)
            .where(Notice.id == id_, Notice.delivery == Delivery.QUEUED)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
