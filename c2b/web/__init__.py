"""The frame around all pages: language, navigation, errors, headers, home."""

from flask import Flask

from c2b.web import (
    assets,
    campaign_parts,
    drawings,
    errors,
    filters,
    headers,
    health,
    home,
    language,
    meta,
    navigation,
    pictures,
    work_views,
)


def register(app: Flask) -> None:
    """Connect the frame to the application."""
    first = (health, headers, language, errors, assets, drawings, filters, meta, navigation, pictures)
    for part in (*first, home, campaign_parts, work_views):
        part.register(app)
