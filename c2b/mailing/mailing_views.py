"""The buttons of the operators' page of mail: hold a mailing back, let it go on."""

from flask import flash, redirect
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.mailing.preview_views import bp
from c2b.mailing.progress import Mailing, hold, let_go, mailings
from c2b.mailing.render import kinds


@bp.post("/<kind>/hold")
@requires(Role.OPERATOR)
def hold_mailing(kind: str) -> ResponseReturnValue:
    """Hold back what waits of one kind."""
    with transaction():
        count = hold(_known(kind), by=current_user.id, now=utcnow())
    flash(ngettext("%(num)s mail is held back.", "%(num)s mails are held back.", count), "info")
    return redirect("/ops/mail")


@bp.post("/<kind>/go-on")
@requires(Role.OPERATOR)
def let_mailing_go(kind: str) -> ResponseReturnValue:
    """Let it go on."""
    with transaction():
        count = let_go(_known(kind), by=current_user.id, now=utcnow())
    flash(ngettext("%(num)s mail goes out now.", "%(num)s mails go out now.", count), "ok")
    return redirect("/ops/mail")


def running() -> list[Mailing]:
    """How far mailings are now, for the page of mail."""
    return mailings(utcnow())


def _known(kind: str) -> str:
    if kind not in kinds():
        raise NotFound
    return kind
