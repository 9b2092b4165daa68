"""Putting notices into words and sending them."""

from flask import Flask

from c2b.mailing import checks, models, render  # noqa: F401  # promises and tables


def register(app: Flask) -> None:
    """Connect this feature to the application. The mailbox is there only where no mail leaves the house."""
    app.jinja_env.filters.update(moment=render.moment, translated=render.translated)
    if app.config["C2B"].mail == "mailbox":
        from c2b.mailing.views import bp

        app.register_blueprint(bp)
