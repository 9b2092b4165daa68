"""Pages that all visitors share, kept for half a second in front of the application, with each visitor's own secrets.

A view opts in by `@same_for_visitors`. Its page is kept for visitors who are nobody yet: not signed in, nothing typed,
nothing to be told. Whatever else changes a page is in the key: the whole address with its host, the language, the
theme, the single keys. What is one visitor's own (see pages.py) is filled in anew.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask.globals import request_ctx
from flask.sessions import SecureCookieSession
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.http import parse_accept_header, parse_cookie

from c2b.core.kept import Kept
from c2b.core.languages import LANGUAGES
from c2b.core.logs import HEADER, SANE
from c2b.web import language, recent
from c2b.web.meta import KEYS_COOKIE, THEME_COOKIE, THEMES
from c2b.web.pages import Page, cut

SECONDS = 0.5
MOST = 16 * 1024 * 1024  # bytes of pages in one process
LONGEST = 2000  # of an address
KEY = "c2b.page"  # where a request keeps the key of its page
PERSONAL = ("remember_token", "kept_pledge")  # with one of these cookies a page may be somebody's own
HARMLESS = frozenset({"csrf_token", "language"})  # what a session may hold that says nothing about a person
OWN_HEADERS = frozenset({"set-cookie", "content-length", "etag", "date", HEADER.lower()})
Start = Callable[..., Any]
Inner = Callable[[dict[str, Any], Start], Iterable[bytes]]


@dataclass(frozen=True)
class Visit:
    """A request of somebody who is nobody yet, read from its headers alone."""

    key: tuple[str, ...]
    secret: str  # that the tokens of its session are made of; empty without one
    seen: str  # the cookie of what was looked at


class Front:
    """The doorway that answers visitors from what is kept; it stands behind the one that takes the language off."""

    def __init__(self, app: Flask, inner: Inner, pages: Kept[Page]) -> None:
        self.app, self.inner, self.pages = app, inner, pages
        self.tokens = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token")

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        visit = self.visit(environ) if self.pages.seconds and environ["REQUEST_METHOD"] == "GET" else None
        if visit is None:
            return self.inner(environ, start_response)
        page = self.pages.get(visit.key)
        if page is None:
            environ[KEY] = visit.key
            return self.inner(environ, start_response)
        return self.answer(page, visit, environ, start_response)

    def visit(self, environ: dict[str, Any]) -> Visit | None:
        """What decides which page this visitor sees; None where it may be one of their own."""
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        if len(path) + len(query) > LONGEST or path.startswith("/static/"):
            return None
        header = environ.get("HTTP_COOKIE")
        cookies: Any = parse_cookie(header) if header else {}
        opened = self._session(cookies)
        if opened is None or any(name in cookies for name in PERSONAL):
            return None
        chosen, seen = cookies.get(language.COOKIE), cookies.get(recent.COOKIE, "")
        if opened.get("language", chosen) != chosen or (seen and path == recent.SHOWN_ON):
            return None
        code = environ.get(language.KEY) or _unled(environ, chosen)
        if code is None:
            return None
        theme, keys = cookies.get(THEME_COOKIE, ""), cookies.get(KEYS_COOKIE, "")
        key = (
            environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""), environ.get("SCRIPT_NAME", ""), path, query,
            code, theme if theme in THEMES else "", "off" if keys == "off" else "",
        )  # fmt: skip
        return Visit(key, str(opened.get("csrf_token", "")), seen)

    def _session(self, cookies: Any) -> dict[str, Any] | None:
        """The session where it says nothing about a person; None where it does, or cannot be read."""
        kept = cookies.get(self.app.config["SESSION_COOKIE_NAME"])
        if not kept:
            return {}
        signer: Any = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        try:
            opened = signer.loads(kept, max_age=int(self.app.permanent_session_lifetime.total_seconds()))
        except BadData:
            return None
        return opened if set(opened) <= HARMLESS else None

    def answer(
        self, page: Page, visit: Visit, environ: dict[str, Any], start_response: Start
    ) -> Iterable[bytes]:
        """The kept page with what is this visitor's own."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        headers = [*page.headers, (HEADER, given if SANE.fullmatch(given) else secrets.token_hex(8))]
        secure = environ["wsgi.url_scheme"] == "https"
        if page.seen and (cookie := recent.cookie_with(page.seen, visit.seen, secure=secure)):
            headers.append(("Set-Cookie", cookie))
        secret = visit.secret
        if page.has_form and not secret:
            secret, cookie = self._new_session()
            headers.append(("Set-Cookie", cookie))
        tag = f'W/"{page.tag_for(secret)}"'
        headers.append(("ETag", tag))
        if tag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 NOT MODIFIED", [each for each in headers if each[0] != "Content-Type"])
            return []
        compressed = accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        token = str(self.tokens.dumps(secret)) if page.has_form else ""
        body = page.body(page.fillings(token), compressed=compressed)
        more = [("Content-Encoding", "gzip")] if compressed else []
        start_response("200 OK", [*headers, *more, ("Content-Length", str(len(body)))])
        return [body]

    def _new_session(self) -> tuple[str, str]:
        """The secret of a new visitor's forms, and the cookie that keeps it, as Flask itself would write it."""
        secret = secrets.token_hex(20)
        new, carrier = SecureCookieSession({"csrf_token": secret}), Response()
        new.modified = True
        self.app.session_interface.save_session(self.app, new, carrier)
        return secret, carrier.headers["Set-Cookie"]


