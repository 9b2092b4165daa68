"""What a webhook about a request of ours leads to: the provider is asked what became of it, and that is booked."""

from datetime import datetime

from c2b.core.db import transaction
from c2b.payments import attempts
from c2b.payments.attempts import Request
from c2b.payments.gateway import Outcome, gateway, look_up
from c2b.payments.inbox import DECIDED, Effect, NotYet, Told, handles
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState


@handles("request")
def hear_of_request(told: Told, now: datetime) -> Effect:
    """One answer is booked once, whoever brings it: the process that asked, a look-up, or any number of events."""
    with transaction():
        request = _request_of(told)
    if request is None:
        raise NotYet("it is about a request that we do not know")
    if request.state in DECIDED:
        return lambda: None
    outcome = look_up(gateway(), attempts.as_asked(request))
    if outcome is None:
        raise NotYet("the provider does not know this request")
    if outcome.state == AttemptState.UNKNOWN and outcome.code != attempts.WRONG_ANSWER:
        raise NotYet(f"the provider gave no answer ({outcome.code})")
    return lambda: _book(request, outcome, now)


def _book(request: Request, outcome: Outcome, now: datetime) -> None:
    attempts.book([(request, outcome)], now)


def _request_of(told: Told) -> Request | None:
    """The request it names by our key; where it has none, the last one that the provider knows by that name."""
    if told.key is None and told.reference is None:
        return None
    named = Attempt.key == told.key if told.key is not None else Attempt.reference == told.reference
    found = attempts.read(attempts.requests().where(named))
    return found[-1] if found else None
