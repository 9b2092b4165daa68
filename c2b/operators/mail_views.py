"""The outbox: what is on its way to people, and what never arrived."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import func, select

from c2b.accounts.models import User
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.outbox import Delivery, Notice
from c2b.operators.blueprint import bp
from c2b.operators.operations import send_again
from c2b.operators.paging import asked, here, rows_of


@bp.get("/mail")
@requires(Role.OPERATOR)
def mail() -> ResponseReturnValue:
    """Mail, newest first, by how far it has come."""
    shown, kind = asked("delivery", [str(d) for d in Delivery]), asked("kind")
    counts = {
        str(d): n
        for d, n in db.session.execute(select(Notice.delivery, func.count()).group_by(Notice.delivery))
    }
    statement = (
        select(Notice, User.email)
        .join(User, User.id == Notice.user_id, isouter=True)
        .order_by(Notice.id.desc())
    )
    if shown:
        statement = statement.where(Notice.delivery == shown)
    if kind:
        statement = statement.where(Notice.kind == kind)
    return render_template(
        "operators/mail.html",
        page=rows_of(statement),
        kind=kind,
        dead=counts.get("dead", 0),
        filters=[
            (_("All"), here(delivery=None, page=None), sum(counts.values()), not shown),
            *(
                (d.label, here(delivery=str(d), page=None), counts.get(str(d), 0), str(d) == shown)
                for d in Delivery
            ),
        ],
        now=utcnow(),
    )


@bp.post("/mail/<int:notice_id>/again")
@requires(Role.OPERATOR)
def mail_again(notice_id: int) -> ResponseReturnValue:
    """Queue a mail again that was given up."""
    return _again(notice_id)


@bp.post("/mail/again")
@requires(Role.OPERATOR)
def all_mail_again() -> ResponseReturnValue:
    """Queue all mail again that was given up."""
    return _again(None)


def _again(notice_id: int | None) -> ResponseReturnValue:
    with transaction():
        count = send_again(notice_id, by=current_user.id, now=utcnow())
    if count:
        flash(ngettext("%(num)s mail is queued again.", "%(num)s mails are queued again.", count), "ok")
    else:
        flash(_("It was not given up any more."), "info")
    return redirect(url_for(".mail", delivery="dead"))
