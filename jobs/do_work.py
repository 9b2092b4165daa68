"""Do the long work that people asked for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

import structlog
from flask_babel import force_locale

from c2b.core import claims
from c2b.core.db import db, lock, transaction
from c2b.core.errors import Refused
from c2b.core.text import gettext as _
from c2b.core.work import Work, WorkState, begin, finish, work_to_do
from jobs import LostClaim, in_short, roaming, stopping

EVERY = timedelta(seconds=5)
WORK = "work"
LEASE = 120.0  # seconds that one part may take before another process may take the work over
LOOK = 2.0  # seconds after which it looks for new work
MOST_AT_ONCE = 8
MOST_TRIES = 3
TURN = 20.0  # seconds after which the other jobs have their turn

log = structlog.get_logger()

Part = tuple[Work, Iterator[None], int]  # the work, its handler at work, the epoch of our claim
AT_WORK: dict[int, Part] = {}  # what this process has in hand, from one run to the next
ONE = Lock()  # what is in hand is in one thread's hand


def run(now: datetime) -> dict[str, int]:
    """A part of each in turn, so that nobody waits for a long one to end; the next run goes on where this one stops."""
    result = {"done": 0, "refused": 0, "failed": 0}
    if not ONE.acquire(blocking=False):
        return result
    try:
        return _run(now, result)
    finally:
        ONE.release()


def _run(now: datetime, result: dict[str, int]) -> dict[str, int]:
    began = looked = monotonic()
    _keep_hold()
    _take_more(result, now)
    while AT_WORK and not stopping.is_set() and (roaming.is_set() or monotonic() - began < TURN):
        if monotonic() - looked > LOOK:
            looked = monotonic()
            _keep_hold()
            _take_more(result, now)
        for work_id in list(AT_WORK):
            if _one_part(work_id, AT_WORK[work_id], result, now):
                del AT_WORK[work_id]
    if stopping.is_set():
        _let_go()
    return result


def due(now: datetime) -> list[int]:
    """What `--dry-run` lists."""
    return work_to_do()


def _take_more(result: dict[str, int], now: datetime) -> None:
    with transaction():
        waiting = [id_ for id_ in work_to_do() if id_ not in AT_WORK][: MOST_AT_ONCE - len(AT_WORK)]
        held = claims.claim(WORK, waiting, seconds=LEASE)
    for work_id, epoch in sorted(held.items()):
        try:
            with transaction():
                work, doing = begin(work_id, now=now)
            AT_WORK[work_id] = (work, doing, epoch)
        except Exception as problem:
            _give_up(work_id, epoch, problem, result, now)


def _keep_hold() -> None:
    """Renew the leases, and drop what another process has taken over meanwhile."""
    with transaction():
        held = claims.extend(WORK, {id_: part[2] for id_, part in AT_WORK.items()}, seconds=LEASE)
    for work_id in set(AT_WORK) - set(held):
        _close(AT_WORK.pop(work_id)[1])


def _let_go() -> None:
    """This process ends: another goes on at once."""
    for _work, doing, _epoch in AT_WORK.values():
        _close(doing)
    with transaction():
        claims.release(WORK, list(AT_WORK))
    AT_WORK.clear()


def _one_part(work_id: int, part: Part, result: dict[str, int], now: datetime) -> bool:
    """Do the next part and commit it with the progress; whether the work is over, or no longer ours."""
    work, doing, epoch = part
    try:
        with force_locale(work.locale), transaction():
            over = _next(work, doing, now)
            if not (claims.finish if over else claims.is_held)(WORK, work_id, epoch):
                raise LostClaim  # noqa: TRY301  # so that the transaction is rolled back
    except LostClaim:
        log.warning("another process has taken this work over", item=work_id)
        _close(doing)
    except Exception as problem:
        _close(doing)
        _give_up(work_id, epoch, problem, result, now)
    else:
        result["done"] += over
        return over
    return True


def _next(work: Work, doing: Iterator[None], now: datetime) -> bool:
    """Whether that was all of it."""
    if work not in db.session:
        db.session.add(work)  # from the run before, whose session is gone
    db.session.refresh(work)
    if work.cancel_asked_at is not None:
        _close(doing)
        finish(work, WorkState.CANCELLED, now=now)
        return True
    try:
        next(doing)
    except StopIteration:
        finish(work, WorkState.DONE, now=now)
        return True
    return False


def _give_up(work_id: int, epoch: int, problem: Exception, result: dict[str, int], now: datetime) -> None:
    """What a rule refused has failed; what crashed is tried again after a rest, and fails at the third time."""
    result["refused" if isinstance(problem, Refused) else "failed"] += 1
    if not isinstance(problem, Refused):
        log.error("work failed", item=work_id, exc_info=problem)
    with transaction():
        work = lock(Work, work_id)
        with force_locale(work.locale):
            work.tries += 1
            refused = isinstance(problem, Refused)
            if refused or work.tries >= MOST_TRIES:
                sentence = (
                    str(problem) if refused else _("Something went wrong on our side. It was written down.")
                )
                finish(work, WorkState.FAILED, now=now, message=sentence)
                claims.finish(WORK, work_id, epoch)
            else:
                claims.fail(WORK, work_id, in_short(problem), epoch=epoch)


def _close(doing: Iterator[None]) -> None:
    close = getattr(doing, "close", None)
    if close is not None:
        close()
