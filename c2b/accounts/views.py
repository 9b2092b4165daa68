"""Coming in and going out: register, confirm, sign in, sign out, a forgotten password."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_time, get_locale
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from c2b.accounts import operations, passwords, throttle, tokens
from c2b.accounts.forms import AgainForm, EmailForm, RegisterForm, ResetForm, SignInForm, TokenForm
from c2b.accounts.models import User
from c2b.accounts.queries import user_by_email
from c2b.core.access import Role, public
from c2b.core.clock import utcnow
from c2b.core.db import db, end_transaction, transaction
from c2b.core.languages import LANGUAGES
from c2b.core.paths import local_path

DESKS = {Role.OPERATOR: "/ops", Role.REVIEWER: "/review"}

bp = Blueprint("accounts", __name__)


@bp.route("/register", methods=["GET", "POST"])
@public
def register() -> ResponseReturnValue:
    """Open an account. The answer is the same whether the address is new or not."""
    if current_user.is_authenticated:
        return redirect(local_path(request.args.get("next")))
    form = RegisterForm(next=request.args.get("next", ""))
    if not form.validate_on_submit():
        return _page("register", form)
    now = utcnow()
    with transaction():
        wait = throttle.take(f"register:{client()}", throttle.REGISTER_CLIENT, now)
    if wait:
        return _too_many("register", form, wait)
    password_hash = passwords.make_hash(form.password.data)
    with transaction():
        back = local_path(form.next.data)
        operations.ask_to_register(
            form.email.data, form.name.data, password_hash, locale=language(), back=back, now=now
        )
    session["asked"] = form.email.data
    return redirect(url_for(".sent"))


@bp.get("/register/sent")
@public
def sent() -> ResponseReturnValue:
    """What to do next: open the mail. The session remembers the address, so that no link carries it."""
    email = session.get("asked", "")
    return render_template("accounts/sent.html", email=email, form=AgainForm(data={"email": email}))


@bp.post("/register/again")
@public
def resend() -> ResponseReturnValue:
    """Send the confirmation once more."""
    form = EmailForm()
    if not form.validate_on_submit():
        return _page("resend", form)
    if wait := _mail_wait():
        return _too_many("resend", form, wait)
    with transaction():
        operations.ask_for_confirmation(form.email.data, now=utcnow())
    flash(_("If this address waits for its confirmation, a new mail is on its way."), "ok")
    session["asked"] = form.email.data
    return redirect(url_for(".sent"))


@bp.route("/confirm/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> ResponseReturnValue:
    """Confirm the address. Opening the link changes nothing, as mail programs do that too; the button does."""
    user, back = _from_token(tokens.CONFIRM, token)
    if user is None or not user.is_active:
        return render_template("accounts/resend.html", form=EmailForm(), expired=True), 410
    if user.email_confirmed_at is not None:
        flash(_("Your address is confirmed. Sign in to go on."), "ok")
        return redirect(url_for(".sign_in", next=back))
    form = TokenForm()
    if not form.validate_on_submit():
        return render_template("accounts/confirm.html", form=form, user=user)
    with transaction():
        user = operations.confirm_email(user.id, utcnow())
        enter(user)
    flash(_("Welcome, %(name)s. Your address is confirmed.", name=user.name), "ok")
    return redirect(back)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Come in. Wrong passwords and unknown addresses get the same answer, in the same time."""
    if current_user.is_authenticated:
        return redirect(local_path(request.args.get("next")))
    form = SignInForm(next=request.args.get("next", ""))
    if not form.validate_on_submit():
        return _page("sign_in", form)
    now = utcnow()
    with transaction():
        wait = operations.try_sign_in(form.email.data, client(), now)
    if wait:
        return _too_many("sign_in", form, wait)
    return _sign_in(form, user_by_email(form.email.data))


