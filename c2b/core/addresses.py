"""Addresses of pages, built once and then remembered: a page has a hundred of them, the same for everybody."""

from typing import Any

from flask import current_app, has_request_context, request, url_for

from c2b.core.kept import Kept

MOST = 20_000


def path_for(endpoint: str, **values: Any) -> str:
    """What `url_for` says; a path is remembered by language, page and values, a whole address is not."""
    if not has_request_context() or "_external" in values:
        return url_for(endpoint, **values)
    feature = request.blueprint if endpoint.startswith(".") else ""
    if not all(value is None or isinstance(value, (str, int)) for value in values.values()):
        return url_for(endpoint, **values)
    known: Kept[str] = current_app.extensions.setdefault("addresses", Kept(MOST))
    key = (request.script_root, feature, endpoint, *values.items())
    return known.of(key, lambda: url_for(endpoint, **values))
