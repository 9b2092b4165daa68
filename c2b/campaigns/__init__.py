"""Wishes and pledges."""

from flask import Flask

from c2b.campaigns import models, search  # noqa: F401  # known to the database, with the index of search


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    from c2b.campaigns import (  # noqa: F401
        checks,
        live_views,
        moderation_views,
        my_views,
        pledge_views,
        share_views,
        views,
        wish_views,
    )
    from c2b.campaigns.blueprint import bp, desk
    from c2b.campaigns.regions import region_names
    from c2b.core.money import digits

    app.jinja_env.globals.update(region_names=region_names, money_digits=digits)
    app.register_blueprint(bp)
    app.register_blueprint(desk)
