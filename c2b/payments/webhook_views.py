"""Where providers tell us what has changed. They are answered only after it is kept for good (I-40)."""

import structlog
from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue

from c2b.core.access import public
from c2b.core.clock import utcnow
from c2b.payments import inbox
from c2b.payments.gateway import BadSignature

bp = Blueprint("webhooks", __name__)
log = structlog.get_logger()


@bp.post("/webhooks/<provider>")
@public
def receive(provider: str) -> ResponseReturnValue:
    """200 when the event is kept, also when it was before; 400 when it is not the provider's, 413 when too large."""
    if provider != current_app.config["C2B"].gateway:
        abort(404)
    request.max_content_length = inbox.LARGEST
    body = request.get_data(cache=False)
    try:
        new = inbox.receive(provider, body, dict(request.headers), utcnow())
    except (BadSignature, ValueError) as problem:
        log.warning("a webhook was refused", provider=provider, problem=type(problem).__name__)
        return {"error": type(problem).__name__}, 400
    return {"received": True, "new": new}
