"""The charging of a launch: a drain that can be stopped anywhere and taken up again by anybody, by many at once.

What is to be done is read from the states alone: goods set aside without an authorisation are authorised, after the
minimum is confirmed what is held is captured, or else let go. Each chunk is three acts: the attempts are committed,
threads without a transaction ask the provider, the answers are committed with all that follows from them. The row of
an attempt is the claim on it. Answers that are missing are no business of the drain: the ladder looks them up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core import progress
from c2b.core.db import db, transaction
from c2b.orders import rules, settling
from c2b.orders.standing import (
    Candidates,
    Standing,
    by_expiry,
    by_pledge,
    declined_for_now,
    not_asked,
    run_out,
    standing,
    unconfirmed,
)
from c2b.payments import attempts, windows
from c2b.payments.askers import AHEAD
from c2b.payments.asking import may_ask
from c2b.payments.attempts import Wish
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

Stop = Callable[[], bool]
MOST = 20  # chunks of one launch before others have their turn


def _never() -> bool:
    return False


def charge_launch(launch_id: int, *, now: datetime, most: int | None = None, stop: Stop = _never) -> bool:
    """Do what can be done now about one launch's money, at most so many chunks of it; whether something is left.

    Ends its own transactions; may be repeated at will, by any number of processes at the same time.
    """
    while True:
        state = _state(launch_id)
        _expect(launch_id, state)
        for step in STEPS.get(state, ()):
            if not _drain(launch_id, step, now, most, stop):
                return may_ask()  # a provider that is to be left alone is asked by a later run
        with transaction():
            settling.advance_launch(launch_id, now=now)
        if _state(launch_id) == state:
            return False


def _expect(launch_id: int, state: str) -> None:
    """For who listens: about as many requests as there are pledges with goods set aside."""
    if STEPS.get(state) and progress.is_heard():
        with transaction():
            campaign = select(Launch.campaign_id).where(Launch.id == launch_id).scalar_subquery()
            mine = (Pledge.campaign_id == campaign, Pledge.state == PledgeState.ALLOCATED)
            waiting = db.session.scalar(select(func.count()).select_from(Pledge).where(*mine)) or 0
        progress.expect((launch_id, state), waiting)


def _drain(launch_id: int, step: "Step", now: datetime, most: int | None, stop: Stop) -> bool:
    """Ask for everything of one kind, chunk by chunk; False where it ended before it was through.

    While one chunk is asked about, the answers of the one before are booked and the next is begun.
    """
    after: object = None
    asked, through = 0, False
    with attempts.askers() as threads:
        while True:
            while not through and len(threads) < AHEAD and _goes_on(asked, most, stop):
                with transaction():
                    requests, after = _begin(launch_id, step, after, now)
                through = after is None
                if requests:
                    asked += 1
                    attempts.hand_in(threads, requests)
            if not len(threads):
                return through
            answered = attempts.answers(threads)
            with transaction():
                attempts.book(answered, now)
            progress.advance(len(answered))


def _goes_on(asked: int, most: int | None, stop: Stop) -> bool:
    """Whether another chunk may be begun now."""
    return not stop() and (most is None or asked < most) and may_ask()


def _begin(
    launch_id: int, step: "Step", after: object, now: datetime
) -> tuple[list[attempts.Request], object]:
    """Write down the requests of the next chunk, while the launch cannot go on to another state."""
    launch = db.session.get_one(
        Launch, launch_id, with_for_update={"read": True}, populate_existing=True
    )  # shared by all who drain it, against whoever decides on it
    if step not in STEPS.get(launch.state, ()):
        return [], None
    ids, after = step.candidates(launch, now, after)
    wishes = [wish for it in standing(launch, ids) if (wish := step.wish(launch, it, now)) is not None]
    return attempts.begin(step.purpose, wishes, now), after


def _state(launch_id: int) -> str:
    with transaction():
        return str(db.session.scalar(select(Launch.state).where(Launch.id == launch_id)))


def _about(launch: Launch, it: Standing, mandate_id: int, amount: int, generation: int) -> Wish:
    if (
        amount > it.ceiling * it.units
    ):  # the last guard before money moves (I-19): the launch stops, and it shows
        raise RuntimeError(f"pledge {it.pledge_id} would pay more than its ceiling")
    return Wish(it.pledge_id, amount, launch.currency, launch.id, mandate_id, generation)


def authorise(launch: Launch, it: Standing, _now: datetime) -> Wish | None:
    """Hold the money for goods that were set aside."""
    return None if it.hold else _hold(launch, it)


def _hold(launch: Launch, it: Standing) -> Wish:
    generation = it.hold.generation + 1 if it.hold else 1
    return _about(launch, it, it.mandate_id, launch.unit_price * it.units, generation)


def try_again(launch: Launch, it: Standing, now: datetime) -> Wish | None:
    """Try the card again that its bank declined for now, at the times set for it."""
    if it.hold is None or it.hold.state != S.FAILED or it.hold.retry_at is None or it.hold.retry_at > now:
        return None
    return _hold(launch, it) if now < launch.mend_until else None


def hold_again(launch: Launch, it: Standing, now: datetime) -> Wish | None:
    """Hold the money again where the provider has let go of it before it was charged (F-39)."""
    if it.hold is None or it.hold.state != S.SUCCEEDED or it.is_held(now) or it.is_being(Purpose.CAPTURE):
        return None
    return None if it.is_being(Purpose.VOID) else _hold(launch, it)


def capture(launch: Launch, it: Standing, now: datetime) -> Wish | None:
    """Charge what is held and was not charged yet."""
    if it.hold is None or not it.is_held(now) or it.is_being(Purpose.CAPTURE):
        return None
    last = it.asked.get(Purpose.CAPTURE)
    return _about(launch, it, it.hold.mandate_id, it.hold.amount, last.generation + 1 if last else 1)


def let_go(launch: Launch, it: Standing, now: datetime) -> Wish | None:
    """Let go of everything that is held, or waits to be."""
    if it.hold is None or Purpose.VOID in it.asked or not (it.is_held(now) or it.waits()):
        return None
    return _about(launch, it, it.hold.mandate_id, it.hold.amount, 1)


def end_confirmation(launch: Launch, it: Standing, now: datetime) -> Wish | None:
    """Let go of what still waits for a shopper's yes when the time for it is over."""
    if not it.waits() or it.hold is None:
        return None
    single = it.late or launch.topped_up_at is not None or launch.state == LaunchState.SELLING
    if launch.state == LaunchState.CAPTURING:
        over = it.hold.started_at <= now - windows.CONFIRM_AGAIN
    elif single:
        closed = it.late and now >= launch.closes_at
        over = closed or it.hold.started_at <= now - windows.CONFIRM_LATE
    else:
        over = now >= rules.window_end(launch, it.hold)
    return let_go(launch, it, now) if over else None


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked of the provider, about which pledges, and whether about this one."""

    purpose: Purpose
    candidates: Candidates
    wish: Callable[[Launch, Standing, datetime], Wish | None]


AUTHORISE = Step(Purpose.AUTHORISE, not_asked, authorise)
RETRY = Step(Purpose.AUTHORISE, declined_for_now, try_again)
HOLD_AGAIN_EARLY = Step(Purpose.AUTHORISE, run_out, hold_again)  # nothing is charged yet, so few have run out
HOLD_AGAIN = Step(Purpose.AUTHORISE, by_pledge, hold_again)
END_CONFIRMATIONS = Step(Purpose.VOID, unconfirmed, end_confirmation)
CAPTURE_IN_TIME = Step(Purpose.CAPTURE, by_expiry, capture)  # those first whose hold runs out first
CAPTURE = Step(Purpose.CAPTURE, by_pledge, capture)

STEPS: dict[str, tuple[Step, ...]] = {
    LaunchState.AUTHORISING: (AUTHORISE, END_CONFIRMATIONS),
    LaunchState.MENDING: (RETRY, HOLD_AGAIN_EARLY, END_CONFIRMATIONS),
    LaunchState.CAPTURING: (CAPTURE_IN_TIME, HOLD_AGAIN, CAPTURE, END_CONFIRMATIONS),
    LaunchState.VOIDING: (Step(Purpose.VOID, by_pledge, let_go),),
    LaunchState.SELLING: (AUTHORISE, END_CONFIRMATIONS, HOLD_AGAIN, CAPTURE),
}
