"""People: who they are, what they may be, whether they may come in."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import or_, select

from c2b.accounts.models import RoleGrant, User
from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404
from c2b.core.events import history
from c2b.core.forms import attempt
from c2b.operators import operations
from c2b.operators.blueprint import bp
from c2b.operators.forms import ReasonForm, RoleForm
from c2b.operators.paging import asked, here, things_of
from c2b.operators.rules import GRANTED_HERE

ROLES = (Role.MERCHANT, *GRANTED_HERE)
GIVEN = {str(role): role for role in GRANTED_HERE}


@bp.get("/users")
@requires(Role.OPERATOR)
def users() -> ResponseReturnValue:
    """People, newest first; found by name or address, filtered by role."""
    words, role = asked("q"), asked("role", [*(str(role) for role in ROLES), "closed"])
    statement = select(User).order_by(User.id.desc())
    if words:
        like = f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        statement = statement.where(
            or_(User.email.ilike(like, escape="!"), User.name.ilike(like, escape="!"))
        )
    if role == "closed":
        statement = statement.where(User.disabled_at.is_not(None))
    elif role:
        statement = statement.where(User.id.in_(select(RoleGrant.user_id).where(RoleGrant.role == role)))
    kinds = [(_("Everybody"), ""), *((r.label, str(r)) for r in ROLES), (_("Closed"), "closed")]
    return render_template(
        "operators/users.html",
        page=things_of(statement),
        words=words,
        role=role,
        filters=[(text, here(role=key or None, page=None), None, key == role) for text, key in kinds],
    )


@bp.get("/users/<int:user_id>")
@requires(Role.OPERATOR)
def user(user_id: int) -> ResponseReturnValue:
    """One person with roles and diary."""
    return _page(user_id)


@bp.post("/users/<int:user_id>/roles")
@requires(Role.OPERATOR)
def give_role(user_id: int) -> ResponseReturnValue:
    """Give a role, with the reason."""
    form = RoleForm()
    if not form.validate_on_submit():
        return _page(user_id, role_form=form), 422
    return _change_role(user_id, GIVEN[form.role.data], form, take=False)


@bp.post("/users/<int:user_id>/roles/<any(reviewer, operator):role>/take")
@requires(Role.OPERATOR)
def take_role(user_id: int, role: str) -> ResponseReturnValue:
    """Take a role away, with the reason."""
    form = ReasonForm(prefix=role)
    if not form.validate_on_submit():
        return _page(user_id, take_forms={role: form}), 422
    return _change_role(user_id, GIVEN[role], form, take=True)


@bp.post("/users/<int:user_id>/close")
@requires(Role.OPERATOR)
def close_user(user_id: int) -> ResponseReturnValue:
    """Close an account, or open it again, with the reason."""
    form = ReasonForm(prefix="close")
    if not form.validate_on_submit():
        return _page(user_id, close_form=form), 422
    person = get_or_404(User, user_id)
    change = operations.close_account if person.is_active else operations.open_account

    def act() -> bool:
        change(user_id, form.reason.data, by=current_user.id, now=utcnow())
        return True

    if not attempt(form, act):
        return _page(user_id, close_form=form), 409
    flash(_("Done; it holds from now on."), "ok")
    return redirect(url_for(".user", user_id=user_id))


def _change_role(user_id: int, role: Role, form: ReasonForm | RoleForm, *, take: bool) -> ResponseReturnValue:
    def act() -> bool:
        reason, by = form.reason.data, current_user.id
        operations.change_role(user_id, role, take=take, reason=reason, by=by, now=utcnow())
        return True

    if not attempt(form, act):
        forms = {"take_forms": {str(role): form}} if take else {"role_form": form}
        return _page(user_id, **forms), 409
    flash(_("Done; it holds from now on."), "ok")
    return redirect(url_for(".user", user_id=user_id))


def _page(
    user_id: int,
    role_form: RoleForm | None = None,
    take_forms: dict[str, ReasonForm] | None = None,
    close_form: ReasonForm | None = None,
) -> str:
    person = get_or_404(User, user_id)
    diary = list(reversed(history(person)))[:50]
    held = [role for role in GRANTED_HERE if person.has_role(role)]
    return render_template(
        "operators/user.html",
        person=person,
        role_form=role_form or RoleForm(formdata=None),
        taken=[
            (role, (take_forms or {}).get(str(role)) or ReasonForm(formdata=None, prefix=str(role)))
            for role in held
        ],
        close_form=close_form or ReasonForm(formdata=None, prefix="close"),
        diary=diary,
        names=names_of(line.by for line in diary if line.by),
        all_held=len(held) == len(GRANTED_HERE),
    )
