"""The books: what is posted adds up, is posted once, and stays as it is, whoever tries to change it."""

import threading
from datetime import datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from c2b.core.db import db, is_sqlite, transaction
from c2b.ledger.kinds import AccountKind as A
from c2b.ledger.kinds import Cause
from c2b.ledger.models import Account, Entry, Transaction
from c2b.ledger.posting import DoesNotAddUp, Leg, Posting, post


def sale(attempt_id: int = 1, total: int = 10_000, fee: int = 300, merchant: int = 7) -> Posting:
    """A charge as captures post it."""
    legs = (Leg(A.CLEARING, total), Leg(A.MERCHANT_PAYABLE, fee - total, merchant), Leg(A.PLATFORM_FEE, -fee))
    return Posting(Cause.ATTEMPT, attempt_id, "charged", "CNY", legs)


def balances() -> dict[tuple[str, int, str], int]:
    """What each account stands at."""
    db.session.expire_all()
    return {(a.kind.value, a.owner, a.currency): a.balance for a in db.session.scalars(select(Account))}


def test_a_sale_is_posted_to_three_accounts(app: Flask, now: datetime) -> None:
    with transaction():
        assert len(post([sale()], now=now)) == 1
    assert balances() == {
        ("clearing", 0, "CNY"): 10_000,
        ("merchant_payable", 7, "CNY"): -9_700,
        ("platform_fee", 0, "CNY"): -300,
    }
    assert db.session.scalar(select(Transaction.sealed_at)) == now


def test_a_fact_is_posted_once_however_often_it_is_reported(app: Flask, now: datetime) -> None:
    with transaction():
        post([sale(1), sale(1)], now=now)
        assert post([sale(1)], now=now) == []
        assert len(post([sale(1), sale(2)], now=now)) == 1
    assert balances()["clearing", 0, "CNY"] == 20_000


@pytest.mark.parametrize(
    "legs",
    [
        (Leg(A.CLEARING, 100), Leg(A.PLATFORM_FEE, -99)),
        (Leg(A.CLEARING, 0), Leg(A.PLATFORM_FEE, 0)),
        (Leg(A.CLEARING, 100),),
        (),
    ],
)
def test_what_does_not_add_up_is_refused_before_anything_is_written(
    app: Flask, now: datetime, legs: tuple[Leg, ...]
) -> None:
    with pytest.raises(DoesNotAddUp), transaction():
        post([sale(), Posting(Cause.ATTEMPT, 2, "charged", "CNY", legs)], now=now)
    assert db.session.scalar(select(func.count(Transaction.id))) == 0


