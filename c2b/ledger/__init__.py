"""The books: double entry, append-only."""

from flask import Flask

from c2b.ledger import checks, models  # noqa: F401  # known to the database and to `c2b check`


def register(app: Flask) -> None:
    """Connect this feature to the application."""
