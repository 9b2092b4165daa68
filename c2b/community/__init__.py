"""What people say around a campaign: news by its maker, questions and answers, comments; who follows a merchant."""

from flask import Flask

from c2b.community import models  # noqa: F401  # known to the database


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    from c2b.community import (  # noqa: F401
        checks,
        comment_views,
        desk_views,
        feed_views,
        follow_views,
        news_views,
        parts,
        question_views,
    )
    from c2b.community.blueprint import bp, desk

    app.register_blueprint(bp)
    app.register_blueprint(desk)
    parts.register(app)
