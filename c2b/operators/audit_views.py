"""The diary of everything: who did what to which record, and when."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import false, func, select

from c2b.accounts.queries import names_of, user_by_email
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.core.events import Event
from c2b.core.tables import Sort, asked, find, moment
from c2b.core.text import mark as _l
from c2b.operators.blueprint import bp

LARGEST_ID = 2**63 - 1
MOST_KINDS = 300
SORTS = {"new": Sort(_l("Newest"), Event.id, down=True), "old": Sort(_l("Oldest"), Event.id)}


@bp.get("/audit")
@requires(Role.OPERATOR)
def audit() -> ResponseReturnValue:
    """Lines of the diary, newest first, by subject, kind or person."""
    subjects = sorted(db.metadata.tables)
    subject, number = asked("subject", subjects), asked("id")
    kind, by = asked("kind"), asked("by", longest=200)
    since, until = _day("since"), _day("until")
    statement = select(Event)
    if subject:
        statement = statement.where(Event.subject == subject)
    if number:
        known = number.isascii() and number.isdigit() and int(number) <= LARGEST_ID
        statement = statement.where(Event.subject_id == int(number) if known else false())
    if kind:
        statement = statement.where(Event.kind == kind)
    if by:
        person = user_by_email(by)
        statement = statement.where(Event.by == person.id if person else false())
    if since:
        statement = statement.where(Event.at >= since)
    if until:
        statement = statement.where(Event.at < until + timedelta(days=1))
    found = find(statement, SORTS, Event.id)
    if found.as_file:
        return found.file(
            "diary", [_("When"), _("About"), _("Number"), _("What"), _("By"), _("Details")], _cells
        )
    return render_template(
        "operators/audit.html",
        table=found,
        names=names_of(line.by for line in found.rows if line.by),
        subjects=subjects,
        kinds=_kinds(),
        filters={
            "subject": subject,
            "id": number,
            "kind": kind,
            "by": by,
            "since": asked("since") if since else "",
            "until": asked("until") if until else "",
        },
        now=utcnow(),
    )


def _day(name: str) -> datetime | None:
    """The beginning of a day in site time; None for none and for nonsense."""
    try:
        day = date.fromisoformat(asked(name))
    except ValueError:
        return None
    if not 2000 <= day.year <= 2100:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(current_app.config["C2B"].time_zone))


def _kinds() -> list[str]:
    """Every kind that occurs, by leaps from one to the next in its index: the diary itself is not read."""
    leaps = select(func.min(Event.kind).label("kind")).cte("leaps", recursive=True)
    following = select(func.min(Event.kind)).where(Event.kind > leaps.c.kind).scalar_subquery()
    leaps = leaps.union_all(select(following).where(leaps.c.kind.is_not(None)))
    found = select(leaps.c.kind).where(leaps.c.kind.is_not(None)).limit(MOST_KINDS)
    return sorted(db.session.scalars(found))


def _cells(lines: Sequence[Event]) -> list[list[object]]:
    names = names_of(line.by for line in lines if line.by)
    return [
        [moment(line.at), line.subject, line.subject_id, line.kind, names.get(line.by or 0, ""),
         json.dumps(line.data, ensure_ascii=False)]
        for line in lines
    ]  # fmt: skip
