"""Each promise can fail: the data is broken on purpose, and the check finds it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import text

from c2b.core import runs
from c2b.core.checks import broken_promises
from c2b.core.db import db, transaction
from c2b.payments.gateway import Asked
from c2b.payments.states import Purpose
from c2b.pipeline.models import Launch
from tests.orders.conftest import run_jobs, sandbox

CORRUPTIONS = [
    ("I-16", "update launch set leftover = 1000"),
    ("I-18", "update launch set opened_at = '2999-01-01 00:00:00+00'"),
    ("I-18", "update campaign set tipped_at = null, state = 'open'"),
    ("I-18", "update launch set state = 'failed'"),
    ("I-19", "update attempt set amount = amount - 1 where purpose = 'authorise'"),
    ("I-19", "update pledge set ceiling = ceiling - 1"),
    ("I-20", "update attempt set amount = amount - 1 where purpose = 'capture'"),
    ("I-20", "update attempt set state = 'failed' where purpose = 'capture'"),
    ("I-21", "update attempt set key = key || 'x'"),
    ("I-22", "update attempt set key = purpose || '-' || pledge_id || '-7' || generation"),
    ("I-22", "update attempt set generation = 2 where purpose = 'capture'"),
    ("I-23", "update attempt set decided_at = null"),
    ("I-23", "update event set kind = 'attempt.failed', subject_id = 1 where subject = 'attempt'"),
    ("I-35", "update pledge set state = 'dropped' where id = (select min(id) from pledge)"),
    ("I-35", "update \"order\" set quantity = 1, total = unit_price"),
    ("I-35", "update launch set unit_price = unit_price + 1"),
    ("I-11", "update mandate set token = 'tok_ok'"),
]  # fmt: skip


def test_each_broken_promise_is_found(launch: Callable[..., Launch], now: datetime) -> None:
    launch([(2, "ok"), (2, "ok"), (1, "declined")], maximum=20)
    run_jobs(now)
    run_jobs(now.replace(day=24))
    assert broken_promises() == []
    db.session.rollback()
    missed = []
    for promise, corruption in CORRUPTIONS:
        db.session.execute(text(corruption))
        if not broken_promises(promise):
            missed.append((promise, corruption))
        db.session.rollback()
    assert missed == []


@pytest.mark.breaks_promises
def test_a_second_charge_in_the_providers_book_is_found(launch: Callable[..., Launch], now: datetime) -> None:
    launch([(2, "ok")])
    run_jobs(now)
    with sandbox().book.writing() as book:
        book.execute(
            "insert into hold (reference, account, key, token, pledge, amount, currency, captured, state, expires_at)"
            " select 'twice', account, key, token, pledge, amount, currency, captured, state, expires_at from hold"
        )
    assert any("charged pledge" in problem for problem in broken_promises("I-20"))


@pytest.mark.breaks_promises
def test_a_charge_that_only_the_provider_knows_is_found(launch: Callable[..., Launch], now: datetime) -> None:
    launch([(2, "ok")])
    run_jobs(now)
    provider = sandbox()
    about = {"subject": "999"}
    held = provider.authorise(
        Asked("authorise-999-1", Purpose.AUTHORISE, 5, "CNY", now, token="tok_ok", about=about)
    )
    payment = held.reference or ""
    provider.capture(Asked("capture-999-1", Purpose.CAPTURE, 5, "CNY", now, payment=payment, about=about))
    assert any("did not ask" in problem for problem in broken_promises("I-20"))
    assert broken_promises("I-21")


def test_a_launch_that_failed_after_all_is_found_by_its_own_promise(
    launch: Callable[..., Launch], now: datetime
) -> None:
    launch([(2, "ok")])
    run_jobs(now)
    db.session.execute(text("update launch set state = 'failed'"))
    assert any(problem.startswith("I-18 a launch that failed") for problem in broken_promises("I-18"))
    db.session.rollback()


UNDER_WAY = [
    ("I-24", "update attempt set look_up_at = null where state = 'requires_action'"),
    ("I-24", "update attempt set look_up_at = '2025-05-01 00:00:00+00' where state = 'requires_action'"),
    ("I-24", "update attempt set state = 'unknown', started_at = '2025-05-01 00:00:00+00' where state like 're%'"),
    ("I-34", "update launch set state = 'voiding', state_since = '2025-05-01 00:00:00+00'"),
    ("I-19", "update pledge set state = 'dropped' where allocated = 2"),
    ("I-22", "update attempt set generation = 2, key = 'authorise-' || pledge_id || '-2' where state = 'succeeded'"),
]  # fmt: skip


def test_each_broken_promise_of_a_launch_under_way_is_found(
    launch: Callable[..., Launch], now: datetime
) -> None:
    launch([(2, "ok"), (1, "needs_confirmation")])
    run_jobs(now)
    with transaction():
        for name in ("look_up_attempts", "charge_launches"):
            runs.finish(runs.begin(name, due_at=now, now=now, process="test") or 0, {}, now=now)
    assert broken_promises() == []
    db.session.rollback()
    missed = []
    for promise, corruption in UNDER_WAY:
        if promise == "I-34":
            db.session.execute(text("update attempt set state = 'failed' where state = 'requires_action'"))
        db.session.execute(text(corruption))
        if not broken_promises(promise):
            missed.append((promise, corruption))
        db.session.rollback()
    assert missed == []


@pytest.mark.breaks_promises
def test_money_that_is_held_twice_or_sent_twice_is_found(
    launch: Callable[..., Launch], now: datetime
) -> None:
    launch([(2, "ok"), (1, "declined")])
    run_jobs(now)
    with sandbox().book.writing() as book:
        book.execute(
            "insert into hold (reference, account, key, token, pledge, amount, currency, captured, state, expires_at)"
            " select 'twice', account, key || '9', token, pledge, amount, currency, captured, state, expires_at"
            " from hold where state = 'held'"
        )
    assert any("holds money for pledge" in problem for problem in broken_promises("I-19"))
    provider, hold = sandbox(), next(hold for hold in sandbox().holds() if hold["state"] == "held")
    about = {"subject": hold["pledge"]}
    provider.capture(
        Asked("capture-9-9", Purpose.CAPTURE, 5, "CNY", now, payment=hold["reference"], about=about)
    )
    provider.refund(Asked("refund-9-1", Purpose.REFUND, 5, "CNY", now, payment=hold["reference"]))
    assert any("refund-9-1" in problem for problem in broken_promises("I-20"))
