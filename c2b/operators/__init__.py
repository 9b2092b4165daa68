"""The console of those who run the site: it reads everything and changes through the features' operations."""

from flask import Flask

from c2b.operators import (
    audit_views,
    batch_views,
    campaign_views,
    case_views,
    check_views,
    checks,
    clock_views,
    inbox_views,
    job_views,
    mail_views,
    people_views,
    views,
)
from c2b.operators.blueprint import bp

PAGES = (
    views, audit_views, batch_views, campaign_views, case_views, check_views, clock_views, inbox_views, job_views,
    mail_views, people_views,
)  # fmt: skip
PROMISES = checks


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.register_blueprint(bp)
