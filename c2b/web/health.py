"""For machines that watch the site: does it answer, and is it ready for people?"""

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue

from c2b.core import logs
from c2b.core.access import public
from c2b.core.disk import is_full
from c2b.core.schema import why_not_ready

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """200 while the database answers and is the one this version needs."""
    return _answer()


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """200 when requests may be sent here."""
    return _answer()


def _answer() -> ResponseReturnValue:
    """The reason for a no stays in the log: it speaks of our insides."""
    reason = why_not_ready()
    headers = {"Cache-Control": "no-store"}
    if reason is None:
        full = {"disk": "full"} if is_full() else {}  # pages are still read; nothing can be saved
        return {"status": "ok", **full}, 200, headers
    logs.log.error("not ready", reason=reason)
    return {"status": "unavailable"}, 503, {**headers, "Retry-After": "5"}


def register(app: Flask) -> None:
    """Answer for the site's health, and let every request have an id in the log."""
    logs.register(app)
    app.register_blueprint(bp)
