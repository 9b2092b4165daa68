"""How fast a provider is asked: one limit on requests per second for all processes, and a pause while it is down.

Whoever makes requests takes turns for them first, outside transactions, and uses the turns in its threads:

    with paced(provider.name, len(requests)) as turns:
        ... in each thread:  outcome = turns.take(lambda: send(provider, asked))

`take_turns` and `note_turns` are the two halves of it, for who has several parts on their way at once.

`take` waits until its turn has come. It raises NotNow, and nothing was sent, where the provider is to be left alone:
after five requests in a row without an answer nothing is asked for 30 s, then one probe goes out, and the pause is
doubled with each probe that fails, up to ten minutes; after "too many requests" nothing is asked for as long as the
provider says. What was not sent stays as it is, and is sent or looked up later. A drain asks `seconds_to_wait`
before it begins new requests, so that it does not begin what it cannot send.

All times are those of the database, so that processes on different machines agree.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic
from typing import Any, TypeVar

import structlog
from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from c2b.config import Config
from c2b.core.claims import database_time
from c2b.core.db import db, is_sqlite, must_be_outside_transaction, transaction
from c2b.payments.gateway import Outcome
from c2b.payments.models import ProviderPace
from c2b.payments.states import AttemptState

log = structlog.get_logger()

USUAL_RATE = 25.0  # requests in a second, which providers take by default
PATIENCE = 5  # unanswered requests in a row
PAUSE = 30.0  # seconds
LONGEST_PAUSE = 600.0
LONGEST_QUEUE = 30.0  # seconds; who would wait longer takes no turn, and comes again
ANSWERS = ("wrong_answer", "KeyReused")  # unknown outcomes, but the provider has answered

T = TypeVar("T")


class NotNow(Exception):
    """The provider is to be left alone now; the request was not sent."""


def rate_of(config: Config) -> float:
    """Requests in a second that this provider takes; 0: as many as one likes."""
    if config.provider_rate is not None:
        return config.provider_rate
    return 0.0 if config.gateway == "sandbox" else USUAL_RATE


def is_watched(config: Config) -> bool:
    """Whether turns are taken at all: the sandbox in this process needs none, unless a rate is set."""
    return config.gateway != "sandbox" or bool(config.provider_rate)


class Turns:
    """So many requests, each at its time; used by many threads, which need no database."""

    def __init__(self, allowed: int, begins_at: float = 0.0, interval: float = 0.0) -> None:
        self.allowed = allowed
        self.times = [begins_at + n * interval for n in range(allowed)]  # by this process's own clock
        self.retry_after: float | None = None
        self.unanswered = 0  # in a row, up to now
        self.answered = False
        self._used = 0
        self._lock = Lock()
        self._stopped = Event()

    def take(self, call: Callable[[], T]) -> T:
        """Make this call when its turn comes; NotNow where none is left, or the provider has stopped answering."""
        with self._lock:
            if self._used >= self.allowed or self._stopped.is_set():
                raise NotNow
            at = self.times[self._used]
            self._used += 1
        if self._stopped.wait(max(at - monotonic(), 0)):
            raise NotNow
        outcome = call()
        self._hear(outcome)
        return outcome

    @property
    def ended(self) -> bool:
        """Whether no more turns are given, as the provider is to be left alone."""
        return self._stopped.is_set()

    def end(self) -> None:
        """Whoever still waits for a turn gets none."""
        self._stopped.set()

    def _hear(self, outcome: object) -> None:
        with self._lock:
            if isinstance(outcome, Outcome) and outcome.retry_after is not None:
                self.retry_after = max(self.retry_after or 0, outcome.retry_after)
                self._stopped.set()
            elif isinstance(outcome, Outcome) and _is_silence(outcome):
                self.unanswered += 1
                if self.unanswered >= PATIENCE:
                    self._stopped.set()
                return
            self.unanswered, self.answered = 0, True


def _is_silence(outcome: Outcome) -> bool:
    return outcome.state == AttemptState.UNKNOWN and outcome.code not in ANSWERS


class _Free(Turns):
    """Turns at a provider that may be asked at any time."""

    def take(self, call: Callable[[], T]) -> T:
        if self._stopped.is_set():
            raise NotNow
        return call()


@contextmanager
def paced(provider: str, n: int, *, rate: float | None = None) -> Iterator[Turns]:
    """Turns for n requests; afterwards it is written down how the provider fared. Ends its own transactions."""
    turns = take_turns(provider, n, rate=rate)
    yield turns
    note_turns(provider, turns)


def take_turns(provider: str, n: int, *, rate: float | None = None) -> Turns:
    """Turns for n requests, to be given to `note_turns` when they are used. Ends its own transaction."""
    must_be_outside_transaction()
    config: Config = current_app.config["C2B"]
    if n == 0 or (rate is None and not is_watched(config)):
        return _Free(0)
    return _take_turns(provider, n, rate_of(config) if rate is None else rate)


def note_turns(provider: str, turns: Turns) -> None:
    """Write down how the provider fared in these turns, if at all. Ends its own transactions."""
    if turns.retry_after is not None:
        slow_down(provider, turns.retry_after)
    if turns.unanswered or turns.answered:
        _remember(provider, turns)


def seconds_to_wait(provider: str) -> float:
    """How long until the next new request could go out; 0: at once. A reading, which reserves nothing."""
    if not is_watched(current_app.config["C2B"]):
        return 0.0
    with transaction():
        row = db.session.execute(
            select(ProviderPace.next_at, ProviderPace.closed_until).where(ProviderPace.gateway == provider)
        ).first()
        return (
            max(row.next_at - now, row.closed_until - now, 0.0) if row and (now := database_time()) else 0.0
        )


def reserve(provider: str, n: int, *, rate: float) -> float:
    """Reserve the next n turns, 1/rate seconds apart; says how long to wait for the first. Ends its own transaction."""
    with transaction():
        _locked(provider)
        return _reserve(provider, n, rate, database_time())


def slow_down(provider: str, seconds: float) -> None:
    """The provider asked for a pause: no new turn begins earlier. Ends its own transaction."""
    with transaction():
        row = _locked(provider)
        _write(provider, next_at=max(row.next_at, database_time() + seconds))
    log.warning("provider_asks_to_wait", provider=provider, seconds=seconds)


def _take_turns(provider: str, n: int, rate: float) -> Turns:
    with transaction():
        row = _locked(provider)
        now = database_time()
        if row.closed_until > now or (rate and row.next_at > now + LONGEST_QUEUE):
            return Turns(0)
        if row.failures >= PATIENCE:  # it was down: one request finds out whether it is back
            n = 1
            _write(provider, closed_until=now + PAUSE)  # for all others, until the probe is back
        interval = 1 / rate if rate else 0.0
        wait = _reserve(provider, n, rate, now) if rate else max(row.next_at - now, 0.0)
    turns = Turns(n, monotonic() + wait, interval)
    turns.unanswered = PATIENCE - 1 if row.failures >= PATIENCE else row.failures
    return turns


def _reserve(provider: str, n: int, rate: float, now: float) -> float:
    begins = max(_locked(provider).next_at, now)
    _write(provider, next_at=begins + n / rate)
    return float(begins - now)


def _remember(provider: str, turns: Turns) -> None:
    with transaction():
        row = _locked(provider)
        if turns.unanswered < PATIENCE:
            changed = turns.answered or turns.unanswered > row.failures
            if changed and (row.failures, row.closed_until) != (turns.unanswered, 0):
                _write(provider, failures=turns.unanswered, closed_until=0)
            return
        now = database_time()
        probes = row.failures - PATIENCE + 1 if row.failures >= PATIENCE else 0
        pause = min(PAUSE * 2**probes, LONGEST_PAUSE)
        _write(provider, failures=PATIENCE + min(probes, 10), closed_until=now + pause)
    log.error("provider_does_not_answer", provider=provider, pause=pause)


def _locked(provider: str) -> Any:
    """The provider's row, held until the transaction ends; made where there is none."""
    query = (
        select(ProviderPace.next_at, ProviderPace.failures, ProviderPace.closed_until)
        .where(ProviderPace.gateway == provider)
        .with_for_update()
    )
    row = db.session.execute(query).first()
    if row is not None:
        return row
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(ProviderPace.__table__)
    first = {"gateway": provider, "next_at": 0.0, "failures": 0, "closed_until": 0.0}
    db.session.execute(insert.values(first).on_conflict_do_nothing())
    return db.session.execute(query).one()


def _write(provider: str, **values: float) -> None:
    db.session.execute(
        update(ProviderPace)
        .where(ProviderPace.gateway == provider)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
