"""Cases about money: the one page for what only a person can settle, with what to do about each."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.operators.blueprint import bp
from c2b.operators.cases import all_cases
from c2b.payments.attempts import UNANSWERED, WRONG_ANSWER
from c2b.payments.ladder import close_case, look_again_now

LONGEST = 500


@bp.get("/cases")
@requires(Role.OPERATOR)
def cases() -> ResponseReturnValue:
    """What waits for a person, and what to do."""
    return render_template(
        "operators/cases.html", cases=all_cases(), unanswered=UNANSWERED, wrong=WRONG_ANSWER, now=utcnow()
    )


@bp.post("/cases/<int:attempt_id>/again")
@requires(Role.OPERATOR)
def look_again(attempt_id: int) -> ResponseReturnValue:
    """Have a request looked up once more."""
    with transaction():
        look_again_now(attempt_id, by=current_user.id, now=utcnow())
    flash(_("It is looked up again within a minute."), "ok")
    return redirect(url_for(".cases"))


@bp.post("/cases/<int:attempt_id>/close")
@requires(Role.OPERATOR)
def settled(attempt_id: int) -> ResponseReturnValue:
    """Say how a case was settled with the provider by hand."""
    note = request.form.get("note", "").replace("\x00", "").strip()
    if not note or len(note) > LONGEST:
        abort(400)
    with transaction():
        close_case(attempt_id, note, by=current_user.id, now=utcnow())
    flash(_("The case is closed; your note is in the diary."), "ok")
    return redirect(url_for(".cases"))
