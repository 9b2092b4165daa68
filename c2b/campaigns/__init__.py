"""Wishes and pledges."""

from flask import Flask

from c2b.campaigns import models  # noqa: F401  # known to the database


def register(app: Flask) -> None:
    """Connect this feature to the application."""
