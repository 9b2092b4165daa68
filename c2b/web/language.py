"""Which language a page speaks: the person's choice, else the browser's, else English."""

from babel import Locale, UnknownLocaleError
from flask import Blueprint, Flask, has_request_context, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import Babel, gettext, ngettext
from flask_login import current_user

from c2b.core import text
from c2b.core.access import public
from c2b.core.languages import CATALOGUES, LANGUAGES
from c2b.core.paths import local_path

bp = Blueprint("language", __name__)


def register(app: Flask) -> None:
    """Install the translator; the modules that know nothing of the web use it through core.text."""
    Babel(app, locale_selector=catalogue)
    text.install(gettext, ngettext)
    app.register_blueprint(bp)


def code() -> str:
    """The language of this request, as in `lang="…"`."""
    if not has_request_context():
        return "en"  # a job or a command; mail is written with force_locale
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    if current_user and current_user.is_authenticated and current_user.locale in LANGUAGES:
        return str(current_user.locale)
    for wanted, _quality in request.accept_languages:
        if found := _closest(wanted):
            return found
    return "en"


def catalogue() -> str:
    """The catalogue of this request's language."""
    return CATALOGUES[code()]


def _closest(wanted: str) -> str | None:
    try:
        locale = Locale.parse(wanted.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return None
    if locale.language == "zh":
        return "zh-Hans"
    return locale.language if locale.language in LANGUAGES else None


@bp.get("/language/<code>")
@public
def choose(code: str) -> ResponseReturnValue:
    """Remember the language and go back to the page."""
    if code in LANGUAGES:
        session["language"] = code
    return redirect(local_path(request.args.get("next")))


__all__ = ["CATALOGUES", "LANGUAGES", "catalogue", "choose", "code", "register"]
