"""Each promise of the books is found broken when it is."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import text

from c2b.core.checks import broken_promises
from c2b.core.db import db, is_sqlite, transaction
from c2b.ledger.kinds import AccountKind as A
from c2b.ledger.kinds import Cause
from c2b.ledger.posting import Leg, Posting, post

pytestmark = pytest.mark.breaks_promises


@pytest.fixture
def unguarded(fresh_app: Flask, now: datetime) -> None:
    """Books with one refund and one sale in them, whose triggers somebody has taken away."""
    with transaction():
        post(
            [
                Posting(
                    Cause.ATTEMPT, 1, "charged", "CNY", (Leg(A.CLEARING, 100), Leg(A.PLATFORM_FEE, -100))
                ),
                Posting(Cause.REFUND, 1, "owed", "CNY", (Leg(A.LOSSES, 40), Leg(A.REFUND_PAYABLE, -40))),
            ],
            now=now,
        )
    with transaction():
        if is_sqlite():
            names = db.session.scalars(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'ledger%'")
            ).all()
            for name in names:
                db.session.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("ledger_entry", "ledger_tx", "ledger_account"):
                db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))


BREAKS = {
    "I-1": ["UPDATE ledger_entry SET amount = 99 WHERE amount = 100"],
    "I-2 entries": ["DELETE FROM ledger_entry WHERE tx_id = 1 AND amount < 0"],
    "I-2 currency": ["UPDATE ledger_account SET currency = 'EUR' WHERE kind = 'losses'"],
    "I-2 open": ["UPDATE ledger_tx SET sealed_at = NULL WHERE id = 1"],
    "I-3": [],
    "I-4": ["UPDATE ledger_account SET balance = balance + 1 WHERE kind = 'losses'"],
    "I-5": ["UPDATE ledger_account SET balance = 5 WHERE kind = 'refund_payable'"],
    "I-9": ["UPDATE ledger_tx SET cause_id = 0 WHERE id = 1"],
}


@pytest.mark.parametrize("promise", BREAKS)
def test_a_broken_promise_is_found(unguarded: None, promise: str) -> None:
    for statement in BREAKS[promise]:
        db.session.execute(text(statement))
    broken = [problem.split()[0] for problem in broken_promises()]
    assert promise.split()[0] in broken
