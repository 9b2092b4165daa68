"""Everybody's long work: how far it is, stopped where that is safe, asked for again where it failed."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, get_or_404, transaction
from c2b.core.errors import Refused
from c2b.core.events import record
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.core.work import Work, WorkState, ask_for_work, cancel_work
from c2b.operators.blueprint import bp

SORTS = {"new": Sort(_l("Newest"), Work.id, down=True), "old": Sort(_l("Oldest"), Work.id)}
AGAIN = (WorkState.FAILED, WorkState.CANCELLED)


@bp.get("/work")
@requires(Role.OPERATOR)
def all_work() -> ResponseReturnValue:
    """Imports, exports and other long work of everybody, newest first."""
    state = asked("state", [str(s) for s in WorkState])
    statement = select(Work)
    if state:
        statement = statement.where(Work.state == state)
    found = find(statement, SORTS, Work.id)
    if found.as_file:
        headings = [_("Number"), _("Work"), _("Asked by"), _("State"), _("Done"), _("Failed"), _("Asked at")]
        return found.file("work", headings, _cells)
    counts = {str(s): n for s, n in db.session.execute(select(Work.state, func.count()).group_by(Work.state))}
    return render_template(
        "operators/work.html",
        table=found,
        names=names_of(work.user_id for work in found.rows),
        again=AGAIN,
        filters=[
            (_("All"), here(state=None), sum(counts.values()), not state),
            *((s.label, here(state=str(s)), counts.get(str(s), 0), state == s) for s in WorkState),
        ],
        now=utcnow(),
    )


def _cells(works: Sequence[Work]) -> list[list[object]]:
    names = names_of(work.user_id for work in works)
    return [
        [w.id, w.title, names.get(w.user_id, ""), w.state.label, w.done, w.failed, moment(w.asked_at)]
        for w in works
    ]


@bp.post("/work/<int:work_id>/stop")
@requires(Role.OPERATOR)
def stop_work(work_id: int) -> ResponseReturnValue:
    """Stop somebody's work where that is safe."""
    with transaction():
        work = cancel_work(work_id, by=current_user.id, now=utcnow())
        record(work, "work.stopped_by_operator", by=current_user.id, at=utcnow())
        stopped = work.state == WorkState.CANCELLED
    flash(_("It is stopped.") if stopped else _("It stops at the next safe place."), "ok")
    return redirect(url_for(".all_work"))


@bp.post("/work/<int:work_id>/again")
@requires(Role.OPERATOR)
def work_again(work_id: int) -> ResponseReturnValue:
    """Ask for the same once more, for the same person; the old row stays as it ended."""
    with transaction():
        old = get_or_404(Work, work_id)
        if old.state not in AGAIN:
            raise Refused(_("Only work that failed or was stopped is done again."))
        new = ask_for_work(old.kind, old.user_id, now=utcnow(), back=old.back, **old.args)
        new.locale = old.locale
        record(new, "work.asked_again", by=current_user.id, at=utcnow(), before=old.id)
    flash(_("It is asked for again and begins within seconds."), "ok")
    return redirect(url_for(".all_work"))
