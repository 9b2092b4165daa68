"""From a tipped campaign to its launch."""

from flask import Flask

from c2b.pipeline import stages  # noqa: F401  # completes the life of an offer


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    from c2b.pipeline import (  # noqa: F401  # its tables, promises and routes are known
        checks,
        models,
        offer_draft_views,
        offer_import,
        offer_sheet_views,
        offer_views,
        opportunity_views,
        review_models,
        review_views,
        sample_views,
        schedule_views,
        second_views,
        staging_views,
    )
    from c2b.pipeline.blueprint import bp
    from c2b.pipeline.said import reason_in_words
    from c2b.pipeline.sample_rules import why_in_words

    app.jinja_env.filters["reason_in_words"] = reason_in_words
    app.jinja_env.filters["why_in_words"] = why_in_words
    lines = app.config["C2B"].sample_room.split("|")
    app.jinja_env.globals["sample_room"] = [line.strip() for line in lines if line.strip()]
    app.register_blueprint(bp)
