"""The frame around all pages: language, navigation, errors, headers, home."""

from flask import Flask

from c2b.web import (
    appearance,
    assets,
    campaign_parts,
    discovery,
    drawings,
    errors,
    filters,
    fragments,
    headers,
    health,
    help_views,
    home,
    installing,
    language,
    meta,
    navigation,
    pagecache,
    pictures,
    recent,
    signing,
    structured,
    work_views,
)


def register(app: Flask) -> None:
    """Connect the frame to the application."""
    first = (
        signing,
        pagecache,
        health,
        headers,
        language,
        errors,
        assets,
        drawings,
        filters,
        fragments,
        meta,
        navigation,
    )
    pages = (pictures, home, help_views, appearance, discovery, installing, recent, structured)
    for part in (*first, *pages, campaign_parts, work_views):
        part.register(app)
