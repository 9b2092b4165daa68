"""What an operator may do to people and dates; each answers with the sentence that says why not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from c2b.core.access import Role
from c2b.core.text import gettext as _

GRANTED_HERE = (Role.REVIEWER, Role.OPERATOR)  # a merchant's role comes with a place in a firm
DATES = ("opens_at", "signup_closes_at", "samples_due_at", "review_at", "launch_from", "launch_until")
CHANGED_IN = ("open", "review")


def why_not_change_role(person: Any, role: Role, *, take: bool, by: int, others: int) -> str | None:
    """`others` is how many other people have the role."""
    if role not in GRANTED_HERE:
        return _("This role is not given here.")
    if take and not person.has_role(role):
        return _("%(name)s does not have this role.", name=person.name)
    if not take and person.has_role(role):
        return _("%(name)s has this role already.", name=person.name)
    if take and role == Role.OPERATOR and person.id == by:
        return _("You cannot take your own role away; ask another operator.")
    if take and role == Role.OPERATOR and others == 0:
        return _("There must be one operator at least.")
    if not take and not person.is_active:
        return _("This account is closed.")
    return None


def why_not_close(person: Any, *, by: int) -> str | None:
    """Whether an account may be closed."""
    if person.id == by:
        return _("You cannot close your own account here.")
    if not person.is_active:
        return _("This account is closed already.")
    return None


def why_not_dates(
    state: str, old: Mapping[str, datetime], new: Mapping[str, datetime], now: datetime
) -> str | None:
    """Whether a batch may have these dates: in order, and nothing that has happened moves."""
    if state not in CHANGED_IN:
        return _("This batch is decided; its dates stay.")
    values = [new[name] for name in DATES]
    if any(first >= second for first, second in pairwise(values)):
        return _("The dates must follow one another in this order.")
    for name in DATES:
        if new[name] != old[name] and old[name] <= now:
            return _("A date that has passed cannot be changed.")
        if new[name] != old[name] and new[name] <= now:
            return _("A new date must be in the time to come.")
    return None


def why_not_launch_days(booked: Sequence[datetime], new: Mapping[str, datetime]) -> str | None:
    """Whether the launches that are booked already stay within the batch."""
    outside = [at for at in booked if not new["launch_from"] <= at < new["launch_until"]]
    if outside:
        return _("A launch is booked outside these days; give its place back first.")
    return None
