"""What a launch turns pledges into: charging, orders."""

from flask import Flask

from c2b.orders import models  # noqa: F401  # known to the database


def register(app: Flask) -> None:
    """Connect this feature to the application."""
