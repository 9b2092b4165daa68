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
    navigation,
    pictures,
    work_views,
)


def register(app: Flask) -> None:
    """Connect the frame to the application."""
    first = (health, language, headers, errors, assets, drawings, filters, navigation, pictures)
    for part in (*first, home, campaign_parts, work_views):
        part.register(app)
