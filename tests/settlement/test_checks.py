"""Each promise of payouts and of orders' money is found broken when it is."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.merchants.models import MerchantStaff
from c2b.merchants.states import Post
from c2b.settlement import rules
from tests.factories import Make
from tests.settlement.conftest import LATER, Delivered, bank_of, plan, sandbox, send

pytestmark = pytest.mark.breaks_promises

BREAKS = {
    "I-5 no firm owes": "UPDATE ledger_account SET balance = 100000000 WHERE kind = 'merchant_payable'",
    "I-6 of each order": "UPDATE attempt SET amount = amount + 1 WHERE purpose = 'capture'",
    "I-6 an order that is settled": "UPDATE payout SET state = 'cancelled'",
    "I-7 our share": 'UPDATE "order" SET fee = fee + 1',
    "I-8 the money": "INSERT INTO reconciliation (at, gateway, compared, differences, balances)"
    " VALUES ('2025-05-20 06:00:00', 'sandbox', 1, '[{}]', '{}')",
    "I-26 a payout is for": "UPDATE payout SET amount = amount + 1",
    "I-26 a payout is for orders": "UPDATE payout SET planned_at = '2025-05-25 06:00:00'",
    "I-26 a payout is for orders whose": 'UPDATE "order" SET delivered_at = NULL',
    "I-26 a payout is for orders whose return": "UPDATE bank_account SET usable_at = added_at",
    "I-26 a payout is for orders whose return window":
        "UPDATE bank_account SET added_at = '2025-07-01 06:00:00', usable_at = '2025-07-04 06:00:00'",
    "I-27 the money of a disputed":
        "INSERT INTO dispute (order_id, origin, cause, amount, currency, bank_fee, opened_at, answer_by, rule_by,"
        " ruling, state, state_since) SELECT id, 'shopper', 'other', 5, 'CNY', 0, placed_at, placed_at, placed_at,"
        " '', 'opened', placed_at FROM \"order\"",
}  # fmt: skip


def broken(promise: str) -> bool:
    """Whether this promise is broken now."""
    return any(problem.startswith(promise) for problem in broken_promises())


@pytest.mark.parametrize("promise", BREAKS)
def test_a_broken_promise_is_found(delivered: Delivered, now: datetime, promise: str) -> None:
    bank_of(delivered()[0], now)
    plan(now + LATER)
    if not promise.startswith("I-27"):
        send(now + LATER)
    assert not broken(promise)
    db.session.execute(text(BREAKS[promise]))
    assert broken(promise)


def test_the_providers_own_book_is_looked_into(delivered: Delivered, now: datetime) -> None:
    delivered()
    with sandbox().book.writing() as book:
        book.execute("update line set amount = amount + 1")
    assert broken("I-8 the money")


def _no_approval(_make: Make) -> None:
    db.session.execute(text("UPDATE payout SET state = 'approved'"))


def _approved_inside(make: Make) -> None:
    mole = make.operator("Mole")
    db.session.execute(text("UPDATE payout SET first_by = :mole"), {"mole": mole.id})
    merchant = db.session.execute(text("SELECT merchant_id FROM payout")).scalar_one()
    since = make.now - timedelta(days=1)
    db.session.add(MerchantStaff(merchant_id=merchant, user_id=mole.id, post=Post.EDITOR, since=since))
    db.session.flush()


@pytest.mark.parametrize("act", [_no_approval, _approved_inside])
def test_a_large_payout_without_two_independent_people_is_found(
    delivered: Delivered,
    now: datetime,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Make], None],
) -> None:
    monkeypatch.setattr(rules, "WITHOUT_APPROVAL", 100)
    bank_of(delivered()[0], now)
    plan(now + LATER)
    assert not broken("I-26")
    act(make)
    assert broken("I-26")


def test_the_same_person_cannot_be_both_approvers(delivered: Delivered, now: datetime, make: Make) -> None:
    from sqlalchemy.exc import IntegrityError

    bank_of(delivered()[0], now)
    plan(now + LATER)
    otto = make.operator("Otto")
    with pytest.raises(IntegrityError):
        db.session.execute(text("UPDATE payout SET first_by = :o, second_by = :o"), {"o": otto.id})
