"""The way to the provider and back: requests are sent, or looked up, by threads, with no transaction open.

A request is sent by the process that has just written it down or claimed it, and only within its lease: a process
that slept longer leaves it to the ladder of look-ups, which finds out first what became of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

from c2b.core.db import must_be_outside_transaction
from c2b.payments import gateway as door
from c2b.payments.askers import Askers
from c2b.payments.gateway import Gateway, Outcome, gateway
from c2b.payments.pace import seconds_to_wait
from c2b.payments.requests import Request, as_asked
from c2b.payments.states import AttemptState, Purpose

Answered = list[tuple[Request, Outcome]]

LEASE = 60.0  # seconds of this process's life in which a request may be sent; its first look-up comes later
SEND_WITHIN = timedelta(hours=23)  # of its beginning: a provider forgets keys after a day
NEVER_ARRIVED = "never_arrived"
NEEDS_A_PAYMENT = (Purpose.CAPTURE, Purpose.VOID, Purpose.REFUND)


def may_ask() -> bool:
    """Whether the provider takes requests soon; if not, nothing is begun that could not be sent within its lease."""
    return seconds_to_wait(gateway().name) < LEASE / 3


def askers() -> Askers:
    """Threads that ask the configured provider, for a drain that hands in chunk after chunk."""
    return Askers(gateway())


def hand_in(to: Askers, asked: Sequence[Request]) -> None:
    """Have requests sent that were just begun and committed; no transaction may be open."""
    to.put(asked, lambda request: _send(to.provider, request))


def answers(of: Askers) -> Answered:
    """The answers to the oldest chunk that was handed in.

    Those that could not be sent, within their lease or because the provider is left alone, are missing.
    """
    return [(request, outcome) for request, outcome in of.take() if outcome is not None]


def ask(asked: Sequence[Request]) -> Answered:
    """Send requests that were just begun and committed, and wait for the answers; no transaction may be open.

    Those that could not be sent, within their lease or because the provider is left alone, are missing.
    """
    must_be_outside_transaction()
    with askers() as threads:
        return _sent(threads, asked)


def find_out(asked: Sequence[Request], now: datetime | None = None) -> Answered:
    """Look up requests whose answer is missing; where `now` is told, one that never arrived is dealt with.

    It is sent again with its own key while the provider would know that key, and else has failed for good.
    """
    must_be_outside_transaction()
    with askers() as threads:
        return _found_out(threads, asked, now)


def _found_out(threads: Askers, asked: Sequence[Request], now: datetime | None) -> Answered:
    threads.put(asked, lambda request: door.look_up(threads.provider, as_asked(request)))
    looked = threads.take() if asked else []
    answered = [(request, found) for request, found in looked if found is not None]
    if now is None:
        return answered
    missing = [r for r, found in looked if found is None and r.state != AttemptState.REQUIRES_ACTION]
    known = [request for request in missing if now - request.started_at < SEND_WITHIN]
    late = [request for request in missing if now - request.started_at >= SEND_WITHIN]
    failed = [(request, Outcome(AttemptState.FAILED, code=NEVER_ARRIVED)) for request in late]
    return answered + failed + _sent(threads, known)


def _sent(threads: Askers, asked: Sequence[Request]) -> Answered:
    if not asked:
        return []
    hand_in(threads, asked)
    return answers(threads)


def _send(provider: Gateway, request: Request) -> Outcome | None:
    if request.purpose in NEEDS_A_PAYMENT and not request.payment:
        return Outcome(AttemptState.FAILED, code="nothing_held")
    if monotonic() - request.read_at > LEASE:
        return None
    return door.send(provider, as_asked(request))
