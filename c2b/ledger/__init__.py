"""The books: double entry, append-only."""

from flask import Flask

from c2b.ledger import models  # noqa: F401  # known to the database


def register(app: Flask) -> None:
    """Connect this feature to the application."""
