"""Fees, statements, payouts, reconciliation."""

from flask import Flask

from c2b.settlement import (  # noqa: F401  # known to the database, to `c2b check`, to the site and to what is below
    checks,
    hearing,
    merchant_views,
    models,
    operator_views,
    payouts,
)
from c2b.settlement.blueprint import bp


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.register_blueprint(bp)
