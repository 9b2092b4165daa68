"""Which language a page speaks: that of its address; who comes without one is led to their own.

`/es/c/pot` is `/c/pot` in Spanish; an address without a prefix is English. The prefix is moved into SCRIPT_NAME before
Flask looks at the address, so every `url_for` keeps it. What machines read (files, feeds, webhooks) has one address.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from babel import Locale
from flask import Blueprint, Flask, Response, g, has_request_context, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import Babel, Domain, force_locale, get_locale, gettext, ngettext
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from c2b.accounts import operations
from c2b.core import text
from c2b.core.access import public
from c2b.core.clock import utcnow
from c2b.core.db import end_transaction, transaction
from c2b.core.languages import CATALOGUES, LANGUAGES, PREFIXES, closest, prefixed
from c2b.core.paths import local_path
from c2b.core.templating import sentences
from c2b.web import pseudo
from c2b.web.headers import NO_DATABASE

bp = Blueprint("language", __name__)

BY_PREFIX = {prefix.strip("/"): code for code, prefix in PREFIXES.items() if prefix}
KEY = "c2b.language"  # where the request keeps the language of its address
COOKIE, A_YEAR = "language", 365 * 86400
LONGEST_HEADER = 200
# What is there once, for machines: it is never redirected, and its address has no prefix.
MACHINE_PATHS = ("/static/", "/files/", "/webhooks/", "/healthz", "/readyz", "/language/", "/sandbox/")
VARIES = ("Accept-Language", "Cookie")
MACHINE_ENDINGS = (
    ".ics", ".csv", ".xml", ".atom", ".png", ".svg", ".webp", ".txt", ".json", ".js", ".webmanifest", ".ico", ".pdf",
)  # fmt: skip


class ByPrefix:
    """The doorway that takes the language off the address."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        first, _slash, rest = environ.get("PATH_INFO", "").removeprefix("/").partition("/")
        if code := BY_PREFIX.get(first):
            environ[KEY] = code
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + PREFIXES[code]
            environ["PATH_INFO"] = f"/{rest}"
        return self.app(environ, start_response)


class Catalogues(Domain):
    """The catalogues, each found by its language at once: a page has hundreds of sentences."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)
        self.known: dict[Locale | None, Any] = {}

    def get_translations(self) -> Any:
        """The catalogue of this request's language."""
        locale = get_locale()
        if (found := self.known.get(locale)) is None:
            found = self.known[locale] = super().get_translations()
        return found


def register(app: Flask) -> None:
    """Install the translator and the doorway; modules that know nothing of the web translate through core.text."""
    babel = Babel(app, locale_selector=catalogue)
    with app.app_context():
        babel.domain_instance = Catalogues(babel.domain)
    text.install(gettext, ngettext, force_locale)
    if app.config["C2B"].pseudo:
        with app.app_context():
            pseudo.install(babel)
    app.jinja_env.globals.update(sentences(babel.domain_instance))
    app.wsgi_app = ByPrefix(app.wsgi_app)  # type: ignore[method-assign]  # as Flask's own documents say
    app.before_request(lead_to_own_language)
    app.after_request(stay_in_language)
    app.register_blueprint(bp)


def code() -> str:
    """The language of this request, as in `lang="…"`."""
    if not has_request_context():
        return "en"  # a job or a command; mail is written with force_locale
    return str(request.environ.get(KEY) or wanted())


def catalogue() -> str:
    """The catalogue of this request's language."""
    return CATALOGUES[code()]


def wanted() -> str:
    """The language that this person wants: chosen here, else kept in their account, else their browser's."""
    chosen = session.get("language") or request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    if (kept := _account_language()) in LANGUAGES:
        return str(kept)
    return of_header(request.headers.get("Accept-Language", ""))


@lru_cache(maxsize=1024)
def of_header(header: str) -> str:
    """The language of ours that a browser's header asks for first; English where it asks for none of them."""
    tags = parse_accept_header(header[:LONGEST_HEADER], LanguageAccept)
    return next((found for tag, _quality in tags if (found := closest(tag))), "en")


