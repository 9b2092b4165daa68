"""What people say around a campaign: news by its maker, questions and answers, comments; who follows a merchant."""

from flask import Flask

from c2b.community import models  # noqa: F401  # known to the database


def register(app: Flask) -> None:
    """Connect this feature to the application."""
