"""The provider's side of a storm: what it tells, and whether its book is ours."""

import json
import sys
from collections import Counter
from itertools import cycle
from subprocess import PIPE, Popen
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from c2b.config import ROOT
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.ledger.kinds import AccountKind
from c2b.ledger.models import Account
from c2b.payments.gateways.sandbox import Sandbox, from_config


def sandbox(app: Flask) -> Sandbox:
    """The provider with its book."""
    db.session.rollback()
    return from_config(app.config["C2B"])


def deliver(storm: Any, *, copies: int, senders: int) -> int:
    """Send every webhook that was not sent yet, each so often and in random order; returns how many letters.

    So many processes hand them over side by side; a letter waits in a short pipe only, so that its signature is fresh.
    """
    box = sandbox(storm.app)
    command = [sys.executable, "-m", "tests.storm.sender", storm.url, storm.book, storm.now.isoformat()]
    running = [Popen(command, cwd=ROOT, text=True, stdin=PIPE, stdout=PIPE) for _ in range(senders)]
    turns = cycle(running)
    letters = 0

    def post(body: bytes, headers: dict[str, str]) -> int:
        into = next(turns).stdin
        assert into is not None
        into.write(json.dumps([body.decode(), headers]) + "\n")
        return 200

    while statuses := box.deliver_events(
        post, now=storm.now, copies=copies, shuffle=storm.dice, signed_at=utcnow()
    ):
        letters += len(statuses)
    kept = sum(int(sender.communicate()[0] or 0) for sender in running)
    if kept != letters:
        raise RuntimeError(f"{kept} of {letters} webhooks were taken")
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
