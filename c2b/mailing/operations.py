"""Sending what is due. Nothing is sent inside a transaction, and one bad notice stops no other."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from flask import current_app
from sqlalchemy import select, update

from c2b.core import claims, progress
from c2b.core.db import db, end_transaction, lock, must_be_outside_transaction, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Delivery, Notice
from c2b.core.rows import among
from c2b.core.text import gettext as _
from c2b.mailing.mail import Mail, Retry, Transport, Undeliverable
from c2b.mailing.posting import hand_over
from c2b.mailing.queries import is_due, notices_to_send, readers_of
from c2b.mailing.render import Reader, Said
from c2b.mailing.sorting import sort_out
from c2b.mailing.transports import transport_for

log = structlog.get_logger()

WORK = "send_mail"
LEASE = 1200.0  # seconds for one handful; a mail takes at most about twenty, and one at a time is the slowest
HANDFUL = 50
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
    leaves what it had in hand just then to be sent again, under the same Message-ID. `stop` is asked before each mail.
    """
    transport = transport or transport_for(current_app.config["C2B"])
    sort_out(now)
    if getattr(transport, "keeps_at_home", False):
        return {"done": mark_all_sent(now), "refused": 0, "failed": 0}
    counts = {"done": 0, "refused": 0, "failed": 0}
    due = notices_to_send(now, most)
    end_transaction()
    progress.expect(WORK, len(due))
    said = Said()
    for start in range(0, len(due), HANDFUL):
        if stop():
            break
        with transaction():
            held = claims.claim(WORK, due[start : start + HANDFUL], seconds=LEASE)
        _send_handful(held, transport, said, counts, now, stop)
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
    waiting = (among(Notice.id, ids), Notice.delivery == Delivery.QUEUED)
    notices = db.session.scalars(select(Notice).where(*waiting).order_by(Notice.due_at, Notice.id)).all()
    readers = readers_of(notices)
    for notice in notices:
        db.session.expunge(notice)
    end_transaction()
    return [(notice.id, notice, readers.get(notice.id)) for notice in notices]


def _send_handful(
    held: dict[int, int],
    transport: Transport,
    said: Said,
    counts: dict[str, int],
    now: datetime,
    stop: Callable[[], bool],
) -> None:
    """Put them into words, hand them over, and write down what came of them, as it comes."""
    tries, mails, failed = {}, [], []
    for id_, notice, reader in _read(sorted(held)):
        tries[id_] = notice.tries + 1
        try:
            mails.append((id_, _worded(notice, reader, said)))
        except Exception as problem:  # one bad notice stops no other
            failed.append((id_, problem))
    end_transaction()
    must_be_outside_transaction()
    for id_, fault in failed:
        counts[_went_wrong(id_, held[id_], fault, tries[id_], now)] += 1
    for come in hand_over(mails, transport, stop):
        sent = [id_ for id_, reason in come if reason is None]
        _note_sent(sent, now)
        counts["done"] += len(sent)
        progress.advance(len(come))
        for id_, reason in come:
            if reason is not None:
                counts[_went_wrong(id_, held[id_], reason, tries[id_], now)] += 1


def _worded(notice: Notice, reader: Reader | None, said: Said) -> Mail:
    if reader is None:
        raise Undeliverable("there is nobody to send it to")
    return said.words(notice, reader)


def _note_sent(ids: Sequence[int], now: datetime) -> None:
    """What was sent is sent, whoever has taken it over meanwhile."""
    if not ids:
        return
    with transaction():
        db.session.execute(
            update(Notice)
            .where(among(Notice.id, ids), Notice.delivery == Delivery.QUEUED)
            .values(delivery=Delivery.SENT, sent_at=now, tries=Notice.tries + 1, error=None)
            .execution_options(synchronize_session=False)
        )


def _went_wrong(id_: int, epoch: int, problem: Exception, tries: int, now: datetime) -> str:
    if isinstance(problem, Undeliverable):
        _note(id_, epoch, delivery=Delivery.DEAD, tries=tries, error=str(problem)[:500])
        log.warning("a mail cannot be delivered", notice=id_, reason=str(problem))
        return "refused"
    if not isinstance(problem, Retry):
        log.error("a notice could not be put into words or sent", notice=id_, exc_info=problem)
    _try_later(id_, epoch, tries, f"{type(problem).__name__}: {problem}", now)
    return "failed"


def _try_later(id_: int, epoch: int, tries: int, error: str, now: datetime) -> None:
    if tries >= TRIES:
        _note(id_, epoch, delivery=Delivery.DEAD, tries=tries, error=error[:500])
    else:
        wait = timedelta(minutes=2 ** (tries - 1))
        _note(id_, epoch, tries=tries, due_at=now + wait, error=error[:500])


def _note(id_: int, epoch: int, **values: object) -> None:
    """Write down a failure; it counts only while the lease is ours."""
    with transaction():
        if not claims.is_held(WORK, id_, epoch):
            return
        db.session.execute(
            update(Notice)
            .where(Notice.id == id_, Notice.delivery == Delivery.QUEUED)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
