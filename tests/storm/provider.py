"""The provider's side of a storm: what it tells, and whether its book is ours."""

from collections import Counter
from datetime import datetime
from random import Random

from flask import Flask
from sqlalchemy import func, select

from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.ledger.kinds import AccountKind
from c2b.ledger.models import Account
from c2b.payments.gateways.sandbox import Sandbox, from_config
from c2b.payments.inbox import receive


def sandbox(app: Flask) -> Sandbox:
    """The provider with its book."""
    db.session.rollback()
    return from_config(app.config["C2B"])


def deliver(app: Flask, dice: Random, *, copies: int, now: datetime) -> int:
    """Send every webhook that was not sent yet, each so often and in random order; returns how many letters."""
    box = sandbox(app)
    letters = 0

    def post(body: bytes, headers: dict[str, str]) -> int:
        receive("sandbox", body, headers, now)
        return 200

    while statuses := box.deliver_events(post, now=now, copies=copies, shuffle=dice, signed_at=utcnow()):
        letters += len(statuses)
    return letters


def differences(app: Flask) -> list[str]:
    """What the two books disagree about, to the cent."""
    theirs: Counter[str] = Counter()
    for line in sandbox(app).book_lines():
        theirs[line.currency] += line.net
    ours = Counter(
        dict(
            db.session.execute(
                select(Account.currency, func.sum(Account.balance))
                .where(Account.kind == AccountKind.CLEARING)
                .group_by(Account.currency)
            ).all()
        )
    )
    db.session.rollback()
    return [
        f"{currency}: our books have {ours[currency]} at the provider, its own {theirs[currency]}"
        for currency in sorted(ours.keys() | theirs.keys())
        if int(ours[currency]) != theirs[currency]
    ]
