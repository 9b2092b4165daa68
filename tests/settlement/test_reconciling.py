"""Two books side by side: every way in which they can differ is found, and a restored backup finds its way."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime

import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from c2b.core.db import db, transaction
from c2b.orders.charging import charge_launch
from c2b.orders.models import Order
from c2b.orders.refunding import refund_order
from c2b.payments import attempts
from c2b.payments.models import Attempt
from c2b.payments.states import RefundCause
from c2b.pipeline.models import Launch
from c2b.reconcile_cli import reconcile_command
from c2b.settlement.comparing import Difference, Fact, Gap, balance_of, differences, unequal
from c2b.settlement.models import Reconciliation
from c2b.settlement.payouts import return_payout
from c2b.settlement.reconciling import reconcile
from tests.conftest import Work, _admin
from tests.keeper import Keeper
from tests.settlement.conftest import LATER, Delivered, bank_of, pay_back, plan, sandbox, send

CHARGE = Fact("charge", "capture-1-1", 25900, 155, "CNY")
REFUND = Fact("refund", "refund-1-1", -25900, 0, "CNY")


def gaps(found: list[Difference]) -> list[tuple[str, str]]:
    """What is different about what."""
    return [(difference.gap, difference.name) for difference in found]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([CHARGE], [CHARGE], []),
        ([], [CHARGE], [(Gap.MISSING_HERE, "capture-1-1")]),
        ([CHARGE], [], [(Gap.MISSING_THERE, "capture-1-1")]),
        ([CHARGE], [replace(CHARGE, amount=25800)], [(Gap.AMOUNT, "capture-1-1")]),
        ([CHARGE], [replace(CHARGE, fee=0)], [(Gap.FEE, "capture-1-1")]),
        ([CHARGE], [replace(CHARGE, currency="EUR")], [(Gap.CURRENCY, "capture-1-1")]),
        ([CHARGE], [CHARGE, CHARGE], [(Gap.TWICE, "capture-1-1")]),
        ([CHARGE, REFUND], [REFUND, CHARGE], []),
    ],
)
def test_every_difference_has_its_name(
    ours: list[Fact], theirs: list[Fact], expected: list[tuple[str, str]]
) -> None:
    assert gaps(differences(ours, theirs)) == expected


facts = st.lists(
    st.builds(
        Fact,
        st.sampled_from(["charge", "refund"]),
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(-1000, 1000),
        st.integers(0, 10),
        st.sampled_from(["CNY", "JPY"]),
    ),
    unique_by=lambda fact: (fact.kind, fact.name),
    max_size=8,
)


@given(facts, facts)
def test_no_difference_means_the_same_balances(ours: list[Fact], theirs: list[Fact]) -> None:
    if not differences(ours, theirs):
        assert unequal(balance_of(ours), balance_of(theirs)) == []
    if unequal(balance_of(ours), balance_of(theirs)):
        assert differences(ours, theirs)
    assert differences(ours, ours) == []


def test_after_a_whole_story_both_books_say_the_same(delivered: Delivered, now: datetime) -> None:
    first, second = delivered(((2, "ok"), (1, "ok"), (1, "capture_lost")))
    bank_of(first, now)
    with transaction():
        refund_order(second.id, 1000, RefundCause.GOODWILL, key="x", by=None, now=now)
    pay_back(now)
    answer_all(now)
    plan(now + LATER)
    (payout,) = send(now + LATER)
    reference, payout_id = reference_of(payout.id), payout.id
    db.session.rollback()
    found = reconcile(now + LATER)
    assert found.differences == []
    ours, theirs = found.balances["CNY"]
    assert ours == theirs
    assert found.compared == 5

    sandbox().return_payout(reference, now=now + LATER)
    gone = reconcile(now + LATER)
    assert [row["gap"] for row in gone.differences] == [Gap.MISSING_HERE, Gap.BALANCE]
    with transaction():
        return_payout(payout_id, "account_closed", now=now + LATER)
    assert reconcile(now + LATER).differences == []


def reference_of(payout_id: int) -> str:
    """The provider's name for a payout."""
    return db.session.scalars(select(Attempt.reference).where(Attempt.payout_id == payout_id)).one() or ""


def orders() -> int:
    """How many orders there are."""
    found = db.session.scalar(select(func.count(Order.id))) or 0
    db.session.rollback()
    return found


