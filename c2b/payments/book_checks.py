"""What must hold between our rows and the provider's own book, beyond charges."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from sqlalchemy import select

from c2b.core.checks import check
from c2b.core.db import db
from c2b.payments.checks import provider_book
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose

FAILED = (AttemptState.FAILED, AttemptState.EXPIRED)


@check("I-20 nothing is paid back or paid out twice, in the provider's book as in ours")
def sent_once() -> Iterator[str]:
    """Refunds and payouts that succeeded each have their one line at the provider, and it has no other."""
    book = provider_book()
    ours = {
        row.key: row
        for row in db.session.execute(
            select(Attempt.key, Attempt.amount, Attempt.currency, Attempt.state).where(
                Attempt.purpose.in_((Purpose.REFUND, Purpose.PAYOUT))
            )
        )
    }
    if book is None:
        return
    lines = [line for line in book.book_lines() if line.kind in ("refund", "payout")]
    for key, times in Counter(line.key for line in lines).items():
        if times > 1:
            yield f"the provider did {key} {times} times"
        if key is not None and (key not in ours or ours[key].state in FAILED):
            yield f"the provider did {key}, which we did not ask for, or which failed with us"
    theirs = {line.key: (-line.amount, line.currency) for line in lines}
    for key, row in ours.items():
        if row.state == AttemptState.SUCCEEDED and theirs.get(key) != (row.amount, row.currency):
            yield f"{key}: we booked {row.amount}, the provider {theirs.get(key)}"


@check("I-19 no card holds money twice for one pledge")
def held_once() -> Iterator[str]:
    """Where the provider's book has several holds for a pledge, each had run out before the next was asked for."""
    book = provider_book()
    by_pledge: dict[str, list[str]] = {}
    for hold in book.holds() if book else []:
        if hold["state"] == "held":
            by_pledge.setdefault(hold["pledge"], []).append(hold["key"])
    several = {pledge: keys for pledge, keys in by_pledge.items() if len(keys) > 1}
    ours = {
        row.key: row
        for row in db.session.execute(
            select(Attempt.key, Attempt.started_at, Attempt.expires_at).where(
                Attempt.key.in_([key for keys in several.values() for key in keys])
            )
        )
    }
    for pledge, keys in several.items():
        for one, other in pairwise(sorted(keys, key=lambda key: int(key.rpartition("-")[2]))):
            if one not in ours or other not in ours:
                yield f"the provider holds money for pledge {pledge} that we did not ask for"
            elif ours[one].expires_at is None or ours[other].started_at < ours[one].expires_at:
                yield f"the provider holds money for pledge {pledge} by {one} and by {other}"