def _account_language() -> str | None:
    """The language of whoever is signed in; not where the database has failed, or is not to be asked at all."""
    if g.get("failed") or (request.endpoint and request.endpoint in NO_DATABASE):
        return None
    try:
        return str(current_user.locale) if current_user and current_user.is_authenticated else None
    except SQLAlchemyError:
        g.failed = True
        return None


def own_prefix() -> str:
    """How the addresses of this request's language begin."""
    return PREFIXES[request.environ[KEY]] if KEY in request.environ else ""


def without_prefix(address: str) -> str:
    """The one address of what is the same in every language."""
    return address.removeprefix(own_prefix()) if has_request_context() else address


def is_for_machines(path: str) -> bool:
    """Whether there is no page at this path, but a file, a feed or a doorway for programs."""
    return path.startswith(MACHINE_PATHS) or path.endswith(MACHINE_ENDINGS)


def lead_to_own_language() -> ResponseReturnValue | None:
    """A page without a prefix leads its reader to the same page in their language."""
    if KEY in request.environ or request.method not in ("GET", "HEAD") or request.endpoint is None:
        return None
    accepts = request.headers.get("Accept", "")
    if is_for_machines(request.path) or (accepts and "text/html" not in accepts):
        return None
    mine = wanted()
    if mine == "en":
        return None
    answer = redirect(prefixed(_address_as_asked(), mine))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _address_as_asked() -> str:
    """Path and query of this request, with every sign that means something in an address still in disguise."""
    query = request.query_string.decode("latin-1")
    return quote(request.path) + (f"?{query}" if query else "")


def stay_in_language(response: Response) -> Response:
    """Who is led on stays in the language of the address, or goes over to one just chosen; caches are told."""
    chosen = _just_chosen()
    if chosen:
        secure = request.is_secure
        response.set_cookie(COOKIE, chosen, max_age=A_YEAR, samesite="Lax", httponly=True, secure=secure)
    named = KEY in request.environ  # in the address
    where = response.headers.get("Location", "")
    if where.startswith("/") and (chosen or named):
        response.headers["Location"] = _in_language(where, PREFIXES[chosen] if chosen else own_prefix())
    if not named and request.endpoint is not None and not is_for_machines(request.path):
        _depends_on(response, VARIES)
    if response.mimetype == "text/html" and not g.get("failed"):
        response.content_language.add(code())
    return response


def _depends_on(response: Response, names: tuple[str, ...]) -> None:
    """Say on which headers of the request this answer depends; most have said nothing of it yet."""
    if "Vary" in response.headers:
        response.vary.update(names)
    else:
        response.headers["Vary"] = ", ".join(names)


def _just_chosen() -> str | None:
    """The language that this request put into the session; the cookie keeps it when the session ends."""
    chosen = session.get("language") if session.accessed else None
    return str(chosen) if chosen in LANGUAGES and request.cookies.get(COOKIE) != chosen else None


def _in_language(where: str, prefix: str) -> str:
    path = where.partition("?")[0]
    if path.startswith("//") or is_for_machines(path):
        return where
    first = path.split("/")[1]
    return prefix + (where.removeprefix(f"/{first}") if first in BY_PREFIX else where)


@bp.get("/language/<code>")
@public
def choose(code: str) -> ResponseReturnValue:
    """Remember the language, in the account too, and show the same page in it."""
    back = local_path(request.args.get("next"))
    if code not in LANGUAGES:
        return redirect(back)
    session["language"] = code
    if current_user.is_authenticated and current_user.locale != code:
        id_, name = int(current_user.id), str(current_user.name)
        end_transaction()
        with transaction():
            operations.change_person(id_, name=name, locale=code, now=utcnow())
    return redirect(prefixed(back, code))


__all__ = ["CATALOGUES", "LANGUAGES", "catalogue", "choose", "code", "register", "without_prefix"]
