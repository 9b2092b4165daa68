"""The console of those who run the site."""

from flask import Flask


def register(app: Flask) -> None:
    """Connect this feature to the application."""
