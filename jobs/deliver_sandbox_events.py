"""What the test provider does by itself: time passes at its banks, and its webhooks come in."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from flask import current_app

from c2b.config import Config
from c2b.core.clock import utcnow
from c2b.core.db import end_transaction
from c2b.payments import inbox
from c2b.payments.gateway import BadSignature, gateway
from c2b.payments.gateways.sandbox import Sandbox
from jobs import listing

EVERY = timedelta(seconds=10)
AT_ONCE = 500  # events in one run

log = structlog.get_logger()


def run(now: datetime) -> dict[str, int]:
    """Nothing for a book in memory: whoever plays with one, a test or a replay, sends its events as they like."""
    config: Config = current_app.config["C2B"]
    nothing = {"done": 0, "refused": 0, "failed": 0}
    if config.gateway != "sandbox" or config.sandbox_book == ":memory:" or listing.get() is not None:
        return nothing
    end_transaction()
    sandbox = gateway()
    if not isinstance(sandbox, Sandbox):
        return nothing
    sandbox.pass_time(now)
    statuses = sandbox.deliver_events(_post(now), now=now, signed_at=utcnow(), limit=AT_ONCE)
    done, refused = statuses.count(200), statuses.count(400)
    return {"done": done, "refused": refused, "failed": len(statuses) - done - refused}


def _post(now: datetime) -> Callable[[bytes, dict[str, str]], int]:
    def post(body: bytes, headers: dict[str, str]) -> int:
        try:
            inbox.receive(Sandbox.name, body, headers, now)
        except (BadSignature, ValueError):
            log.exception("a webhook of the sandbox was refused")
            return 400
        return 200

    return post
