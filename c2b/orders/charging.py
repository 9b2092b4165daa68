"""The charging of a launch: a drain that can be stopped anywhere and started again by anybody.

What is to be done is read from the states alone: goods set aside without an authorisation are authorised, after the
minimum is confirmed what is held is captured, or else let go. Each chunk is three acts: the attempts are committed,
the provider is asked with no transaction open, the answers are committed with all that follows from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.claims import renew
from c2b.core.db import db, get_or_404, transaction
from c2b.core.errors import Stale
from c2b.core.text import gettext as _
from c2b.orders import settling
from c2b.payments import attempts, windows
from c2b.payments.attempts import Wish
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

CHUNK = 200
LEASE = 120.0  # seconds that one chunk may take
WORK = "charge"


def charge_launch(launch_id: int, *, now: datetime) -> None:
    """Do all that can be done now about one launch's money. Ends its own transactions; may be repeated at will."""
    find_out_open(launch_id, now=now)
    done: str | None = None
    while (state := _state(launch_id)) != done:
        for step in STEPS.get(state, ()):
            _drain(launch_id, step, now)
        with transaction():
            settling.advance_launch(launch_id, now=now)
        done = state


def settle_launch(launch_id: int, *, now: datetime) -> None:
    """The window to mend cards is over, or nobody needs it any more: test the minimum again, and act on it."""
    find_out_open(launch_id, now=now)
    with transaction():
        over = get_or_404(Launch, launch_id).mend_until <= now
    if over:
        _drain(launch_id, END_CONFIRMATIONS, now)
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
            attempts.book(answered, now)


def _drain(launch_id: int, step: "Step", now: datetime) -> None:
    after = 0
    while True:
        with transaction():
            _keep(launch_id)
            launch = get_or_404(Launch, launch_id)
            chunk = _standing(launch, after)
            wishes = [wish for it in chunk if (wish := step.wish(launch, it, now)) is not None]
            requests = attempts.begin(step.purpose, wishes, now)
        if not chunk:
            return
        after = chunk[-1].pledge_id
        if requests:
            answered = attempts.ask(requests)
            with transaction():
                _keep(launch_id)
                attempts.book(answered, now)


def _keep(launch_id: int) -> None:
    """Keep the lease on this launch, or stop: another process has taken over."""
    if not renew(WORK, launch_id, seconds=LEASE):
        raise Stale(_("Another process is charging this launch."))


def _state(launch_id: int) -> str:
    with transaction():
        return str(db.session.scalar(select(Launch.state).where(Launch.id == launch_id)))


@dataclass(frozen=True, slots=True)
class Standing:
    """A pledge with goods set aside, and the last request of each kind about it."""

    pledge_id: int
    mandate_id: int
    units: int
    asked: dict[str, Attempt]

    @property
    def hold(self) -> Attempt | None:
        """The last request to hold its money."""
        return self.asked.get(Purpose.AUTHORISE)

    def waits(self) -> bool:
        """Whether its payment waits for the shopper's yes, and was not let go."""
        return (
            self.hold is not None and self.hold.state == S.REQUIRES_ACTION and Purpose.VOID not in self.asked
        )


def _standing(launch: Launch, after: int) -> list[Standing]:
    """The next chunk of the launch's pledges with goods set aside. Plain readings by index: no plan to go wrong."""
    rows = db.session.execute(
        select(Pledge.id, Pledge.mandate_id, Pledge.allocated)
        .where(
            Pledge.campaign_id == launch.campaign_id,
            Pledge.state == PledgeState.ALLOCATED,
            Pledge.id > after,
        )
        .order_by(Pledge.id)
        .limit(CHUNK)
    ).all()
    asked: dict[int, dict[str, Attempt]] = {row.id: {} for row in rows}
    for attempt in db.session.scalars(
        select(Attempt).where(Attempt.pledge_id.in_(asked)).order_by(Attempt.generation)
    ):
        asked[attempt.pledge_id][attempt.purpose] = attempt
    return [Standing(row.id, row.mandate_id, row.allocated, asked[row.id]) for row in rows]


def _about(launch: Launch, it: Standing, mandate_id: int, amount: int) -> Wish:
    return Wish(it.pledge_id, amount, launch.currency, launch.id, mandate_id)


def authorise(launch: Launch, it: Standing, _now: datetime) -> Wish | None:
    """Hold the money for goods that were set aside; further tries are up to the shopper."""
    return None if it.hold else _about(launch, it, it.mandate_id, launch.unit_price * it.units)


def capture(launch: Launch, it: Standing, _now: datetime) -> Wish | None:
    """Charge what is held and was not charged yet."""
    if it.hold is None or it.hold.state != S.SUCCEEDED or Purpose.CAPTURE in it.asked:
        return None
    return _about(launch, it, it.hold.mandate_id, it.hold.amount)


def let_go(launch: Launch, it: Standing, _now: datetime) -> Wish | None:
    """Let go of everything that is held, or waits to be."""
    if it.hold is None or it.hold.state not in HOLDING or Purpose.VOID in it.asked:
        return None
    return _about(launch, it, it.hold.mandate_id, it.hold.amount)


def end_confirmation(launch: Launch, it: Standing, now: datetime) -> Wish | None:
    """Let go of what still waits for a shopper's yes."""
    return let_go(launch, it, now) if it.waits() else None


def end_late(launch: Launch, it: Standing, now: datetime) -> Wish | None:
    """Let go of a purchase from the rest that was not confirmed in time."""
    if not it.waits() or it.hold is None:
        return None
    over = now >= launch.closes_at or it.hold.started_at <= now - windows.CONFIRM_LATE
    return let_go(launch, it, now) if over else None


HOLDING = (S.SUCCEEDED, S.REQUIRES_ACTION)


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked of the provider, and about which pledges."""

    purpose: Purpose
    wish: Callable[[Launch, Standing, datetime], Wish | None]


END_CONFIRMATIONS = Step(Purpose.VOID, end_confirmation)

STEPS: dict[str, tuple[Step, ...]] = {
    LaunchState.AUTHORISING: (Step(Purpose.AUTHORISE, authorise),),
    LaunchState.CAPTURING: (Step(Purpose.CAPTURE, capture),),
    LaunchState.VOIDING: (Step(Purpose.VOID, let_go),),
    LaunchState.SELLING: (
        Step(Purpose.AUTHORISE, authorise),
        Step(Purpose.VOID, end_late),
        Step(Purpose.CAPTURE, capture),
    ),
}
