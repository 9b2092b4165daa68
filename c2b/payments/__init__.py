"""Saved cards and requests for money."""

from flask import Flask

from c2b.payments import checks, models, sandbox_views, views  # noqa: F401  # known to the database and to `c2b check`
from c2b.payments.rules import card_problem


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.register_blueprint(views.bp)
    app.register_blueprint(sandbox_views.bp)
    app.jinja_env.globals["card_problem"] = card_problem
