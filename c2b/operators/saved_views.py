"""Keeping and removing views of tables, for everybody who works in the office."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core import saved_views, tables
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.forms import query_text

bp = Blueprint("saved_views", __name__, url_prefix="/office/views")
OFFICE = (Role.MERCHANT, Role.REVIEWER, Role.OPERATOR)
COLLEAGUES = {Role.REVIEWER, Role.OPERATOR}  # a firm's filters are no other firm's business
LONGEST = 60
bp.add_app_template_global(tables.here, "here")


@bp.app_template_global("may_share_views")
def may_share() -> bool:
    """Whether this page is for the site's own people alone, so that its views may be shared."""
    return _is_shared_page(request.endpoint or "")


def _is_shared_page(page: str) -> bool:
    roles: Any = getattr(current_app.view_functions.get(page), "access", ())
    return isinstance(roles, tuple) and bool(roles) and set(roles) <= COLLEAGUES


def _is_page(page: str) -> bool:
    """Whether it is a page of the office whose address needs no arguments."""
    rules = current_app.url_map.iter_rules(page) if page in current_app.view_functions else ()
    roles: Any = getattr(current_app.view_functions.get(page), "access", ())
    plain = any("GET" in (rule.methods or ()) and rule.arguments <= {"lang_code"} for rule in rules)
    return plain and isinstance(roles, tuple) and bool(set(roles) & set(OFFICE))


@bp.post("")
@requires(*OFFICE)
def keep() -> ResponseReturnValue:
    """Keep the filters of a page under a name."""
    page, name = request.form.get("page", ""), query_text(request.form.get("name"), LONGEST)
    if not _is_page(page) or not name:
        abort(400)
    shared = request.form.get("shared") == "1" and _is_shared_page(page)
    query = request.form.get("query", "")
    with transaction():
        view = saved_views.keep_view(page, name, query, shared=shared, by=current_user.id, now=utcnow())
        url = view.url
    flash(_("The view is kept. You find it under “Views”."), "ok")
    return redirect(url)


@bp.post("/<int:view_id>/remove")
@requires(*OFFICE)
def forget(view_id: int) -> ResponseReturnValue:
    """Remove a view of one's own."""
    with transaction():
        page = saved_views.forget_view(view_id, by=current_user.id)
    flash(_("The view is removed."), "ok")
    return redirect(url_for(page))
