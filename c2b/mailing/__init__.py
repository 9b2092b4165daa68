"""Putting notices into words and sending them."""

from flask import Flask


def register(app: Flask) -> None:
    """Connect this feature to the application."""
