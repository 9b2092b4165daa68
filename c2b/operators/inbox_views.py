"""The inbox of webhooks: what providers told us, what waits, what was given up and may be tried again."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.operators.blueprint import bp
from c2b.operators.paging import asked, here, things_of
from c2b.payments.inbox import WAITING, try_again
from c2b.payments.models import InboxEvent

DEAD = InboxEvent.dead_at.is_not(None) & InboxEvent.done_at.is_(None)
SHOWN = {"waiting": WAITING, "dead": DEAD, "done": InboxEvent.done_at.is_not(None)}


@bp.get("/inbox")
@requires(Role.OPERATOR)
def inbox() -> ResponseReturnValue:
    """Events, newest first."""
    shown = asked("show", list(SHOWN))
    statement = select(InboxEvent).order_by(InboxEvent.id.desc())
    if shown:
        statement = statement.where(SHOWN[shown])
    counts = db.session.execute(
        select(func.count(), *(func.count().filter(where) for where in SHOWN.values())).select_from(
            InboxEvent
        )
    ).one()
    labels = ((_("All"), ""), (_("Waiting"), "waiting"), (_("Given up"), "dead"), (_("Done"), "done"))
    return render_template(
        "operators/inbox.html",
        page=things_of(statement),
        filters=[
            (label, here(show=key or None, page=None), count, key == shown)
            for (label, key), count in zip(labels, counts, strict=True)
        ],
        now=utcnow(),
    )


@bp.post("/inbox/<int:event_id>/again")
@requires(Role.OPERATOR)
def event_again(event_id: int) -> ResponseReturnValue:
    """Let an event that was given up be tried from the beginning."""
    with transaction():
        try_again(event_id, by=current_user.id, now=utcnow())
    flash(_("It is tried again within seconds."), "ok")
    return redirect(url_for(".inbox", show="waiting"))
