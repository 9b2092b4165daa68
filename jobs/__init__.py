"""The second doorway beside the views: what happens by itself. A job finds what is due and calls operations."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any

import structlog

from c2b.core import claims, progress
from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused

log = structlog.get_logger()

CHUNK = 100
SET = 500  # rows that one statement may be about
LEASE = 300.0  # seconds that a chunk may take before another process may take it over; renewed on the way

stopping = (
    threading.Event()
)  # set when the process is to end: the row in hand is finished, the rest is found again
roaming = (
    threading.Event()
)  # set where another process may get a job's next run: it leaves nothing in hand for that
listing: ContextVar[dict[str, list[int]] | None] = ContextVar("listing", default=None)  # see jobs.trial


class LostClaim(Exception):
    """Another process has taken the row over, because this one was away for longer than its lease."""


def each(
    ids: Iterable[int], operation: Callable[..., Any], *, now: datetime, work: str | None = None, **more: Any
) -> dict[str, int]:
    """Call `operation(id, now=now)` for each id: claimed with a lease, one transaction per row.

    A row that a rule refuses, or that another process holds, is passed over; a row that crashes rests for a while
    and stops no other. Returns how many were done, refused and failed.
    """
    work = work or _name(operation)
    result = {"done": 0, "refused": 0, "failed": 0}
    listed = listing.get()
    if listed is not None:
        listed.setdefault(work, []).extend(ids)
        return result
    ids = _counted(ids, work)
    for chunk in _chunks(ids):
        if stopping.is_set():
            break
        _work_off(chunk, partial(operation, now=now, **more), work, result)
    return result


def by_set(
    ids: Iterable[int],
    operation: Callable[..., Any],
    *,
    now: datetime,
    size: int = SET,
    work: str | None = None,
) -> dict[str, int]:
    """Call `operation(ids, now=now)` for many ids at once: claimed with a lease, one transaction for all of them.

    Where that fails, each is tried alone, so that one bad row stops no other. Returns the same as `each`.
    """
    work = work or _name(operation)
    result = {"done": 0, "refused": 0, "failed": 0}
    listed = listing.get()
    if listed is not None:
        listed.setdefault(work, []).extend(ids)
        return result
    ids = _counted(ids, work)
    for chunk in _chunks(ids, size):
        if stopping.is_set():
            break
        with transaction():
            held = claims.claim(work, chunk, seconds=LEASE)
        try:
            with transaction():
                operation(sorted(held), now=now)
                if not claims.finish_all(work, held):
                    raise LostClaim  # noqa: TRY301  # so that the transaction is rolled back
            result["done"] += len(held)
            progress.advance(len(held))
        except Exception:
            log.warning(
                "a set failed, so each is tried alone", work=work, rows=len(held), exc_info=len(held) > 1
            )
            _one_by_one(held, lambda id_: operation([id_], now=now), work, result)
    return result


def together(*counts: dict[str, int]) -> dict[str, int]:
    """The sums of what several operations of one job have done."""
    return {name: sum(one.get(name, 0) for one in counts) for name in counts[0]}


def _work_off(chunk: list[int], operation: Callable[[int], Any], work: str, result: dict[str, int]) -> None:
    with transaction():
        held = claims.claim(work, chunk, seconds=LEASE)
    _one_by_one({id_: held[id_] for id_ in chunk if id_ in held}, operation, work, result)


def _one_by_one(
    held: dict[int, int], operation: Callable[[int], Any], work: str, result: dict[str, int]
) -> None:
    since = monotonic()
    for id_ in list(held):
        if stopping.is_set():
            break
        if monotonic() - since > LEASE / 3:
            since = monotonic()
            with transaction():
                held = claims.extend(work, held, seconds=LEASE)
        if id_ in held and _one(id_, operation, work, held[id_], result):
            del held[id_]
        progress.advance()
    if held:  # refused, or not come to: not done, but free again
        with transaction():
            claims.release(work, list(held))


def _one(id_: int, operation: Callable[[int], Any], work: str, epoch: int, result: dict[str, int]) -> bool:
    """Whether the row's claim has been dealt with."""
    try:
        with transaction():
            operation(id_)
            if not claims.finish(work, id_, epoch):
                raise LostClaim  # noqa: TRY301  # so that the transaction is rolled back
    except LostClaim:
        log.warning("another process has taken this row over", work=work, item=id_)
    except (Refused, NotFound) as no:
        log.info("passed over", work=work, item=id_, reason=str(no))
        result["refused"] += 1
        return False
    except Exception as error:
        log.exception("a row failed", work=work, item=id_)
        result["failed"] += 1
        with transaction():
            claims.fail(work, id_, in_short(error), epoch=epoch)
    else:
        result["done"] += 1
    return True


def in_short(error: BaseException) -> str:
    """One line for operators: what went wrong, without the values of a statement."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:500]


def _counted(ids: Iterable[int], work: str) -> list[int]:
    """The rows of this run, of which its progress speaks."""
    rows = list(ids)
    progress.expect(work, len(rows))
    return rows


def _name(operation: Callable[..., Any]) -> str:
    while isinstance(operation, partial):
        operation = operation.func
    return f"{operation.__module__}.{operation.__qualname__}"


def _chunks(ids: Iterable[int], size: int = CHUNK) -> Iterator[list[int]]:
    iterator = iter(ids)
    while chunk := list(islice(iterator, size)):
        db.session.rollback()  # the query that found them has done its part
        yield chunk
