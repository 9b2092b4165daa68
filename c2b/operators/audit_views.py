"""The diary of everything: who did what to which record, and when."""

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import false, select

from c2b.accounts.queries import names_of, user_by_email
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.core.events import Event
from c2b.operators.blueprint import bp
from c2b.operators.paging import asked, things_of

LARGEST_ID = 2**63 - 1


@bp.get("/audit")
@requires(Role.OPERATOR)
def audit() -> ResponseReturnValue:
    """Lines of the diary, newest first, by subject, kind or person."""
    subjects = sorted(db.metadata.tables)
    subject, number = asked("subject", subjects), asked("id")
    kind, by = asked("kind"), asked("by", longest=200)
    statement = select(Event).order_by(Event.id.desc())
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
    page = things_of(statement)
    return render_template(
        "operators/audit.html",
        page=page,
        names=names_of(line.by for line in page.rows if line.by),
        subjects=subjects,
        filters={"subject": subject, "id": number, "kind": kind, "by": by},
        now=utcnow(),
    )
