"""The one place where what went wrong becomes a page: a plain sentence, a way back, a reference."""

import secrets

import structlog
from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from c2b.core.db import db
from c2b.core.errors import NotFound, Refused, TooBusy
from c2b.payments.gateway import NoAnswer

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Answer every kind of error."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(PoolTimeout, _busy)
    app.register_error_handler(TooBusy, _too_busy)
    app.register_error_handler(NoAnswer, _provider_is_silent)
    app.register_error_handler(Exception, _unexpected)


def page(status: int, title: str, sentence: str, **headers: str) -> ResponseReturnValue:
    """An error page. It asks the database for nothing more, since that may be what failed."""
    db.session.rollback()
    g.failed = status >= 500
    reference = secrets.token_hex(4)
    log.info("error page", status=status, reference=reference, path=request.path, method=request.method)
    html = render_template(
        "errors/error.html", status=status, title=title, sentence=sentence, reference=reference
    )
    return html, status, headers


def _refused(error: Refused) -> ResponseReturnValue:
    return page(error.status, _("That is not possible now"), str(error))


def _not_found(_error: NotFound) -> ResponseReturnValue:
    return page(404, _("Page not found"), _("There is nothing at this address, or it is not yours to see."))


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    return page(
        403,
        _("This form is too old"),
        _("Your session ended before you sent the form. Go back, load the page again and send it once more."),
    )


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    known = {
        400: (_("We could not read that"), _("Something in the request was not as it should be.")),
        403: (_("This page is not for your account"), _("Sign in with an account that may see it.")),
        404: (_("Page not found"), _("There is nothing at this address, or it is not yours to see.")),
        405: (_("That does not work here"), _("This address cannot be used in that way.")),
        410: (_("This is gone"), _("What was here has ended.")),
        413: (_("That file is too large"), _("Pictures may have up to 1 MB, a whole form up to 12 MB.")),
        429: (_("Too many tries"), _("Please wait a few minutes and try again.")),
    }
    title, sentence = known.get(error.code, (_("Something went wrong"), _("Please try again.")))
    return page(error.code, title, sentence)


def _busy(error: Exception) -> ResponseReturnValue:
    log.error("the database did not answer", error=str(error))
    sentence = _("Very many people are here at once. Nothing was changed; please try again in a moment.")
    return page(503, _("Too busy just now"), sentence, **{"Retry-After": "5"})


def _too_busy(error: TooBusy) -> ResponseReturnValue:
    if not error.may_be_done:
        return _busy(error)
    log.error("nobody knows yet what came of a request")
    sentence = _("Very many people are here at once. Please send it again in a moment: it counts only once.")
    return page(503, _("Too busy just now"), sentence, **{"Retry-After": "5"})


def _provider_is_silent(error: Exception) -> ResponseReturnValue:
    log.warning("the payment provider did not answer", problem=type(error).__name__)
    sentence = _("It could not be reached just now. Nothing was charged; please try again in a minute.")
    return page(503, _("The payment provider does not answer"), sentence, **{"Retry-After": "60"})


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("unexpected error", path=request.path)
    return page(
        500, _("Something went wrong on our side"), _("It was written down. Nothing was charged by this.")
    )
