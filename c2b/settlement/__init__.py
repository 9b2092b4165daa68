"""Fees, statements, payouts, reconciliation."""

from flask import Flask

from c2b.settlement import checks, hearing, models, payouts  # noqa: F401  # known to the database, to `c2b check` and to what is below


def register(app: Flask) -> None:
    """Connect this feature to the application."""
