"""What is held about a person: a copy of it for them, and the closing of their account."""

from flask import Flask

from c2b.privacy import exporting, views  # noqa: F401  # the kind of work is known


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.register_blueprint(views.bp)