def _unled(environ: dict[str, Any], chosen: str | None) -> str | None:
    """English, where an address without a language leads its reader to no other; else None."""
    wanted = chosen if chosen in LANGUAGES else language.of_header(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return "en" if wanted == "en" else None


@lru_cache(maxsize=256)
def accepts_gzip(header: str) -> bool:
    """Whether the reader takes compressed answers."""
    return bool("gzip" in header and parse_accept_header(header).quality("gzip") > 0)


def finish(response: Response) -> Response:
    """Mark a page, keep it where all visitors share it, answer "as you have it" or compress it; the last to see it."""
    plain = response.status_code == 200 and response.mimetype == "text/html" and not response.is_streamed
    if not plain or request.method != "GET" or "Content-Encoding" in response.headers:
        return response
    response.vary.update(("Cookie", "Accept-Encoding"))
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if getattr(request_ctx, "flashes", None):
        response.headers["Cache-Control"] = "no-store"  # what is said once is not shown again by the browser
    anonymous = "_user_id" not in session and "no-store" not in response.headers["Cache-Control"]
    compressed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    if not anonymous and not compressed:
        return response
    shared = anonymous and is_shared(response)
    page, own = cut(
        response.get_data(), str(g.get("csrf_token", "")), level=6 if shared else 1,
        headers=[each for each in response.headers if each[0].lower() not in OWN_HEADERS],
        seen=str((request.view_args or {}).get("slug", "")) if request.endpoint == recent.ENDPOINT else "",
    )  # fmt: skip
    if shared:
        current_app.extensions["pages"].put(request.environ[KEY], page)
    if anonymous:
        response.set_etag(page.tag_for(str(session.get("csrf_token", ""))), weak=True)
        response.make_conditional(request)
    if response.status_code == 200 and compressed:
        response.set_data(page.body(own, compressed=True))
        response.headers["Content-Encoding"] = "gzip"
    return response


def is_shared(response: Response) -> bool:
    """Whether this page may be shown to other visitors: its view says so, and nothing in it was for this one."""
    view = current_app.view_functions.get(request.endpoint or "")
    cookies = response.headers.getlist("Set-Cookie")
    return (
        KEY in request.environ
        and getattr(view, "shared", False)
        and set(session) <= HARMLESS
        and all(cookie.startswith(f"{recent.COOKIE}=") for cookie in cookies)
        and not g.get("failed")
    )


def register(app: Flask) -> None:
    """Stand in front of the application, and be the last that sees an answer: this is registered before all others."""
    pages: Kept[Page] = Kept(MOST, 0.0 if app.testing else SECONDS, lambda page: page.weight)
    app.extensions["pages"] = pages
    app.wsgi_app = Front(app, app.wsgi_app, pages)  # type: ignore[method-assign]  # as Flask's own documents say
    app.after_request(finish)
