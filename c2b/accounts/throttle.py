"""How often something may be tried. Counted before it is done, so that a hundred tries at once count too."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite

from c2b.accounts.models import Throttle
from c2b.core.db import db, is_sqlite


class Limit(NamedTuple):
    """At most so many in so many seconds."""

    most: int
    seconds: int


SIGN_IN_ACCOUNT = Limit(10, 900)
SIGN_IN_CLIENT = Limit(50, 900)
REGISTER_CLIENT = Limit(30, 3600)
MAIL_ADDRESS = Limit(3, 3600)  # mails that a stranger can have us send to one address
MAIL_CLIENT = Limit(30, 3600)


def take(what: str, limit: Limit, now: datetime) -> datetime | None:
    """Count one try; None where it may go on, else when the next one may be made."""
    window = _window(limit, now)
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(Throttle)
    count = db.session.scalar(
        insert.values(what=what[:300], window=window, count=1)
        .on_conflict_do_update(index_elements=["what", "window"], set_={"count": Throttle.count + 1})
        .returning(Throttle.count)
    )
    return datetime.fromtimestamp(window, UTC) if (count or 0) > limit.most else None


def give_back(what: str, limit: Limit, now: datetime) -> None:
    """Take one try out of the count, since it was a good one."""
    db.session.execute(
        update(Throttle)
        .where(Throttle.what == what[:300], Throttle.window == _window(limit, now), Throttle.count > 0)
        .values(count=Throttle.count - 1)
    )


def forget(what: str) -> None:
    """Begin to count anew."""
    db.session.execute(delete(Throttle).where(Throttle.what == what[:300]))


def forget_past(now: datetime) -> int:
    """Drop the counts whose time is over; returns how many there were."""
    gone = db.session.scalars(
        delete(Throttle).where(Throttle.window < int(now.timestamp())).returning(Throttle.count)
    ).all()
    return len(gone)


def _window(limit: Limit, now: datetime) -> int:
    """The end of the stretch that `now` falls into."""
    return (int(now.timestamp()) // limit.seconds + 1) * limit.seconds
