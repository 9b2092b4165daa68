"""Wishes and pledges."""

from flask import Flask

from c2b.campaigns import models, search  # noqa: F401  # known to the database, with the index of search


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    from c2b.campaigns import checks, moderation_views, my_views, pledge_views, views, wish_views  # noqa: F401
    from c2b.campaigns.blueprint import bp, desk
    from c2b.campaigns.regions import region_names
    from c2b.core.money import digits

    app.jinja_env.globals.update(region_names=region_names, money_digits=digits)
    app.register_blueprint(bp)
    app.register_blueprint(desk)
