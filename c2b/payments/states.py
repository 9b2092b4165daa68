"""The life of one request for money."""

from c2b.core.labels import LabelEnum
from c2b.core.machine import Machine
from c2b.core.text import mark as _l


class Purpose(LabelEnum):
    """What is asked of the provider."""

    AUTHORISE = "authorise", _l("Authorise")
    CAPTURE = "capture", _l("Capture")
    VOID = "void", _l("Void")


class AttemptState(LabelEnum):
    """How far a request for money has come; succeeded and failed are final."""

    STARTED = "started", _l("Started")
    UNKNOWN = "unknown", _l("Answer not known")
    REQUIRES_ACTION = "requires_action", _l("Waits for the shopper")
    SUCCEEDED = "succeeded", _l("Succeeded")
    FAILED = "failed", _l("Failed")
    EXPIRED = "expired", _l("Expired")


S = AttemptState

ATTEMPT = Machine(
    initial=S.STARTED,
    arrows={
        S.STARTED: {S.SUCCEEDED, S.FAILED, S.REQUIRES_ACTION, S.UNKNOWN},
        S.UNKNOWN: {S.SUCCEEDED, S.FAILED, S.REQUIRES_ACTION},  # as the look-up says
        S.REQUIRES_ACTION: {S.SUCCEEDED, S.FAILED, S.EXPIRED},
    },
)
