"""The charging of a launch: a drain that can be stopped anywhere and started again by anybody.

What is to be done is read from the states alone: goods set aside without an authorisation are authorised, after the
minimum is confirmed what is held is captured, or else let go. Each chunk is three acts: the attempts are committed,
the provider is asked with no transaction open, the answers are committed with all that follows from them.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.claims import renew
from c2b.core.db import db, get_or_404, transaction
from c2b.core.errors import Stale
from c2b.core.text import gettext as _
from c2b.orders import attempts, settling
from c2b.orders.attempts import Request, Wish
from c2b.orders.outcomes import book
from c2b.payments import windows
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

CHUNK = 200
LEASE = 120.0  # seconds that one chunk may take
WORK = "charge"

Begin = Callable[[Launch, int, datetime], list[Request]]  # after which pledge the next chunk begins


def charge_launch(launch_id: int, *, now: datetime) -> None:
    """Do all that can be done now about one launch's money. Ends its own transactions; may be repeated at will."""
    find_out_open(launch_id, now=now)
    done: str | None = None
    while (state := _state(launch_id)) != done:
        for begin in STEPS.get(state, ()):
            _drain(launch_id, begin, now)
        with transaction():
            settling.advance_launch(launch_id, now=now)
        done = state


def settle_launch(launch_id: int, *, now: datetime) -> None:
    """The window to mend cards is over, or nobody needs it any more: test the minimum again, and act on it."""
    find_out_open(launch_id, now=now)
    with transaction():
        over = get_or_404(Launch, launch_id).mend_until <= now
    if over:
        _drain(launch_id, begin_ending_confirmations, now)
    charge_launch(launch_id, now=now)


def find_out_open(launch_id: int, *, now: datetime) -> None:
    """Look up what an earlier run asked without booking the answer, and what waited for a shopper."""
    last = 0
    while True:
        with transaction():
            _keep(launch_id)
            found = attempts.read(
                attempts.requests()
                .where(
                    Attempt.launch_id == launch_id, Attempt.state.in_(attempts.IN_FLIGHT), Attempt.id > last
                )
                .limit(CHUNK)
            )
        if not found:
            return
        last = found[-1].attempt_id
        answered = attempts.find_out(found)
        with transaction():
            _keep(launch_id)
            book(answered, now)


def _drain(launch_id: int, begin: Begin, now: datetime) -> None:
    after = 0
    while True:
        with transaction():
            _keep(launch_id)
            requests = begin(get_or_404(Launch, launch_id), after, now)
        if not requests:
            return
        after = max(request.pledge_id for request in requests)
        answered = attempts.ask(requests)
        with transaction():
            _keep(launch_id)
            book(answered, now)


def _keep(launch_id: int) -> None:
    """Keep the lease on this launch, or stop: another process has taken over."""
    if not renew(WORK, launch_id, seconds=LEASE):
        raise Stale(_("Another process is charging this launch."))


def _state(launch_id: int) -> str:
    with transaction():
        return str(db.session.scalar(select(Launch.state).where(Launch.id == launch_id)))


def begin_authorisations(launch: Launch, after: int, now: datetime) -> list[Request]:
    """First requests for goods that were set aside; later ones are up to the shopper."""
    rows = db.session.execute(
        select(Pledge.id, Pledge.mandate_id, Pledge.allocated)
        .where(*set_aside_of(launch), Pledge.id > after, ~asked_for(Purpose.AUTHORISE))
        .order_by(Pledge.id)
        .limit(CHUNK)
    )
    wishes = [Wish(id_, mandate_id, launch.unit_price * units) for id_, mandate_id, units in rows]
    return attempts.begin(launch.id, launch.currency, Purpose.AUTHORISE, wishes, now)


def begin_captures(launch: Launch, after: int, now: datetime) -> list[Request]:
    """Charge what is held and was not charged yet."""
    return _begin_on_holds(
        launch, Purpose.CAPTURE, after, now, *set_aside_of(launch), Attempt.state == AttemptState.SUCCEEDED
    )


def begin_voids(launch: Launch, after: int, now: datetime) -> list[Request]:
    """Let go of everything that is held or waits to be."""
    return _begin_on_holds(launch, Purpose.VOID, after, now, Attempt.state.in_(HOLDING))


def begin_ending_confirmations(launch: Launch, after: int, now: datetime) -> list[Request]:
    """Let go of what still waits for a shopper's yes."""
    return _begin_on_holds(
        launch, Purpose.VOID, after, now, *set_aside_of(launch), Attempt.state == AttemptState.REQUIRES_ACTION
    )


def begin_ending_late(launch: Launch, after: int, now: datetime) -> list[Request]:
    """Let go of purchases from the rest that were not confirmed in time."""
    return _begin_on_holds(
        launch,
        Purpose.VOID,
        after,
        now,
        *set_aside_of(launch),
        Attempt.state == AttemptState.REQUIRES_ACTION,
        Attempt.started_at <= now - windows.CONFIRM_LATE if now < launch.closes_at else Attempt.id > 0,
    )


HOLDING = (AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)

STEPS: dict[str, tuple[Begin, ...]] = {
    LaunchState.AUTHORISING: (begin_authorisations,),
    LaunchState.CAPTURING: (begin_captures,),
    LaunchState.VOIDING: (begin_voids,),
    LaunchState.SELLING: (begin_authorisations, begin_ending_late, begin_captures),
}


def _begin_on_holds(
    launch: Launch, purpose: Purpose, after: int, now: datetime, *narrowed: ColumnElement[bool]
) -> list[Request]:
    rows = db.session.execute(
        select(Attempt.pledge_id, Attempt.mandate_id, Attempt.amount)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .where(
            Attempt.launch_id == launch.id,
            Attempt.purpose == Purpose.AUTHORISE,
            Pledge.id > after,
            ~asked_for(purpose),
            *narrowed,
        )
        .order_by(Pledge.id)
        .limit(CHUNK)
    )
    wishes = [Wish(*row) for row in rows]
    return attempts.begin(launch.id, launch.currency, purpose, wishes, now)


def set_aside_of(launch: Launch) -> tuple[ColumnElement[bool], ...]:
    """The pledges of a launch for which goods are set aside."""
    return Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED


def asked_for(purpose: Purpose) -> ColumnElement[bool]:
    """Whether the provider was ever asked this about a pledge."""
    earlier = aliased(Attempt)
    return select(earlier.id).where(earlier.pledge_id == Pledge.id, earlier.purpose == purpose).exists()
