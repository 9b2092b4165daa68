"""Who is asking: what every request needs to know of a signed-in person, kept in the process for less than a second.

The signed session names the person and the version of their sessions. Whether that version still holds, their roles
and their name are read in one statement at most once a second for each process, so that an end of sessions, a closed
account and a role taken away are known everywhere within a second, and at once in the process that did it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import current_app, has_app_context
from flask_login import UserMixin
from sqlalchemy import bindparam, event, select

from c2b.accounts.models import RoleGrant, User
from c2b.core.access import Role
from c2b.core.db import db, get_or_404, glance
from c2b.core.events import Event

EXTENSION = "c2b.people"
FRESH = 0.9  # seconds; the answer takes a moment too
MOST = 50_000  # people
CHANGED = "changed people"  # what a session's notes call those who are different after its commit


class Person(UserMixin):
    """The person of a session, as the database knew them a moment ago; anything further is read from the record."""

    is_active = True

    def __init__(self, row: Any, roles: frozenset[Role]) -> None:
        self.id, self.name, self.email, self.locale, self.session_version = row[:5]
        self.roles = roles
        self.is_staff = bool(roles & {Role.REVIEWER, Role.OPERATOR})

    def has_role(self, role: Role) -> bool:
        """Whether the person may act as `role`."""
        return role in self.roles

    def get_id(self) -> str:
        """What the session remembers."""
        return f"{self.id}.{self.session_version}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(get_or_404(User, self.__dict__["id"]), name)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read, and when."""

    person: Person | None
    read_at: float


def person_of(remembered: str, ask: Callable[[int], Person | None] | None = None) -> Person | None:
    """The person of a session, unless the session was ended or the account closed since.

    `ask` reads somebody who is not known yet, where that is done together with something else.
    """
    id_, _dot, version = remembered.partition(".")
    if not (id_.isascii() and id_.isdigit() and len(id_) < 19):
        return None
    person = _known(int(id_), ask or _read)
    return person if person is not None and str(person.session_version) == version else None


def _known(user_id: int, ask: Callable[[int], Person | None]) -> Person | None:
    people: dict[int, _Known] = current_app.extensions.setdefault(EXTENSION, {})
    found, now = people.get(user_id), time.monotonic()
    if found is None or now - found.read_at > FRESH:
        if len(people) >= MOST:
            people.clear()
        found = people[user_id] = _Known(ask(user_id), now)
    return found.person


def _read(user_id: int) -> Person | None:
    rows = glance(_about_one(), id=user_id)
    if not rows or rows[0].disabled_at is not None:
        return None
    return Person(rows[0], frozenset({Role.SHOPPER, *(row.role for row in rows if row.role is not None)}))


@cache
def _about_one() -> Any:
    return (
        select(
            User.id,
            User.name,
            User.email,
            User.locale,
            User.session_version,
            User.disabled_at,
            RoleGrant.role,
        )
        .outerjoin(RoleGrant, RoleGrant.user_id == User.id)
        .where(User.id == bindparam("id"))
    )


def forget_people(ids: set[int]) -> None:
    """This process asks anew about these people."""
    people = current_app.extensions.get(EXTENSION, {})
    for id_ in ids:
        people.pop(id_, None)


@event.listens_for(db.session, "after_flush")
def _note(session: Any, _context: object) -> None:
    """Whatever changes a person leaves a line in their diary, or their record, behind."""
    for thing in (*session.new, *session.dirty, *session.deleted):
        if isinstance(thing, User):
            session.info.setdefault(CHANGED, set()).add(thing.id)
        elif isinstance(thing, RoleGrant):
            session.info.setdefault(CHANGED, set()).add(thing.user_id)
        elif isinstance(thing, Event) and thing.subject == User.__tablename__:
            session.info.setdefault(CHANGED, set()).add(thing.subject_id)


@event.listens_for(db.session, "after_commit")
def _forget(session: Any) -> None:
    changed = session.info.pop(CHANGED, None)
    if changed and has_app_context():
        forget_people(changed)
