"""Saved cards and requests for money."""

from flask import Flask

from c2b.payments import book_checks, checks, hearing, models, sandbox_views, views, webhook_views  # noqa: F401  # known to the rest
from c2b.payments.fees import share_of
from c2b.payments.rules import card_problem


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.register_blueprint(views.bp)
    app.register_blueprint(sandbox_views.bp)
    app.register_blueprint(webhook_views.bp)
    app.extensions["csrf"].exempt(webhook_views.bp)  # a provider has no form; it signs
    app.jinja_env.globals.update(card_problem=card_problem, share_of=share_of)
