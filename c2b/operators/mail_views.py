"""The outbox: what is on its way to people, and what never arrived."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.core.access import Role, requires
from c2b.core.bulk import chosen, one_by_one
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.kept import WHILE, shared
from c2b.core.outbox import Delivery, Notice
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.mailing.queries import how_many
from c2b.operators.blueprint import bp
from c2b.operators.operations import send_again

SORTS = {"new": Sort(_l("Newest"), Notice.id, down=True), "old": Sort(_l("Oldest"), Notice.id)}


@bp.get("/mail")
@requires(Role.OPERATOR)
def mail() -> ResponseReturnValue:
    """Mail, newest first, by how far it has come."""
    shown, kind = asked("delivery", [str(d) for d in Delivery]), asked("kind")
    counts = shared("notices by delivery", how_many, WHILE)
    statement = select(Notice, User.email).join(User, User.id == Notice.user_id, isouter=True)
    if shown:
        statement = statement.where(Notice.delivery == shown)
    if kind:
        statement = statement.where(Notice.kind == kind)
    found = find(statement, SORTS, Notice.id, search=(User.email, Notice.address, Notice.kind, Notice.error))
    if found.as_file:
        headings = [_("Number"), _("What"), _("To"), _("Delivery"), _("Written"), _("Tries"), _("Why")]
        return found.file("mail", headings, _cells)
    return render_template(
        "operators/mail.html",
        table=found,
        dead=counts.get("dead", 0),
        filters=[
            (_("All"), here(delivery=None), sum(counts.values()), not shown),
            *((d.label, here(delivery=str(d)), counts.get(str(d), 0), str(d) == shown) for d in Delivery),
        ],
        now=utcnow(),
    )


def _cells(rows: Sequence[tuple[Notice, str]]) -> list[list[object]]:
    return [
        [n.id, n.kind, n.address or email, n.delivery.label, moment(n.created_at), n.tries, n.error]
        for n, email in rows
    ]


@bp.post("/mail/some-again")
@requires(Role.OPERATOR)
def some_mail_again() -> ResponseReturnValue:
    """Queue the chosen mails again; each with its own result."""
    rows = chosen()
    names = db.session.execute(select(Notice.id, Notice.kind, User.email).join(User, User.id == Notice.user_id,
        isouter=True).where(Notice.id.in_(rows)))  # fmt: skip

    def act(notice_id: int) -> None:
        if not send_again(notice_id, by=current_user.id, now=utcnow()):
            raise Refused(_("It was not given up any more."))

    said = {id_: f"{kind} → {email or ''}" for id_, kind, email in names}
    return render_template(
        "operators/bulk.html",
        title=_("Send again"),
        outcomes=one_by_one(rows, act, said, _("queued again")),
        back=url_for(".mail", delivery="dead"),
        back_text=_("Mail"),
        nav="mail",
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
