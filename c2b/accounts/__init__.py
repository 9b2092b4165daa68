"""People: sign-in, roles, addresses."""

from datetime import timedelta

from flask import Flask, g, has_request_context
from flask_login import LoginManager, current_user
from flask_wtf import CSRFProtect
from werkzeug.local import LocalProxy

from c2b.accounts import checks, models, own_views, queries, views  # noqa: F401  # tables, promises and pages
from c2b.accounts.who import person_of

SESSION = timedelta(days=30)  # since the last visit


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.permanent_session_lifetime = SESSION
    manager = LoginManager()
    manager.login_view = "accounts.sign_in"
    manager.user_loader(person_of)
    manager.init_app(app)
    CSRFProtect(app)
    app.register_blueprint(views.bp)
    app.context_processor(lambda: {"unread": LocalProxy(_unread)})


def _unread() -> int:
    """How many new notices the person has; asked only where a page shows it, and once per page."""
    if not has_request_context() or not current_user.is_authenticated:
        return 0
    if "unread" not in g:
        g.unread = queries.unread_count(current_user.id)
    return int(g.unread)
