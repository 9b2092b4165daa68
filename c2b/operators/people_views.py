"""People: who they are, what they may be, whether they may come in."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from c2b.accounts.models import RoleGrant, User
from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404
from c2b.core.events import history
from c2b.core.forms import attempt
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.operators import operations
from c2b.operators.blueprint import bp
from c2b.operators.forms import ReasonForm, RoleForm
from c2b.operators.rules import GRANTED_HERE

ROLES = (Role.MERCHANT, *GRANTED_HERE)
SORTS = {
    "new": Sort(_l("Newest"), User.id, down=True),
    "old": Sort(_l("Oldest"), User.id),
    "name": Sort(_l("By name"), User.name),
}
GIVEN = {str(role): role for role in GRANTED_HERE}


@bp.get("/users")
@requires(Role.OPERATOR)
def users() -> ResponseReturnValue:
    """People, newest first; found by name or address, filtered by role."""
    role = asked("role", [*(str(role) for role in ROLES), "closed"])
    statement = select(User)
    if role == "closed":
        statement = statement.where(User.disabled_at.is_not(None))
    elif role:
        statement = statement.where(User.id.in_(select(RoleGrant.user_id).where(RoleGrant.role == role)))
    found = find(statement, SORTS, User.id, search=(User.email, User.name))
    if found.as_file:
        return found.file(
            "people", [_("Number"), _("Name"), _("E-mail"), _("Roles"), _("Since"), _("Closed")], _cells
        )
    kinds = [(_("Everybody"), ""), *((r.label, str(r)) for r in ROLES), (_("Closed"), "closed")]
    return render_template(
        "operators/users.html",
        table=found,
        filters=[(text, here(role=key or None), None, key == role) for text, key in kinds],
    )


def _cells(people: Sequence[User]) -> list[list[object]]:
    return [
        [
            p.id,
            p.name,
            p.email,
            ", ".join(g.role.label for g in p.grants),
            moment(p.created_at),
            moment(p.disabled_at),
        ]
        for p in people
    ]


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