def answer_all(now: datetime) -> None:
    """What the look-ups do."""
    asked = attempts.read(attempts.requests().where(Attempt.state.in_(attempts.UNANSWERED)))
    db.session.rollback()
    answered = attempts.find_out(asked)
    with transaction():
        attempts.book(answered, now)


def test_a_charge_whose_answer_got_lost_is_found_and_the_look_up_mends_it(
    launch: Callable[..., Launch], now: datetime
) -> None:
    id_ = launch(((1, "ok"), (1, "capture_lost"))).id
    db.session.rollback()
    charge_launch(id_, now=now)
    found = reconcile(now)
    assert [row["gap"] for row in found.differences] == [Gap.MISSING_HERE, Gap.BALANCE]
    assert orders() == 1  # nothing was repaired
    answer_all(now)
    assert orders() == 2
    assert reconcile(now).differences == []


@contextmanager
def last_nights_backup(work: Work) -> Iterator[None]:
    """What happens inside is lost: afterwards the database is as it was before."""
    _let_go()
    if work.keeper is not None:  # PostgreSQL copies a database only while nobody is connected to it
        work.keeper.connection.close()
    copy = f"backup_{os.getpid()}"
    if work.kind == "sqlite":
        shutil.copy(work.file, work.file.with_suffix(".copy"))
    else:
        _admin(work.server, f"CREATE DATABASE {copy} TEMPLATE {work.name}")
    try:
        yield
    finally:
        _put_back(work, copy)


def _put_back(work: Work, copy: str) -> None:
    _let_go()
    if work.kind == "sqlite":
        for ending in ("-wal", "-shm"):
            work.file.with_name(work.file.name + ending).unlink(missing_ok=True)
        shutil.move(work.file.with_suffix(".copy"), work.file)
    else:
        _admin(work.server, f"DROP DATABASE {work.name} WITH (FORCE)")
        _admin(work.server, f"CREATE DATABASE {work.name} TEMPLATE {copy}")
        _admin(work.server, f"DROP DATABASE {copy}")
        work.keeper = Keeper(work.server.partition("host=")[2], work.name)


def _let_go() -> None:
    db.session.rollback()
    db.session.remove()
    db.engine.dispose()


def test_a_restored_backup_finds_every_newer_charge_and_charges_nobody_again(
    app: Flask, work: Work, launch: Callable[..., Launch], now: datetime
) -> None:
    """F-22: the charges of the day are in the provider's book only; no key is new, so nothing is charged twice."""
    id_ = launch(((1, "ok"), (2, "ok"), (1, "capture_lost"))).id
    sandbox()  # our account at the provider is older than the backup
    with last_nights_backup(work):
        charge_launch(id_, now=now)
        assert orders() == 2
    assert orders() == 0
    lines = list(sandbox().book_lines())
    found = reconcile(now)
    missing = [row["name"] for row in found.differences if row["gap"] == Gap.MISSING_HERE]
    assert sorted(missing) == sorted(line.key or "" for line in lines)
    assert len(missing) == 3

    charge_launch(id_, now=now)
    answer_all(now)
    assert orders() == 3
    assert list(sandbox().book_lines()) == lines
    assert reconcile(now).differences == []


def test_requests_that_were_under_way_at_the_backup_are_looked_up(
    app: Flask, work: Work, launch: Callable[..., Launch], now: datetime
) -> None:
    id_ = launch(((1, "capture_lost"), (1, "capture_lost"))).id
    db.session.rollback()
    charge_launch(id_, now=now)
    with last_nights_backup(work):
        answer_all(now)
        assert reconcile(now).differences == []
    assert len(reconcile(now).differences) == 3
    answer_all(now)
    assert reconcile(now).differences == []
    assert len(list(sandbox().book_lines())) == 2


def test_the_command_says_what_differs_and_ends_with_1(
    delivered: Delivered, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered()
    monkeypatch.setattr("c2b.cli._ready_app", nullcontext)
    db.session.rollback()
    well = CliRunner().invoke(reconcile_command)
    assert well.exit_code == 0
    assert "1 movements compared, 0 differences" in well.output
    with sandbox().book.writing() as book:
        book.execute("update line set amount = amount + 1")
    ill = CliRunner().invoke(reconcile_command)
    assert ill.exit_code == 1
    assert "Another amount: 1" in ill.output
    assert "CNY: " in ill.output
    with sandbox().book.writing() as book:
        book.execute("update line set amount = amount - 1")
    db.session.rollback()
    assert CliRunner().invoke(reconcile_command).exit_code == 0
    assert db.session.scalar(select(func.count(Reconciliation.id))) == 3
