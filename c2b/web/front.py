"""The doorway that answers from pages that are kept, with what is each reader's own.

A page is kept for visitors who are nobody yet, and for those who are signed in and have nothing to be told: whatever
else changes it is in its key (the whole address with its host, the language, the theme, the single keys, the roles, how
they stand to its campaign). Everybody else is answered by the application itself: who writes for a firm or started the
campaign, our own team, who sent a form in the last seconds, who typed something that is kept, whose session is old
enough to be written anew.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from typing import Any

import structlog
from flask import Flask
from itsdangerous import BadData
from werkzeug.exceptions import HTTPException
from werkzeug.http import dump_cookie, parse_accept_header, parse_cookie

from c2b.accounts.who import Person
from c2b.core.access import Role
from c2b.core.kept import Kept
from c2b.core.languages import LANGUAGES
from c2b.core.logs import HEADER, SANE
from c2b.core.own import READER, Hole, Keeping
from c2b.web import language, readers, recent
from c2b.web.meta import KEYS_COOKIE, THEME_COOKIE, THEMES
from c2b.web.pages import ONCE, TOKEN, Fill, Page
from c2b.web.readers import Reader, Readers
from c2b.web.signing import RENEWED, Serializer

LONGEST = 2000  # of an address
PATIENCE = 3.0  # seconds that one waits for a page that is being written for another
KINDS = 2  # pages that one waits for: it may be of another kind, for who has joined
MOST_ADDRESSES, MOST_SESSIONS = 5000, 5000
KEY = "c2b.page"  # where a visitor's request keeps the key of its page
ACTED = "acted"  # the cookie of who sent a form in the last seconds
PERSONAL = ("remember_token", "kept_pledge", ACTED)  # with one of these cookies a page may be somebody's own
HARMLESS = frozenset({"csrf_token", "language"})  # what a session may hold that says nothing about a person
SIGNED_IN = HARMLESS | {"_user_id", "_id", "_fresh", "_permanent"}  # and what it holds of who is signed in
BEGINS = 2  # the place in a visit's key of how addresses begin
CODE = 5  # and of the language, which is empty where it is not in the address
log = structlog.get_logger()
Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, Iterable[bytes]]
Start = Callable[..., Any]
Inner = Callable[[dict[str, Any], Start], Iterable[bytes]]


@dataclass(frozen=True)
class Visit:
    """A request for a page that may be kept, read from its headers alone."""

    key: tuple[str, ...]
    secret: str  # that the tokens of its session are made of; empty without one
    seen: str  # the cookie of what was looked at
    who: str  # whom the session names; empty for a visitor
    chosen: str | None  # the language that was chosen on this device


class Front:
    """The doorway that answers from what is kept; it stands behind the one that takes the language off."""

    def __init__(self, app: Flask, inner: Inner, pages: Kept[Page], known: Readers) -> None:
        self.app, self.inner, self.pages, self.readers = app, inner, pages, known
        self.abouts: Kept[Keeping] = Kept(MOST_ADDRESSES, 60.0)  # what was said of the page at an address
        self.words: Kept[bytes] = Kept(readers.MOST_WORDS, weigh=len)  # see own(shows=)
        self.opened: Kept[tuple[dict[str, Any], float]] = Kept(
            MOST_SESSIONS
        )  # by the signed cookie: never out of date
        self.sessions: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        self.set_session = self._frame_of_session()
        self.making: dict[tuple[Any, ...], Event] = {}  # pages that a request is writing just now
        self.tokens = Serializer(str(app.secret_key), "wtf-csrf-token")

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        visit = self.visit(environ) if self.pages.seconds and environ["REQUEST_METHOD"] == "GET" else None
        if visit is None:
            return self.inner(environ, start_response)
        answer = self._kept(visit, environ)
        if answer is None:
            return self._made(visit, environ, start_response)
        return _sent(answer, start_response)

    def _kept(self, visit: Visit, environ: dict[str, Any]) -> Answer | None:
        """The answer from what is kept; None where there is nothing for this reader."""
        if visit.who:
            return self._for_reader(visit, environ)
        environ[KEY] = visit.key
        return self._for_visitor(visit, environ)

    def _made(self, visit: Visit, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """The page, written now; of a crowd that comes for it at once, one has it written and the others wait."""
        key, mine = (*visit.key, bool(visit.who)), Event()
        for _kind in range(KINDS if self._is_shared(environ) else 0):
            other = self.making.setdefault(key, mine)
            if other is mine:
                break
            other.wait(PATIENCE)
            if (answer := self._kept(visit, environ)) is not None:
                return _sent(answer, start_response)
        try:
            return self.inner(environ, start_response)
        finally:
            if self.making.get(key) is mine:
                del self.making[key]
            mine.set()

    def _is_shared(self, environ: dict[str, Any]) -> bool:
        """Whether what is at this address may be kept for others."""
        if KEY not in environ and READER not in environ:
            return False
        try:
            endpoint, _values = self.app.url_map.bind_to_environ(environ).match()
        except HTTPException:
            return False
        return bool(getattr(self.app.view_functions[endpoint], "shared", False))

    def visit(self, environ: dict[str, Any]) -> Visit | None:
        """What decides which page this reader sees; None where it may be like no other's."""
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        if len(path) + len(query) > LONGEST or path.startswith("/static/"):
            return None
        header = environ.get("HTTP_COOKIE")
        cookies = parse_cookie(header).to_dict() if header else {}
        opened = self._session(cookies)
        if opened is None or any(name in cookies for name in PERSONAL):
            return None
        chosen, seen = cookies.get(language.COOKIE), cookies.get(recent.COOKIE, "")
        if opened.get("language", chosen) != chosen or (seen and path == recent.SHOWN_ON):
            return None
        who = str(opened.get("_user_id", ""))
        code = environ.get(language.KEY) or ("" if who else _unled(environ, chosen))
        if code is None:
            return None
        theme, keys = cookies.get(THEME_COOKIE, ""), cookies.get(KEYS_COOKIE, "")
        key = (
            environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""), environ.get("SCRIPT_NAME", ""), path, query,
            code, theme if theme in THEMES else "", "off" if keys == "off" else "",
        )  # fmt: skip
        return Visit(key, str(opened.get("csrf_token", "")), seen, who, chosen)

    def _session(self, cookies: Any) -> dict[str, Any] | None:
        """The session; None where it says more of a person than who they are, or is to be written anew."""
        cookie = cookies.get(self.app.config["SESSION_COOKIE_NAME"])
        if not cookie:
            return {}
        try:
            opened, since = self.opened.of(cookie, lambda: self._open(cookie))
        except BadData:
            return None
        age = time.time() - since
        if set(opened) <= HARMLESS:
            return opened if age <= self.app.permanent_session_lifetime.total_seconds() else None
        known = age < RENEWED and "csrf_token" in opened and set(opened) <= SIGNED_IN
        return opened if known else None

    def _open(self, cookie: str) -> tuple[dict[str, Any], float]:
        """What a cookie of ours says, and when it was written."""
        opened, since = self.sessions.loads(cookie, return_timestamp=True)
        return opened, since.timestamp()

    def _for_visitor(self, visit: Visit, environ: dict[str, Any]) -> Answer | None:
        """The kept page with what is this visitor's own."""
        page = self.pages.get(visit.key)
        if page is None:
            return None
        secret, more = visit.secret, []
        if page.has_form and not secret:
            secret, cookie = self._new_session()
            more.append(("Set-Cookie", cookie))
        tag = f'W/"{page.tag_for(secret)}"'
        more.append(("ETag", tag))
        if tag in environ.get("HTTP_IF_NONE_MATCH", ""):
            headers = self._headers(page, visit, environ, more)
            return "304 NOT MODIFIED", [each for each in headers if each[0] != "Content-Type"], []
        own = page.filled(self._fill(page, secret))
        return self._answer(page, own, visit, environ, more) if own is not None else None

    def _for_reader(self, visit: Visit, environ: dict[str, Any]) -> Answer | None:
        """The kept page with what is this signed-in reader's own, as it was within the last second."""
        environ[READER] = visit.key
        about = self.abouts.get(visit.key)
        if about is None:
            return None
        try:
            with self.app.app_context():
                reader = self.readers.reader_of(visit.who, about.campaign_id)
                if reader is None or self._is_led_on(visit, reader.person, environ):
                    return None
                page = self.pages.get(page_key(visit.key, reader.person.roles, readers.kind_of(reader)))
                own = page.filled(self._fill(page, visit.secret, reader, visit.key)) if page else None
        except Exception:  # whatever is wrong: the long way may do better, and says it where it does not
            log.exception("a kept page could not be filled in", path=visit.key[3])
            return None
        return self._answer(page, own, visit, environ, []) if page and own is not None else None

    def _is_led_on(self, visit: Visit, person: Person, environ: dict[str, Any]) -> bool:
        """Whether this address leads the person to the same page in another language."""
        chosen = visit.chosen if visit.chosen in LANGUAGES else person.locale
        return not visit.key[CODE] and _unled(environ, chosen) is None

    def _fill(self, page: Page, secret: str, reader: Reader | None = None, key: Any = ()) -> Fill:
        """What goes into the holes: a token, a key that was never used, what is a reader's own."""
        token = self.tokens.signed(b'"%b"' % secret.encode()).encode() if page.has_form else b""

        def words(hole: Hole, shows: Any) -> bytes | None:
            return self.words.get(words_key(key, hole, shows))

        def fill(hole: Hole) -> bytes | None:
            if hole is TOKEN:
                return token
            if hole is ONCE:
                return secrets.token_urlsafe(16).encode()
            if reader is None:
                return None
            return readers.written(reader, hole, words)

        return fill

    def _headers(self, page: Page, visit: Visit, environ: dict[str, Any], more: Headers) -> Headers:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        headers = [*page.headers, (HEADER, given if SANE.fullmatch(given) else secrets.token_hex(8)), *more]
        secure = environ["wsgi.url_scheme"] == "https"
        if page.seen and (cookie := recent.cookie_with(page.seen, visit.seen, secure=secure)):
            headers.append(("Set-Cookie", cookie))
        return headers

    def _answer(
        self, page: Page, own: list[bytes], visit: Visit, environ: dict[str, Any], more: Headers
    ) -> Answer:
        compressed = accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        body = page.body(own, compressed=compressed)
        if compressed:
            more.append(("Content-Encoding", "gzip"))
        more.append(("Content-Length", str(len(body))))
        return "200 OK", self._headers(page, visit, environ, more), [body]

    def _new_session(self) -> tuple[str, str]:
        """The secret of a new visitor's forms, and the cookie that keeps it, as Flask itself would write it."""
        secret = secrets.token_hex(20)
        return secret, self.set_session.format(self.sessions.signed(b'{"csrf_token":"%b"}' % secret.encode()))

    def _frame_of_session(self) -> str:
        """The header that sets the cookie of a session, but for what it says."""
        config = self.app.config
        return dump_cookie(
            config["SESSION_COOKIE_NAME"],
            "{}",
            secure=config["SESSION_COOKIE_SECURE"],
            httponly=config["SESSION_COOKIE_HTTPONLY"],
            samesite=config["SESSION_COOKIE_SAMESITE"],
        )


def _sent(answer: Answer, start_response: Start) -> Iterable[bytes]:
    status, headers, body = answer
    start_response(status, headers)
    return body


def page_key(address: tuple[str, ...], roles: Iterable[Role], kind: Any) -> tuple[Any, ...]:
    """What the page of signed-in readers is kept by."""
    return address, tuple(sorted(roles)), kind


def words_key(address: tuple[str, ...], hole: Hole, shows: Any) -> tuple[Any, ...]:
    """What words are kept by: the addresses in them begin as this page's do, and they are in its language."""
    return address[BEGINS], address[CODE], hole, shows


def _unled(environ: dict[str, Any], chosen: str | None) -> str | None:
    """English, where an address without a language leads its reader to no other; else None."""
    wanted = chosen if chosen in LANGUAGES else language.of_header(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return "en" if wanted == "en" else None


@lru_cache(maxsize=256)
def accepts_gzip(header: str) -> bool:
    """Whether the reader takes compressed answers."""
    return bool("gzip" in header and parse_accept_header(header).quality("gzip") > 0)
