"""The lives of an offer, a batch, a sample and a launch."""

from c2b.core.labels import LabelEnum
from c2b.core.machine import Machine
from c2b.core.text import mark as _l
from c2b.pipeline.stage import Stage

# Where an offer's life may end, besides its stages.
REJECTED = "rejected"
WITHDRAWN = "withdrawn"
LAPSED = "lapsed"  # a due date passed without what was asked for
RUNNER_UP = "runner_up"  # passed the final review; takes over when the winner falls out
NOT_CHOSEN = "not_chosen"
LAUNCHED = "launched"
FELL_THROUGH = "fell_through"  # the campaign was cancelled or failed after the offer had won

ENDINGS: dict[str, str] = {
    REJECTED: _l("Rejected"),
    WITHDRAWN: _l("Withdrawn"),
    LAPSED: _l("Lapsed"),
    RUNNER_UP: _l("Runner-up"),
    NOT_CHOSEN: _l("Not chosen"),
    LAUNCHED: _l("Launched"),
    FELL_THROUGH: _l("Fell through"),
}


def offer_machine(stages: tuple[Stage, ...]) -> Machine:
    """The life of an offer, drawn from the list of stages: each leads to the next, or out.

    A mended offer is not what was approved before: it goes through every gate after sign-up again.
    """
    keys = [stage.key for stage in stages]
    arrows: dict[str, set[str]] = {}
    for here, following in zip(keys, [*keys[1:], LAUNCHED], strict=True):
        arrows[here] = {following, REJECTED, WITHDRAWN, LAPSED, FELL_THROUGH}
        if here not in keys[:2]:
            arrows[here].add(keys[1])
    arrows["scheduling"] |= {RUNNER_UP, NOT_CHOSEN}
    arrows["launch"] |= {"scheduling"}  # the slot was given back
    arrows[RUNNER_UP] = {"scheduling", NOT_CHOSEN, WITHDRAWN, FELL_THROUGH}
    return Machine(initial=keys[0], arrows=arrows)


class BatchState(LabelEnum):
    """Where a batch stands between its dates."""

    OPEN = "open", _l("Sign-up open")
    REVIEW = "review", _l("Samples and review")
    DECIDED = "decided", _l("Decided")
    FINISHED = "finished", _l("Finished")


class SampleState(LabelEnum):
    """Where a sample is."""

    REQUESTED = "requested", _l("Asked for")
    SENT = "sent", _l("On its way")
    RECEIVED = "received", _l("Received")
    PASSED = "passed", _l("Passed")
    FAILED = "failed", _l("Failed")
    LAPSED = "lapsed", _l("Never came")


class LaunchState(LabelEnum):
    """How far a launch has come."""

    AUTHORISING = "authorising", _l("Checking cards")
    MENDING = "mending", _l("Waiting for cards to be mended")
    CAPTURING = "capturing", _l("Charging")
    SELLING = "selling", _l("Selling what is left")
    VOIDING = "voiding", _l("Releasing cards")
    UNWINDING = "unwinding", _l("Refunding everybody")
    FINISHED = "finished", _l("Finished")
    FAILED = "failed", _l("Failed")


B = BatchState
P = SampleState
L = LaunchState

BATCH = Machine(
    initial=B.OPEN,
    arrows={B.OPEN: {B.REVIEW}, B.REVIEW: {B.DECIDED}, B.DECIDED: {B.FINISHED}},
)

SAMPLE = Machine(
    initial=P.REQUESTED,
    arrows={
        P.REQUESTED: {P.SENT, P.LAPSED},
        P.SENT: {P.RECEIVED, P.LAPSED},
        P.RECEIVED: {P.PASSED, P.FAILED},
    },
)

LAUNCH = Machine(
    initial=L.AUTHORISING,
    arrows={
        L.AUTHORISING: {L.MENDING, L.CAPTURING, L.VOIDING},
        L.MENDING: {L.AUTHORISING, L.CAPTURING, L.VOIDING},  # back to authorising: the waiting list moves up
        L.CAPTURING: {L.SELLING, L.UNWINDING},
        L.SELLING: {L.FINISHED, L.UNWINDING},
        L.VOIDING: {L.FAILED},
        L.UNWINDING: {L.FAILED},  # cancelled after money was taken: all of it goes back
    },
)
