"""A person's own pages: overview, notices, settings, addresses."""

from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.accounts import addresses, operations, passwords, throttle
from c2b.accounts.forms import AddressForm, PasswordForm, PersonForm
from c2b.accounts.models import Address
from c2b.accounts.queries import NOTICES_PER_PAGE, addresses_of, notices_of, own_address
from c2b.accounts.views import bp, enter
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import end_transaction, transaction
from c2b.core.outbox import Notice
from c2b.core.paths import local_path


@bp.get("/me")
@requires(Role.SHOPPER)
def me() -> ResponseReturnValue:
    """Where everything of mine is."""
    return render_template("accounts/me.html")


@bp.get("/me/notices")
@requires(Role.SHOPPER)
def notices() -> ResponseReturnValue:
    """What I was told, newest first."""
    only_new = request.args.get("show") == "new"
    leaf = notices_of(current_user.id, only_new=only_new).page(NOTICES_PER_PAGE)
    lines = [(notice, subject_of(notice), _leads_to(notice)) for notice in leaf.rows]
    return render_template("accounts/notices.html", lines=lines, leaf=leaf, only_new=only_new)


@bp.post("/me/notices/read")
@requires(Role.SHOPPER)
def read_notices() -> ResponseReturnValue:
    """I have seen them all."""
    with transaction():
        operations.mark_read(current_user.id, utcnow())
    return redirect(url_for(".notices"))


@bp.post("/me/notices/<int:notice_id>")
@requires(Role.SHOPPER)
def open_notice(notice_id: int) -> ResponseReturnValue:
    """I go to what a notice speaks of; it is no longer new."""
    with transaction():
        operations.mark_read(current_user.id, utcnow(), notice_id)
    return redirect(local_path(request.form.get("to")))


def subject_of(notice: Notice) -> str:
    """The notice in one line, in the reader's language."""
    return render_template(f"emails/{notice.kind}.subject.txt", reader=current_user, **notice.data).strip()


def _leads_to(notice: Notice) -> str:
    path = notice.data.get("path")
    return local_path(path) if isinstance(path, str) else ""


@bp.route("/me/settings", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def settings() -> ResponseReturnValue:
    """My name and language; the password and the addresses have forms of their own."""
    form = PersonForm(data={"name": current_user.name, "locale": current_user.locale})
    if not form.validate_on_submit():
        return _settings(form, PasswordForm(prefix="password"))
    with transaction():
        operations.change_person(current_user.id, name=form.name.data, locale=form.locale.data, now=utcnow())
    session["language"] = form.locale.data
    flash(_("Saved."), "ok")
    return redirect(url_for(".settings"))


@bp.post("/me/settings/password")
@requires(Role.SHOPPER)
def change_password() -> ResponseReturnValue:
    """A new password, for whoever knows the old one. It ends all other sessions."""
    person = PersonForm(formdata=None, data={"name": current_user.name, "locale": current_user.locale})
    form = PasswordForm(about=(current_user.name, current_user.email), prefix="password")
    if not form.validate_on_submit():
        return _settings(person, form)
    id_, kept, now = current_user.id, current_user.password_hash, utcnow()
    end_transaction()
    with transaction():
        wait = throttle.take(f"password:{id_}", throttle.SIGN_IN_ACCOUNT, now)
    if wait or not passwords.is_right(kept, form.old.data):
        wrong = _("Too many tries. Wait a while.") if wait else _("This is not your current password.")
        form.old.errors = [wrong]
        return _settings(person, form)
    password_hash = passwords.make_hash(form.password.data)
    with transaction():
        user = operations.set_password(id_, password_hash, bound=passwords.fingerprint(kept), by=id_, now=now)
        throttle.forget(f"password:{id_}")
        enter(user)
    flash(_("Your new password is set. All other sessions have ended."), "ok")
    return redirect(url_for(".settings"))


@bp.post("/me/settings/end-sessions")
@requires(Role.SHOPPER)
def end_sessions() -> ResponseReturnValue:
    """Every session of mine ends but this one."""
    with transaction():
        enter(operations.end_sessions(current_user.id, now=utcnow()))
    flash(_("You are signed in here alone."), "ok")
    return redirect(url_for(".settings", _anchor="sessions"))


def _settings(person: PersonForm, password: PasswordForm) -> ResponseReturnValue:
    wrong = person.errors or password.errors
    html = render_template(
        "accounts/settings.html", form=person, password=password, addresses=addresses_of(current_user.id)
    )
    return html, 422 if wrong else 200


@bp.route("/me/settings/addresses/new", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def new_address() -> ResponseReturnValue:
    """One more address; `next` leads back to the page that wanted it."""
    form = AddressForm(data={"name": current_user.name})
    if not form.validate_on_submit():
        return _address(form, None)
    with transaction():
        addresses.add_address(current_user.id, form.place(), now=utcnow())
    return _saved()


@bp.route("/me/settings/addresses/<int:address_id>", methods=["GET", "POST"])
@requires(Role.SHOPPER)
def edit_address(address_id: int) -> ResponseReturnValue:
    """Correct an address."""
    address = own_address(current_user.id, address_id)
    form = AddressForm(obj=address)
    if not form.validate_on_submit():
        return _address(form, address)
    with transaction():
        addresses.change_address(current_user.id, address_id, form.place())
    return _saved()


@bp.post("/me/settings/addresses/<int:address_id>/remove")
@requires(Role.SHOPPER)
def remove_address(address_id: int) -> ResponseReturnValue:
    """Offer this address no more."""
    with transaction():
        addresses.remove_address(current_user.id, address_id, now=utcnow())
    flash(_("The address is removed."), "ok")
    return redirect(url_for(".settings"))


def _address(form: AddressForm, address: Address | None) -> ResponseReturnValue:
    status = 422 if form.errors else 200
    return render_template("accounts/address.html", form=form, address=address, back=_back()), status


def _saved() -> ResponseReturnValue:
    flash(_("The address is saved."), "ok")
    return redirect(_back())


def _back() -> Any:
    """Where the person came from, or the settings."""
    asked = local_path(request.args.get("next"))
    return asked if asked != "/" else url_for(".settings")
