"""The inbox of webhooks: what providers told us, what waits, what was given up and may be tried again."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.operators.blueprint import bp
from c2b.payments.inbox import WAITING, try_again
from c2b.payments.models import InboxEvent

DEAD = InboxEvent.dead_at.is_not(None) & InboxEvent.done_at.is_(None)
SORTS = {"new": Sort(_l("Newest"), InboxEvent.id, down=True), "old": Sort(_l("Oldest"), InboxEvent.id)}
SHOWN = {"waiting": WAITING, "dead": DEAD, "done": InboxEvent.done_at.is_not(None)}


@bp.get("/inbox")
@requires(Role.OPERATOR)
def inbox() -> ResponseReturnValue:
    """Events, newest first."""
    shown = asked("show", list(SHOWN))
    statement = select(InboxEvent)
    if shown:
        statement = statement.where(SHOWN[shown])
    search = (InboxEvent.key, InboxEvent.reference, InboxEvent.event_id, InboxEvent.error)
    found = find(statement, SORTS, InboxEvent.id, search=search)
    if found.as_file:
        headings = [
            _("Event"),
            _("Kind"),
            _("Request"),
            _("Told"),
            _("Done"),
            _("Given up"),
            _("Tries"),
            _("Why"),
        ]
        return found.file("inbox", headings, _cells)
    counts = db.session.execute(
        select(func.count(), *(func.count().filter(where) for where in SHOWN.values())).select_from(
            InboxEvent
        )
    ).one()
    labels = ((_("All"), ""), (_("Waiting"), "waiting"), (_("Given up"), "dead"), (_("Done"), "done"))
    return render_template(
        "operators/inbox.html",
        table=found,
        filters=[
            (label, here(show=key or None), count, key == shown)
            for (label, key), count in zip(labels, counts, strict=True)
        ],
        now=utcnow(),
    )


def _cells(events: Sequence[InboxEvent]) -> list[list[object]]:
    return [
        [e.event_id, e.kind, e.key or e.reference, moment(e.received_at), moment(e.done_at), moment(e.dead_at),
         e.tries, e.error]
        for e in events
    ]  # fmt: skip


@bp.post("/inbox/<int:event_id>/again")
@requires(Role.OPERATOR)
def event_again(event_id: int) -> ResponseReturnValue:
    """Let an event that was given up be tried from the beginning."""
    with transaction():
        try_again(event_id, by=current_user.id, now=utcnow())
    flash(_("It is tried again within seconds."), "ok")
    return redirect(url_for(".inbox", show="waiting"))
