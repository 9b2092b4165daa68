"""What people chose about their mail. Whoever chose nothing gets every mail at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from c2b.accounts.models import User
from c2b.core.db import db, is_sqlite, lock
from c2b.core.errors import Refused
from c2b.core.events import record
from c2b.core.outbox import Notice
from c2b.core.rows import among
from c2b.core.text import gettext as _
from c2b.mailing import rules
from c2b.mailing.models import NoticePreference
from c2b.mailing.topics import BY_KEY, EVERY_DAY, Way


def ways_of(user_id: int) -> dict[str, Way]:
    """How this person wants to be told, for every topic."""
    chosen = choices_of([user_id]).get(user_id, {})
    return {
        key: Way.AT_ONCE if topic.always else chosen.get(key, Way.AT_ONCE) for key, topic in BY_KEY.items()
    }


def choices_of(users: Iterable[int]) -> dict[int, dict[str, Way]]:
    """What these people chose, by person and topic."""
    rows = db.session.execute(
        select(NoticePreference.user_id, NoticePreference.topic, NoticePreference.way).where(
            among(NoticePreference.user_id, users)
        )
    )
    found: dict[int, dict[str, Way]] = {}
    for user_id, topic, way in rows:
        found.setdefault(user_id, {})[topic] = way
    return found


def choose_ways(user_id: int, ways: Mapping[str, Way], *, by: int | None, now: datetime) -> None:
    """Remember these choices; Refused where one is about something that nobody may miss."""
    user = lock(User, user_id)
    before = ways_of(user_id)
    for key in ways:
        if key not in BY_KEY or BY_KEY[key].always:
            raise Refused(_("These mails cannot be switched off."))
    changed = {key: way for key, way in ways.items() if before[key] != way}
    if not changed:
        return
    dialect: Any = sqlite if is_sqlite() else postgresql
    statement = dialect.insert(NoticePreference)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "topic"], set_={"way": statement.excluded.way}
        ),
        [{"user_id": user_id, "topic": key, "way": way} for key, way in changed.items()],
    )
    record(user, "user.mail_chosen", by=by, at=now, **{key: str(way) for key, way in changed.items()})


def choose_quiet_hours(user_id: int, first: int | None, last: int | None, *, now: datetime) -> None:
    """Let mail that is not urgent wait from one hour to the other; two Nones end it."""
    if (first is None) != (last is None) or not (
        first is None or (rules.is_hour(first) and rules.is_hour(last))
    ):
        raise Refused(_("Choose both hours, or neither."))
    user = lock(User, user_id)
    if (user.quiet_from, user.quiet_until) != (first, last):
        user.quiet_from, user.quiet_until = first, last
        record(user, "user.quiet_hours_chosen", by=user_id, at=now)


def unsubscribe(user_id: int, topic: str, *, now: datetime) -> dict[str, Way]:
    """No mail about this any more; for the daily mail, about nothing in it. Returns what was chosen before."""
    before = ways_of(user_id)
    keys = [key for key, way in before.items() if way == Way.DIGEST] if topic == EVERY_DAY else [topic]
    was = {key: before[key] for key in keys if key in before and before[key] != Way.APP}
    choose_ways(user_id, dict.fromkeys(was, Way.APP), by=None, now=now)
    return was


def forget_choices(user_id: int) -> None:
    """Nothing is remembered of what this person chose."""
    db.session.execute(delete(NoticePreference).where(NoticePreference.user_id == user_id))


def has_chosen() -> ColumnElement[bool]:
    """Of a notice: its reader made a choice that the job must look at before anything is sent."""
    chose = exists().where(NoticePreference.user_id == Notice.user_id)
    quiet = exists().where(
        User.id == Notice.user_id, or_(User.quiet_from.is_not(None), User.erased_at.is_not(None))
    )
    return or_(chose, quiet)
