"""The diary in words: what happened to what, and what was written down with it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import format_datetime

from c2b.core.labels import LabelEnum, as_words
from c2b.core.states import lives
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.orders.event_words import NAMES, SUBJECTS, event_words, is_known

RECORDS = {
    "bank_account": _l("Bank account"),
    "banner": _l("Banner"),
    "batch": _l("Batch"),
    "campaign": _l("Campaign"),
    "comment": _l("Comment"),
    "launch": _l("Launch"),
    "merchant": _l("Merchant"),
    "offer": _l("Offer"),
    "payout": _l("Payout"),
    "question": _l("Question"),
    "review": _l("Review"),
    "sample": _l("Sample"),
    "user": _l("Person"),
    "verdict": _l("Verdict"),
    "work": _l("Work"),
} | {name: words for name, (words, _states) in SUBJECTS.items()}
# The state before, which the line above says; what only the program reads; and findings, whose sum is the reason.
LEFT_OUT = ("old", "content_hash", "evidence")
CODE = re.compile(r"[a-z]+(_[a-z]+)+")


def subject_words(subject: str) -> str:
    """What kind of record a line is about."""
    return _(RECORDS[subject]) if subject in RECORDS else as_words(subject)


def diary_words(kind: str) -> str:
    """What happened: "Offer: Sample"; words made of the code where there are no others."""
    subject, _dot, what = kind.partition(".")
    if is_known(kind):
        return event_words(kind)
    states = (
        getattr(lives()[subject].__table__.c.state.type, "enum_class", None) if subject in lives() else None
    )
    state = next((one for one in states or () if one == what), None)
    said = state.label if isinstance(state, LabelEnum) else as_words(what).lower()
    return _("%(subject)s: %(what)s", subject=subject_words(subject), what=said)


def diary_details(data: Mapping[str, Any]) -> str:
    """What was written down with it, as a person reads it."""
    return "; ".join(
        f"{_(NAMES[name]) if name in NAMES else as_words(name)}: {_value(value)}"
        for name, value in data.items()
        if name not in LEFT_OUT and value not in ("", None, [], {})
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{as_words(str(name)).lower()} {_value(each)}" for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_value, value))
    return _moment(value) if isinstance(value, str) else str(value)


def _moment(text: str) -> str:
    """A time as it is read, a code as words, and any other text as it is."""
    if CODE.fullmatch(text):
        return text.replace("_", " ")
    if len(text) < len("2026-01-01T00:00:00") or text[10:11] != "T":
        return text
    try:
        return str(format_datetime(datetime.fromisoformat(text), "short"))
    except ValueError:
        return text
