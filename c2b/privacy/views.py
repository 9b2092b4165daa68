"""What is held about me: a copy of it, and closing my account."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user, logout_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField
from wtforms.validators import InputRequired

from c2b.accounts import passwords, throttle
from c2b.core import storage
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import end_transaction, transaction
from c2b.core.errors import Refused
from c2b.core.work import Work, ask_for_work, works_of
from c2b.privacy.erasing import close_account, why_not_close
from c2b.privacy.exporting import KIND
from c2b.privacy.holdings import counts

bp = Blueprint("privacy", __name__)


class CloseForm(FlaskForm):
    """Closing an account for good."""

    password = PasswordField(
        _l("Your password"),
        validators=[InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    sure = BooleanField(
        _l("I know that this cannot be undone"), validators=[InputRequired(_l("Say that you know it."))]
    )


@bp.get("/me/data")
@requires(Role.SHOPPER)
def mine() -> ResponseReturnValue:
    """What is held about me, and the copies that I asked for."""
    return render_template("privacy/data.html", held=counts(current_user.id), copies=_copies(current_user.id))


@bp.post("/me/data/copy")
@requires(Role.SHOPPER)
def copy() -> ResponseReturnValue:
    """Ask for a copy; while one is being made, that one is shown."""
    under_way = next((work for work in _copies(current_user.id) if not work.is_over), None)
    if under_way is not None:
        return redirect(url_for("work.show", work_id=under_way.id))
    with transaction():
        work_id = ask_for_work(KIND, current_user.id, now=utcnow(), back="/me/data").id
    return redirect(url_for("work.show", work_id=work_id))


@bp.route("/me/data/close", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def close() -> ResponseReturnValue:
    """Close my account, or see why that cannot be now."""
    form = CloseForm()
    if not form.validate_on_submit():
        return _close_page(form, 422 if form.errors else 200)
    id_, kept, now = current_user.id, current_user.password_hash, utcnow()
    end_transaction()
    with transaction():
        wait = throttle.take(f"password:{id_}", throttle.SIGN_IN_ACCOUNT, now)
    if wait or not passwords.is_right(kept, form.password.data):
        wrong = _("Too many tries. Wait a while.") if wait else _("This is not your current password.")
        form.password.errors = [wrong]
        return _close_page(form, 422)
    try:
        with transaction():
            files = close_account(id_, now=now)
    except Refused:
        return _close_page(form, 409)
    for name in files:
        storage.remove(name)
    logout_user()
    session.clear()
    flash(_("Your account is closed. We have sent you a last mail."), "ok")
    return redirect("/")


def _close_page(form: Any, status: int) -> ResponseReturnValue:
    return render_template("privacy/close.html", form=form, reasons=why_not_close(current_user)), status


def _copies(user_id: int) -> list[Work]:
    return [work for work in works_of(user_id) if work.kind == KIND]
