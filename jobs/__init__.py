"""The second doorway beside the views: what happens by itself. A job finds what is due and calls operations."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import structlog

from c2b.core.claims import claim, fail, release
from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused

log = structlog.get_logger()

CHUNK = 100
LEASE = 300.0  # seconds that a chunk may take before another process may take it over


def each(
    ids: Iterable[int], operation: Callable[..., Any], *, now: datetime, work: str | None = None, **more: Any
) -> dict[str, int]:
    """Call `operation(id, now=now)` for each id: claimed with a lease, one transaction per row.

    A row that a rule refuses, or that another process holds, is passed over; a row that crashes rests for a while
    and stops no other. Returns how many were done, refused and failed.
    """
    work = work or f"{operation.__module__}.{operation.__qualname__}"
    result = {"done": 0, "refused": 0, "failed": 0}
    for chunk in _chunks(ids):
        with transaction():
            taken = claim(work, chunk, seconds=LEASE)
        finished = [id_ for id_ in chunk if id_ in taken and _one(id_, operation, now, work, result, more)]
        with transaction():
            release(work, finished)
    return result


def _one(
    id_: int, operation: Callable[..., Any], now: datetime, work: str, result: dict[str, int], more: dict[str, Any]
) -> bool:
    try:
        with transaction():
            operation(id_, now=now, **more)
    except (Refused, NotFound) as no:
        log.info("passed over", work=work, item=id_, reason=str(no))
        result["refused"] += 1
        return True
    except Exception as error:
        log.exception("a row failed", work=work, item=id_)
        result["failed"] += 1
        with transaction():
            fail(work, id_, f"{type(error).__name__}: {error}")
        return False
    result["done"] += 1
    return True


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(ids)
    while chunk := list(islice(iterator, CHUNK)):
        db.session.rollback()  # the query that found them has done its part
        yield chunk
