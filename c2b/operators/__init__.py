"""The console of those who run the site: it reads everything and changes through the features' operations."""

from flask import Flask

from c2b.operators import (
    audit_views,
    banner_views,
    batch_views,
    campaign_views,
    case_views,
    check_views,
    checks,
    clock_views,
    health_views,
    inbox_views,
    job_views,
    mail_views,
    order_views,
    people_views,
    refund_views,
    saved_views,
    views,
    work_views,
)
from c2b.operators.blueprint import bp
from c2b.operators.diary_words import diary_details, diary_words, subject_words

PAGES = (
    views, audit_views, banner_views, batch_views, campaign_views, case_views, check_views, clock_views,
    health_views, inbox_views, job_views, mail_views, order_views, people_views, refund_views, saved_views, work_views,
)  # fmt: skip
PROMISES = checks


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(
        diary_words=diary_words, diary_details=diary_details, subject_words=subject_words
    )
    app.register_blueprint(saved_views.bp)
