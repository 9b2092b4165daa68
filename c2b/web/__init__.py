"""The frame around all pages: language, navigation, errors, headers, home."""

from flask import Flask

from c2b.web import assets, drawings, errors, filters, headers, health, home, language, navigation, pictures


def register(app: Flask) -> None:
    """Connect the frame to the application."""
    for part in (health, language, headers, errors, assets, drawings, filters, navigation, pictures, home):
        part.register(app)
