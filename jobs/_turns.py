"""Work that any number of processes share: no row is claimed, as what is done claims its own parts."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog

from c2b.core.db import db
from c2b.core.errors import NotFound, Refused
from jobs import listing, stopping

log = structlog.get_logger()


def in_turn(
    ids: Iterable[int], operation: Callable[..., bool], *, now: datetime, most: int, work: str
) -> dict[str, int]:
    """Call `operation(id, now=now, most=…, stop=…)` for each id in turn, until it says of each that nothing is left.

    Nobody waits for a long one to end: where there are several, each does a part at a time. One that crashes is tried
    again by the next run and stops no other.
    """
    result = {"done": 0, "refused": 0, "failed": 0}
    waiting = list(ids)
    listed = listing.get()
    if listed is not None:
        listed.setdefault(work, []).extend(waiting)
        return result
    db.session.rollback()  # the query that found them has done its part
    while waiting and not stopping.is_set():
        part = most if len(waiting) > 1 else None
        waiting = [id_ for id_ in waiting if _one(id_, operation, now, part, work, result)]
    return result


def _one(
    id_: int,
    operation: Callable[..., Any],
    now: datetime,
    most: int | None,
    work: str,
    result: dict[str, int],
) -> bool:
    """Whether it has more to do."""
    if stopping.is_set():
        return False
    try:
        if operation(id_, now=now, most=most, stop=stopping.is_set):
            return True
    except (Refused, NotFound) as no:
        log.info("passed over", work=work, item=id_, reason=str(no))
        result["refused"] += 1
    except Exception:
        log.exception("a row failed", work=work, item=id_)
        result["failed"] += 1
    else:
        result["done"] += 1
    finally:
        db.session.rollback()
    return False
