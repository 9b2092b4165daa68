"""A process that has just started keeps nothing: for tests that count what a page asks."""

from flask import Flask

PLACES = ("c2b.people", "c2b.quick", "shared", "addresses")


def forget_kept(app: Flask) -> None:
    """What this process keeps between requests is gone."""
    for name in PLACES:
        app.extensions.pop(name, None)
    for name in ("pages", "fragments"):
        app.extensions[name].clear()
