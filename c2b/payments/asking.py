"""The way to the provider and back: requests are sent, or looked up, by threads, with no transaction open.

A request is sent by the process that has just written it down or claimed it, and only within its lease: a process
that slept longer leaves it to the ladder of look-ups, which finds out first what became of it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic, sleep

from c2b.core.db import must_be_outside_transaction
from c2b.payments import gateway as door
from c2b.payments.gateway import Gateway, Outcome, gateway
from c2b.payments.requests import Request, as_asked
from c2b.payments.states import AttemptState, Purpose

Answered = list[tuple[Request, Outcome]]

WORKERS = 16
LEASE = (
    60.0  # seconds of this process's life in which a request may be sent; the first look-up comes after that
)
SEND_WITHIN = timedelta(
    hours=23
)  # of its beginning: a provider forgets keys after a day, later it is a new request
NEVER_ARRIVED = "never_arrived"
NEEDS_A_PAYMENT = (Purpose.CAPTURE, Purpose.VOID, Purpose.REFUND)


def ask(asked: Sequence[Request]) -> Answered:
    """Send requests that were just begun and committed, and wait for the answers; no transaction may be open.

    Those that could not be sent within their lease are missing among the answers.
    """
    must_be_outside_transaction()
    provider = gateway()
    return _in_threads(lambda request: _send(provider, request), asked)


def find_out(asked: Sequence[Request], now: datetime | None = None) -> Answered:
    """Look up requests whose answer is missing; where `now` is told, one that never arrived is dealt with.

    It is sent again with its own key while the provider would know that key, and else has failed for good.
    """
    must_be_outside_transaction()
    provider = gateway()

    def look(request: Request) -> Outcome | None:
        found = door.look_up(provider, as_asked(request))
        if found is not None or request.state == AttemptState.REQUIRES_ACTION or now is None:
            return found
        if now - request.started_at < SEND_WITHIN:
            return _send(provider, request)
        return Outcome(AttemptState.FAILED, code=NEVER_ARRIVED)

    return _in_threads(look, asked)


def _in_threads(call: Callable[[Request], Outcome | None], asked: Sequence[Request]) -> Answered:
    """Call for each, spread over the time that the provider's limit allows; those without an answer are left out."""
    if not asked:
        return []
    pace = _pace(len(asked))
    with ThreadPoolExecutor(min(WORKERS, len(asked))) as pool:
        answers = list(pool.map(lambda pair: _in_turn(call, *pair), zip(asked, pace, strict=True)))
    return [
        (request, outcome) for request, outcome in zip(asked, answers, strict=True) if outcome is not None
    ]


def _in_turn(call: Callable[[Request], Outcome | None], request: Request, at: float) -> Outcome | None:
    if (wait := at - monotonic()) > 0:
        sleep(wait)
    return call(request)


def _pace(n: int) -> list[float]:
    """When each of n requests may go out, by this process's own clock."""
    return [monotonic()] * n


def _send(provider: Gateway, request: Request) -> Outcome | None:
    if request.purpose in NEEDS_A_PAYMENT and not request.payment:
        return Outcome(AttemptState.FAILED, code="nothing_held")
    if monotonic() - request.read_at > LEASE:
        return None
    return door.send(provider, as_asked(request))
