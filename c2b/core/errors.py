"""The three ways an operation says no. Raised anywhere, answered in one place (web/errors.py, jobs.each)."""


class Refused(Exception):
    """A rule said no. The message is shown to the person, so write it for them."""

    status = 409


class Stale(Refused):
    """Somebody else was faster: the record is no longer as it was when the person looked."""


class NotFound(Exception):
    """No such record, or it is not this person's; both look the same from outside."""

    status = 404


def refuse(reason: str | None) -> None:
    """Raise Refused with the reason that a rule gave; do nothing where it gave none."""
    if reason is not None:
        raise Refused(reason)
