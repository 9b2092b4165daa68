"""Putting notices into words and sending them."""

from flask import Flask

from c2b.mailing import (  # noqa: F401  # tables and promises too
    checks,
    mailing_views,
    models,
    notification_views,
    preview_views,
    render,
    unsubscribe_views,
)


def register(app: Flask) -> None:
    """Connect this feature to the application. The mailbox is there only where no mail leaves the house."""
    app.jinja_env.globals["mailings"] = mailing_views.running
    app.jinja_env.filters.update(moment=render.moment, translated=render.translated)
    app.register_blueprint(notification_views.bp)
    app.register_blueprint(unsubscribe_views.bp)
    app.register_blueprint(preview_views.bp)
    app.extensions["csrf"].exempt(unsubscribe_views.bp)  # a mail program has no form; the address is signed
    app.jinja_env.globals["mail_preview"] = render.preview
    if app.config["C2B"].mail == "mailbox":
        from c2b.mailing.views import bp

        app.register_blueprint(bp)