def test_a_chunk_of_captures_takes_few_statements(app: Flask, now: datetime) -> None:
    sent: list[str] = []
    from sqlalchemy import event

    def count(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    with transaction():
        post([sale(1)], now=now)
        event.listen(db.engine, "before_cursor_execute", count)
        try:
            post([sale(number) for number in range(2, 202)], now=now)
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
    assert len(sent) <= 6
    assert balances()["clearing", 0, "CNY"] == 201 * 10_000


@pytest.mark.breaks_promises  # booked without the charge that it follows from
def test_accounts_are_opened_once_by_two_at_the_same_time(app: Flask, now: datetime) -> None:
    failed: list[BaseException] = []
    start = threading.Barrier(4)

    def work(merchant: int) -> None:
        with app.app_context():
            try:
                start.wait(10)
                for number in range(5):
                    with transaction():
                        post([sale(merchant * 100 + number, merchant=number)], now=now)
            except BaseException as problem:
                failed.append(problem)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert balances()["clearing", 0, "CNY"] == 20 * 10_000


legs = st.lists(
    st.tuples(st.sampled_from([A.CLEARING, A.LOSSES, A.PLATFORM_FEE]), st.integers(-(10**12), 10**12)),
    min_size=1,
    max_size=6,
).filter(lambda found: sum(amount for _kind, amount in found) != 0)


@given(legs, st.integers(1, 10**9))
def test_balances_are_the_sums_of_their_entries(found: list[tuple[A, int]], number: int) -> None:
    """The legs of any posting end with what is left; the pure part of the rule is proven without a database."""
    from c2b.ledger.posting import _must_add_up

    rest = -sum(amount for _kind, amount in found)
    whole = [Leg(kind, amount) for kind, amount in found] + [Leg(A.DISPUTES, rest)]
    _must_add_up(Posting(Cause.ADJUSTMENT, number, "x", "CNY", whole))
    with pytest.raises(DoesNotAddUp):
        _must_add_up(Posting(Cause.ADJUSTMENT, number, "x", "CNY", [*whole, Leg(A.LOSSES, 1)]))


CHANGES = [
    "UPDATE ledger_entry SET amount = amount + 1",
    "UPDATE ledger_entry SET account_id = account_id",
    "DELETE FROM ledger_entry",
    "DELETE FROM ledger_tx",
    "UPDATE ledger_tx SET cause_id = cause_id + 1",
    "UPDATE ledger_tx SET order_id = 5",
    "UPDATE ledger_tx SET sealed_at = NULL",
    "UPDATE ledger_tx SET sealed_at = '2030-01-01 00:00:00'",
    "UPDATE ledger_account SET currency = 'EUR'",
    "UPDATE ledger_account SET owner = 9",
    "DELETE FROM ledger_account",
    "INSERT INTO ledger_entry (tx_id, seq, account_id, amount) SELECT tx_id, 9, account_id, 5 FROM ledger_entry",
    "INSERT INTO ledger_tx (cause, cause_id, kind, currency, at, sealed_at)"
    " SELECT cause, 99, kind, currency, at, at FROM ledger_tx",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_itself_refuses_to_change_the_books(app: Flask, now: datetime, change: str) -> None:
    with transaction():
        post([sale()], now=now)
    before = db.session.execute(select(Entry.tx_id, Entry.seq, Entry.account_id, Entry.amount)).all()
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(text(change))
    assert db.session.execute(select(Entry.tx_id, Entry.seq, Entry.account_id, Entry.amount)).all() == before


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_tx", "ledger_account"])
@pytest.mark.parametrize("database", ["postgresql"])
def test_the_books_cannot_be_emptied_at_one_stroke(app: Flask, now: datetime, table: str) -> None:
    """Triggers for rows do not see it."""
    with transaction():
        post([sale()], now=now)
    with pytest.raises(DBAPIError, match="never emptied"), transaction():
        db.session.execute(text(f'TRUNCATE "{table}" CASCADE'))
    assert db.session.scalar(select(func.count()).select_from(Entry)) > 0


def _open_transaction(entries: list[tuple[str, int]]) -> None:
    """An open transaction by raw SQL, with entries of these currencies and amounts."""
    db.session.execute(
        text(
            "INSERT INTO ledger_tx (id, cause, cause_id, kind, currency, at)"
            " VALUES (50, 'adjustment', 1, 'x', 'CNY', '2025-05-20 06:00:00')"
        )
    )
    for number, (currency, amount) in enumerate(entries, start=1):
        db.session.execute(
            text(
                "INSERT INTO ledger_account (id, kind, owner, currency, balance)"
                " VALUES (:id, 'losses', :id, :currency, :amount)"
            ),
            {"id": number, "currency": currency, "amount": amount},
        )
        db.session.execute(
            text("INSERT INTO ledger_entry (tx_id, seq, account_id, amount) VALUES (50, :id, :id, :amount)"),
            {"id": number, "amount": amount},
        )


SEAL = "UPDATE ledger_tx SET sealed_at = '2025-05-20 06:00:00' WHERE id = 50"
ANOTHER = (
    "INSERT INTO ledger_tx (id, cause, cause_id, kind, currency, at)"
    " SELECT 51, cause, 2, kind, currency, at FROM ledger_tx WHERE id = 50"
)


@pytest.mark.parametrize(
    "entries",
    [
        [("CNY", 100), ("CNY", -99)],
        [("CNY", 100)],
        [],
        [("CNY", 100), ("EUR", -100)],
    ],
)
def test_what_does_not_add_up_cannot_be_sealed(app: Flask, entries: list[tuple[str, int]]) -> None:
    with pytest.raises(DBAPIError), transaction():
        _open_transaction(entries)
        db.session.execute(text(SEAL))


def test_what_adds_up_can_be_sealed_by_hand(app: Flask) -> None:
    with transaction():
        _open_transaction([("CNY", 100), ("CNY", -100)])
        db.session.execute(text(SEAL))
    assert db.session.scalar(select(Transaction.sealed_at)) is not None


def test_one_that_does_not_add_up_keeps_all_of_a_statement_open(app: Flask) -> None:
    """The database looks at a whole statement at once; what is sound covers nothing up."""
    with pytest.raises(DBAPIError, match="adds up"), transaction():
        _open_transaction([("CNY", 100), ("CNY", -100)])
        for statement in (
            ANOTHER,
            "INSERT INTO ledger_entry (tx_id, seq, account_id, amount) VALUES (51, 1, 1, 7), (51, 2, 2, -6)",
            "UPDATE ledger_tx SET sealed_at = '2025-05-20 06:00:00'",
        ):
            db.session.execute(text(statement))
    assert db.session.scalar(select(func.count()).select_from(Transaction)) == 0


def test_an_entry_that_comes_too_late_is_refused_among_others_that_do_not(app: Flask) -> None:
    with transaction():
        _open_transaction([("CNY", 100), ("CNY", -100)])
        db.session.execute(text(SEAL))
    with pytest.raises(DBAPIError, match="sealed"), transaction():
        db.session.execute(text(ANOTHER))
        db.session.execute(
            text(
                "INSERT INTO ledger_entry (tx_id, seq, account_id, amount)"
                " VALUES (51, 1, 1, 7), (51, 2, 2, -7), (50, 3, 1, 5)"
            )
        )


@pytest.mark.parametrize("database", ["postgresql"])
def test_nothing_is_committed_unsealed(app: Flask) -> None:
    with pytest.raises(DBAPIError), transaction():
        _open_transaction([("CNY", 100), ("CNY", -100)])


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_transaction_is_not_replaced(app: Flask, now: datetime) -> None:
    assert is_sqlite()
    with transaction():
        post([sale()], now=now)
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(
            text(
                "INSERT OR REPLACE INTO ledger_tx (id, cause, cause_id, kind, currency, at)"
                " SELECT id, cause, cause_id, kind, 'EUR', at FROM ledger_tx"
            )
        )
