"""Firms that may supply."""

from flask import Flask

from c2b.merchants import checks, models  # noqa: F401  # known to `c2b check` and to the database
from c2b.merchants.blueprint import bp, certification


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    from c2b.merchants import certification_views, views  # noqa: F401  # their routes hang on the blueprints

    app.register_blueprint(bp)
    app.register_blueprint(certification)
