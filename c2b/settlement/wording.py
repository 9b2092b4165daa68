"""What lines of the books and of payouts are called, for people."""

from flask_babel import lazy_gettext as _l

LINES = {
    ("attempt", "charged"): _l("Sale, less our fee"),
    ("refund", "owed"): _l("Refund"),
    ("dispute", "lost"): _l("Dispute that the bank ruled for the shopper"),
    ("payout", "sent"): _l("Payout"),
    ("payout", "refused"): _l("Payout that could not be sent"),
    ("payout", "returned"): _l("Payout that came back"),
}
KINDS = {
    "planned": "info",
    "approved": "info",
    "sent": "brand",
    "paid": "ok",
    "returned": "warn",
    "cancelled": "",
}
WAITS = {
    "ready": _l("In the next payout"),
    "window": _l("Waits for the return window"),
    "delivery": _l("Waits for delivery"),
    "held": _l("Held"),
}


def line_words(cause: str, kind: str) -> str:
    """What one line of a statement is."""
    return str(LINES.get((str(cause), kind), kind))
