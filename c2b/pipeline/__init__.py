"""From a tipped campaign to its launch."""

from flask import Flask

from c2b.pipeline import stages  # noqa: F401  # completes the life of an offer


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    from c2b.pipeline import models, offer_views, opportunity_views  # noqa: F401  # its tables and routes are known
    from c2b.pipeline.blueprint import bp

    app.register_blueprint(bp)
