"""The demo's clock: an hour, a day, or to the next thing that is due."""

from datetime import timedelta

from flask import abort, current_app, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.paths import local_path
from c2b.operators.blueprint import bp
from c2b.operators.demo import forward, next_due

LEAPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


@bp.post("/clock")
@requires(Role.OPERATOR)
def clock() -> ResponseReturnValue:
    """Set the demo's clock forward; a real site has no such clock."""
    if not current_app.config["C2B"].demo:
        abort(404)
    leap = request.form.get("by", "")
    if leap not in (*LEAPS, "due"):
        abort(400)
    with transaction():
        now = utcnow()
        length = LEAPS[leap] if leap in LEAPS else next_due(now)
        if length is not None:
            forward(length, by=current_user.id, now=now)
    if length is None:
        flash(_("Nothing is due in the time to come."), "info")
    else:
        flash(
            _("The clock is set forward. The jobs catch up within seconds; load the page again to see it."),
            "ok",
        )
    return redirect(local_path(request.form.get("back")))
