"""What a stage of the pipeline is. The stages themselves are in stages/, their order is PIPELINE there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from c2b.core.access import Role
from c2b.core.labels import LabelEnum
from c2b.core.text import gettext
from c2b.core.text import mark as _l


class Ruling(LabelEnum):
    """What a stage says of an offer."""

    PASS = "pass", _l("Pass")
    WAIT = "wait", _l("Wait")  # the merchant can mend it: it stays in the stage
    REJECT = "reject", _l("Reject")


@dataclass(frozen=True)
class Verdict:
    """A ruling with its reason in words for the merchant, and what it was founded on."""

    ruling: Ruling
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)


Decide = Callable[[Any, datetime], Verdict | None]  # an Offer; None: it cannot be said yet
Enter = Callable[[Any, datetime], None]
WhyNot = Callable[[Any, datetime], str | None]


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    With `decide` a job judges as soon as it can; without, a person of role `owner` does, on the verdict page.
    Arrows, queue, verdict page, due dates, reminders and the job all read these fields.
    """

    key: str
    msgid: str
    owner: Role
    due: timedelta  # from entering the stage; `due_at` may fix a date instead
    decide: Decide | None = None
    ready: Callable[[datetime], Any] | None = None  # query of the offers it could decide by now; None: any
    enter: Enter | None = None  # what must be made when an offer arrives
    leave: Enter | None = None  # what must be tidied when it leaves, whichever way
    due_at: Callable[[Any, datetime], datetime] | None = None
    why_not_judge: WhyNot | None = None  # why a person cannot judge yet
    passes_needed: int = 1  # how many different people must pass it
    remind_before: timedelta = timedelta(days=1)
    lapses: bool = False  # whether the offer lapses when its time is over
    why_not_lapse: WhyNot | None = None  # what keeps it alive although its time is over

    @property
    def label(self) -> str:
        """Its name for people, translated."""
        return gettext(self.msgid)
