"""Pages that many share, kept for half a second in front of the application (front.py answers from them).

A view opts in for visitors by `@same_for_visitors`, and for signed-in readers by `keep_for_readers(...)`. What is one
reader's own (see pages.py and core/own.py) is filled in anew.
"""

from functools import cache

import structlog
from flask import Flask, Response, current_app, g, request, session
from flask.globals import request_ctx
from flask_login import current_user
from markupsafe import escape
from werkzeug.http import dump_cookie

from c2b.core.access import Role
from c2b.core.kept import Kept
from c2b.core.logs import HEADER
from c2b.core.own import ANY, MARKED, READER, keeping, own, own_mark, own_words
from c2b.web import language, readers, recent
from c2b.web.front import ACTED, CODE, HARMLESS, KEY, SIGNED_IN, Front, accepts_gzip, page_key, words_key
from c2b.web.pages import Page, Words, cut

SECONDS = 0.5
MOST = 16 * 1024 * 1024  # bytes of pages in one process
WHILE_ACTED = 6  # seconds after a form in which its sender gets pages of their own: no page is kept so long
OWN_HEADERS = frozenset({"set-cookie", "content-length", "etag", "date", HEADER.lower()})
log = structlog.get_logger()


def finish(response: Response) -> Response:
    """Mark a page, keep it where others share it, answer "as you have it" or compress it; the last to see it."""
    if request.method not in ("GET", "HEAD") and "_user_id" in session:
        response.headers.add("Set-Cookie", _acted(bool(current_app.config["SESSION_COOKIE_SECURE"])))
    plain = response.status_code == 200 and response.mimetype == "text/html" and not response.is_streamed
    if not plain or request.method != "GET" or "Content-Encoding" in response.headers:
        return _unmarked(response)
    response.vary.update(("Cookie", "Accept-Encoding"))
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if getattr(request_ctx, "flashes", None):
        response.headers["Cache-Control"] = "no-store"  # what is said once is not shown again by the browser
    anonymous = "_user_id" not in session and "no-store" not in response.headers["Cache-Control"]
    compressed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    shared = is_shared(response, anonymous)
    if not anonymous and not compressed and not shared:
        return _unmarked(response)
    page, own, words = cut(
        response.get_data(), str(g.get("csrf_token", "")), level=6 if shared else 1,
        headers=[each for each in response.headers if each[0].lower() not in OWN_HEADERS],
        seen=str((request.view_args or {}).get("slug", "")) if request.endpoint == recent.ENDPOINT else "",
    )  # fmt: skip
    if shared:
        _keep(page, words)
    if anonymous:
        response.set_etag(page.tag_for(str(session.get("csrf_token", ""))), weak=True)
        response.make_conditional(request)
    if response.status_code == 200 and (compressed or keeping()):
        response.set_data(page.body(own, compressed=compressed))
        if compressed:
            response.headers["Content-Encoding"] = "gzip"
    return response


@cache
def _acted(secure: bool) -> str:
    """The cookie of somebody who has just sent a form."""
    return dump_cookie(
        ACTED, "1", max_age=WHILE_ACTED, sync_expires=False, httponly=True, samesite="Lax", secure=secure
    )


def _unmarked(response: Response) -> Response:
    """An answer that is kept for nobody, without the marks that were written before that was known."""
    if keeping() and not response.is_streamed and ANY in (body := response.get_data()):
        response.set_data(MARKED.sub(rb"\g<html>", body))
    return response


def _keep(page: Page, words: Words) -> None:
    front: Front = current_app.extensions["front"]
    said = keeping()
    if said is None:
        front.pages.put(request.environ[KEY], page)
        return
    if any(str(escape(current_user.email)).encode() in piece for piece in page.pieces):
        log.error("a page for many names its reader", path=request.path)
        return
    key = request.environ[READER]
    roles: frozenset[Role] = current_user.roles
    for (hole, shows), written in words.items():
        front.words.put(words_key(key, hole, shows), written)
    front.abouts.put(key, said)
    front.pages.put(page_key(key, roles, said.kind), page)


def is_shared(response: Response, anonymous: bool) -> bool:
    """Whether this page may be shown to others: its view says so, and nothing in it was for this reader alone."""
    view = current_app.view_functions.get(request.endpoint or "")
    cookies = response.headers.getlist("Set-Cookie")
    if anonymous:
        mine = KEY in request.environ and getattr(view, "shared", False) and set(session) <= HARMLESS
    else:
        mine = keeping() is not None and not getattr(request_ctx, "flashes", None) and _is_like_others()
    return mine and all(each.startswith(f"{recent.COOKIE}=") for each in cookies) and not g.get("failed")


def _is_like_others() -> bool:
    """Whether this signed-in reader is one of many, and the page in the language of its address."""
    known = current_user.is_authenticated and not current_user.is_staff and set(session) <= SIGNED_IN
    return bool(known) and language.code() == (request.environ[READER][CODE] or "en")


def register(app: Flask) -> None:
    """Stand in front of the application, and be the last that sees an answer: this is registered before all others."""
    pages: Kept[Page] = Kept(MOST, 0.0 if app.testing else SECONDS, lambda page: page.weight)
    app.extensions["pages"] = pages
    known = readers.Readers(app, 0.0 if app.testing else readers.FRESH)
    front = app.extensions["front"] = Front(app, app.wsgi_app, pages, known)
    app.wsgi_app = front  # type: ignore[method-assign]  # as Flask's own documents say
    app.jinja_env.globals.update(own=own, own_mark=own_mark, own_words=own_words, initial=readers.initial)
    app.after_request(finish)
