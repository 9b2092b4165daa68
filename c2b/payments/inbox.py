"""What providers tell us by webhook: kept as it came, worked off once, in any order and however often it is told.

An event is a hint only: a handler asks the provider what is true, with no transaction open, and returns the effect.
The effect is carried out in the one transaction that also marks the event as done. A feature registers with
`handles` for the kinds of event that are its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from c2b.core.db import db, end_transaction, is_sqlite, transaction
from c2b.core.errors import NotFound, Refused
from c2b.core.events import record
from c2b.payments.gateway import ProviderEvent, gateway
from c2b.payments.models import Attempt, InboxEvent
from c2b.payments.states import AttemptState

log = structlog.get_logger()

LARGEST = 256 * 1024  # bytes of a body
LONGEST = 255  # of a name in it
TRIES = 5
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)  # after each try; the last one only where the process died in it
AT_ONCE = 2000  # events in one run of the job
DECIDED = (AttemptState.SUCCEEDED, AttemptState.FAILED)


class NotYet(Exception):
    """What an event is about is not known, here or at the provider; it is tried again. The message is for operators."""


class Overtaken(Exception):
    """Another process has taken this event up, because this one was away for too long."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event that is being worked on. Its body stays in its row, out of every log."""

    number: int
    provider: str
    kind: str
    key: str | None
    reference: str | None
    received_at: datetime
    tries: int


Effect = Callable[[], str | None]  # runs inside the transaction; may return a note for operators
Handler = Callable[[Told, datetime], Effect]
HANDLERS: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register who works off events of this kind; called outside transactions, its effect inside one."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


def receive(provider: str, body: bytes, headers: Mapping[str, str], now: datetime) -> bool:
    """Keep an event that the provider sent; False where it was told before. It is durable when this returns.

    Raises BadSignature, or ValueError for a body that makes no sense. Ends its own transaction.
    """
    end_transaction()
    try:
        event = gateway().read_event(body, headers)
    except RecursionError:
        raise ValueError("a body that is nested too deeply") from None
    _must_make_sense(event)
    with transaction():
        return _keep(provider, event, body, now)


def _must_make_sense(event: ProviderEvent) -> None:
    for name in (event.id, event.kind, event.key or "", event.reference or ""):
        if not isinstance(name, str) or len(name) > LONGEST or not name.isprintable():
            raise ValueError("a name that is no name")
    if not event.id:
        raise ValueError("an event without a name")


def _keep(provider: str, event: ProviderEvent, body: bytes, now: datetime) -> bool:
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(InboxEvent.__table__)
    kept = db.session.scalar(
        insert.values(
            provider=provider,
            event_id=event.id,
            kind=event.kind,
            key=event.key,
            reference=event.reference,
            body=body if event.kept is None else event.kept,
            received_at=now,
            due_at=now,
            tries=0,
        )
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(InboxEvent.__table__.c.id)
    )
    return kept is not None


WAITING = InboxEvent.done_at.is_(None) & InboxEvent.dead_at.is_(None)


def events_due(now: datetime) -> list[int]:
    """Events to be worked off, the longest due first."""
    return list(
        db.session.scalars(
            select(InboxEvent.id)
            .where(WAITING, InboxEvent.due_at <= now)
            .order_by(InboxEvent.due_at, InboxEvent.id)
            .limit(AT_ONCE)
        )
    )


def pass_over_decided(now: datetime) -> int:
    """Mark events as done whose request has had its answer already; nearly all have, so it is one statement."""
    decided = exists().where(Attempt.key == InboxEvent.key, Attempt.state.in_(DECIDED))
    done = db.session.scalars(
        update(InboxEvent)
        .where(WAITING, InboxEvent.due_at <= now, InboxEvent.kind == "request", decided)
        .values(done_at=now, error=None)
        .returning(InboxEvent.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def work_off(number: int, *, now: datetime) -> None:
    """Work on one event: done, or tried again later, or given up. Ends its own transactions; may be repeated."""
    with transaction():
        told = _take(number, now)
    if told is None:
        return
    try:
        effect = HANDLERS.get(told.kind, _nothing_to_do)(told, now)
        with transaction():
            _finish(told, effect(), now)
    except Overtaken:
        log.warning("another process has taken this event over", number=number)
    except Exception as problem:
        db.session.rollback()
        if not isinstance(problem, NotYet):
            log.exception("an event failed", number=number, kind=told.kind)
        with transaction():
            _try_later(told, problem, now)


def _take(number: int, now: datetime) -> Told | None:
    """Count the try before it begins, so that an event that kills its process is given up as well."""
    spent = select(InboxEvent.tries).where(InboxEvent.id == number, WAITING, InboxEvent.due_at <= now)
    tries = db.session.scalar(spent.with_for_update())
    if tries is None:
        return None
    mine = (InboxEvent.id == number) & (InboxEvent.tries == tries) & WAITING
    if tries >= TRIES:
        _write(mine, dead_at=now, error="the process ended while it worked on this")
        return None
    row = db.session.execute(
        update(InboxEvent)
        .where(mine)
        .values(tries=tries + 1, due_at=now + WAITS[tries])
        .returning(
            InboxEvent.provider,
            InboxEvent.kind,
            InboxEvent.key,
            InboxEvent.reference,
            InboxEvent.received_at,
            InboxEvent.tries,
        )
        .execution_options(synchronize_session=False)
    ).first()
    return Told(number, *row) if row else None


def _finish(told: Told, note: str | None, now: datetime) -> None:
    if not _write(_still_mine(told), done_at=now, error=None, note=note):
        raise Overtaken


def _try_later(told: Told, problem: Exception, now: datetime) -> None:
    dead = {"dead_at": now} if told.tries >= TRIES else {}
    _write(_still_mine(told), error=_in_short(problem), **dead)


def _still_mine(told: Told) -> Any:
    return (InboxEvent.id == told.number) & (InboxEvent.tries == told.tries) & WAITING


def _write(where: Any, **values: Any) -> bool:
    changed = db.session.scalar(
        update(InboxEvent)
        .where(where)
        .values(**values)
        .returning(InboxEvent.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


def _in_short(problem: Exception) -> str:
    """Our own sentences as they are; of anything else the kind alone, as its words may hold what must not be shown."""
    if isinstance(problem, NotYet | Refused):
        return str(problem)[:500]
    return type(problem).__name__


def _nothing_to_do(_told: Told, _now: datetime) -> Effect:
    return lambda: "nothing to do"


def try_again(number: int, *, by: int, now: datetime) -> None:
    """Let an event that was given up be tried from the beginning."""
    event = db.session.get(InboxEvent, number, with_for_update=True, populate_existing=True)
    if event is None or event.dead_at is None:
        raise NotFound
    event.dead_at, event.tries, event.due_at = None, 0, now
    record(event, "inbox_event.again", by=by, at=now)