def _sign_in(form: SignInForm, user: User | None) -> ResponseReturnValue:
    id_, kept = (user.id, user.password_hash) if user else (0, None)
    end_transaction()  # verifying is slow on purpose
    right = passwords.is_right(kept, form.password.data)
    outdated = right and kept is not None and passwords.is_outdated(kept)
    new_hash = passwords.make_hash(form.password.data) if outdated else None
    if not right:
        form.form_errors.append(_("Address and password do not fit. Check both, or set a new password."))
        return _page("sign_in", form)
    with transaction():
        person = operations.signed_in(id_, client(), new_hash=new_hash, now=utcnow())
        if why_not := _why_not_enter(person):
            form.form_errors.append(why_not)
        else:
            enter(person)
    if form.form_errors:
        return _page("sign_in", form)
    return redirect(local_path(form.next.data or _desk(person)))


def _desk(person: User) -> str:
    """Where somebody's work begins who did not say where to."""
    return next((path for role, path in DESKS.items() if person.has_role(role)), "/")


def _why_not_enter(user: User) -> str | None:
    """Told only to somebody who knows the password."""
    if not user.is_active:
        return str(_("This account is closed."))
    if user.email_confirmed_at is None:
        operations.ask_for_confirmation(user.email, now=utcnow())
        return str(_("Confirm your address first: open the link in the mail that we sent you."))
    return None


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """Leave."""
    logout_user()
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    flash(_("You are signed out."), "ok")
    return redirect("/")


@bp.route("/forgot", methods=["GET", "POST"])
@public
def forgot() -> ResponseReturnValue:
    """Ask for a link to set a new password."""
    form = EmailForm()
    if not form.validate_on_submit():
        return _page("forgot", form)
    if wait := _mail_wait():
        return _too_many("forgot", form, wait)
    with transaction():
        operations.ask_for_reset(form.email.data, now=utcnow())
    return render_template("accounts/forgot_sent.html", email=form.email.data)


@bp.route("/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    """Set a new password with a mailed link; it works once, for an hour."""
    user, _back = _from_token(tokens.RESET, token)
    if user is None or not user.is_active:
        return render_template("accounts/forgot.html", form=EmailForm(), expired=True), 410
    form = ResetForm(about=(user.name, user.email))
    if not form.validate_on_submit():
        return _page("reset", form, email=user.email)
    id_, bound = user.id, passwords.fingerprint(user.password_hash)
    end_transaction()
    password_hash = passwords.make_hash(form.password.data)
    with transaction():
        person = operations.set_password(id_, password_hash, bound=bound, by=id_, now=utcnow())
        throttle.forget(f"sign-in:{person.email}")
        enter(person)
    flash(_("Your new password is set. All other sessions have ended."), "ok")
    return redirect(url_for(".me"))


def enter(user: User) -> None:
    """Begin a session of this person; nothing of the one before it stays but the language."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session.permanent = True
    login_user(user)


def client() -> str:
    """Who asks, as far as the network tells."""
    return request.remote_addr or "unknown"


def language() -> str:
    """The language of this request, as accounts keep it."""
    code = str(get_locale() or "en").replace("_", "-")
    return code if code in LANGUAGES else "en"


def _page(name: str, form: Any, **more: Any) -> ResponseReturnValue:
    status = 422 if form.errors or form.form_errors else 200
    return render_template(f"accounts/{name}.html", form=form, **more), status


def _too_many(name: str, form: Any, wait: datetime) -> ResponseReturnValue:
    """The same form, with the moment from which it works again."""
    time = format_time(wait, "short")
    form.form_errors.append(_("Too many tries. Please try again after %(time)s.", time=time))
    seconds = max(1, int((wait - utcnow()).total_seconds()))
    return render_template(f"accounts/{name}.html", form=form), 429, {"Retry-After": str(seconds)}


def _mail_wait() -> datetime | None:
    with transaction():
        return throttle.take(f"mail-from:{client()}", throttle.MAIL_CLIENT, utcnow())


def _from_token(purpose: str, token: str) -> tuple[User | None, str]:
    """Whom a mailed link is for, and where to go on; None where the link is not good (any more)."""
    age = tokens.CONFIRM_AGE if purpose == tokens.CONFIRM else tokens.RESET_AGE
    data: Any = tokens.read(purpose, token, age, now=utcnow())
    if not isinstance(data, list) or len(data) != 3:
        return None, "/"
    user = db.session.get(User, data[0])
    if user is None or passwords.fingerprint(user.password_hash) != data[1]:
        return None, "/"
    return user, local_path(data[2])
