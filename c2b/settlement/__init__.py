"""Fees, statements, payouts, reconciliation."""

from flask import Flask

from c2b.settlement import hearing, models, payouts  # noqa: F401  # known to the database and to what is below


def register(app: Flask) -> None:
    """Connect this feature to the application."""
