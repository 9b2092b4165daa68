"""What a page says about itself to browsers, search engines and other sites: its addresses, its theme, its picture."""

from typing import Any

from flask import Flask, current_app, has_request_context, request

from c2b.core.languages import PREFIXES, prefixed
from c2b.web.language import own_prefix

THEMES = ("light", "dark")
THEME_COOKIE, KEYS_COOKIE = "theme", "keys"


def theme() -> str:
    """The theme that this person chose, or nothing: then the system's holds."""
    chosen = request.cookies.get(THEME_COOKIE, "") if has_request_context() else ""
    return chosen if chosen in THEMES else ""


def keys_are_off() -> bool:
    """Whether this person switched single keys off (WCAG 2.1.4)."""
    return has_request_context() and request.cookies.get(KEYS_COOKIE) == "off"


def absolute(path: str) -> str:
    """The whole address of something of ours; what is whole already stays as it is."""
    return request.host_url.rstrip("/") + path if path.startswith("/") else path


def _path() -> str:
    """The path of this page without its language."""
    return request.base_url[len(request.host_url) - 1 :].removeprefix(own_prefix())


def _page() -> str:
    asked = request.args.get("page", "")
    return f"?page={asked}" if asked.isascii() and asked.isdecimal() and 1 < int(asked[:6]) < 10_000 else ""


def canonical() -> str:
    """The one address of this page in its language; sorts and filters are the same page, later pages are not."""
    return absolute(prefixed(_path(), _prefix_code()) + _page())


def _prefix_code() -> str:
    return next((code for code, prefix in PREFIXES.items() if prefix == own_prefix()), "en")


def alternates() -> list[tuple[str, str]]:
    """This page in every language, as (language, address); nothing for what only some may see."""
    view = current_app.view_functions.get(request.endpoint or "") if has_request_context() else None
    if view is None or getattr(view, "access", None) != "public" or request.method not in ("GET", "HEAD"):
        return []
    path = _path()
    links = [(code, absolute(prefixed(path, code) + _page())) for code in PREFIXES]
    return [*links, ("x-default", links[0][1])]


def register(app: Flask) -> None:
    """Give the head of every page what it is made of."""
    functions: dict[str, Any] = {
        "theme": theme,
        "keys_are_off": keys_are_off,
        "absolute": absolute,
        "canonical_url": canonical,
        "alternates": alternates,
    }
    app.jinja_env.globals.update(functions)
