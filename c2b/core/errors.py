"""The ways an operation says no. Raised anywhere, answered in one place (web/errors.py, jobs.each)."""


class Refused(Exception):
    """A rule said no. The message is shown to the person, so write it for them."""

    status = 409


class Stale(Refused):
    """Somebody else was faster: the record is no longer as it was when the person looked."""


class NotFound(Exception):
    """No such record, or it is not this person's; both look the same from outside."""

    status = 404


class TooBusy(Exception):
    """Too many came at once for this one to have its turn in time; `may_be_done` where nobody knows what came of it."""

    status = 503

    def __init__(self, *, may_be_done: bool = False) -> None:
        super().__init__("too many came at once")
        self.may_be_done = may_be_done


def refuse(reason: str | None) -> None:
    """Raise Refused with the reason that a rule gave; do nothing where it gave none."""
    if reason is not None:
        raise Refused(reason)
