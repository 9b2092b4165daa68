"""Fees, statements, payouts, reconciliation."""

from flask import Flask

from c2b.settlement import models  # noqa: F401  # known to the database


def register(app: Flask) -> None:
    """Connect this feature to the application."""
