"""Two desks pay the same charge back at once, as real processes; each race has a twin whose guards are off."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from c2b.config import ROOT
from c2b.core.checks import broken_promises
from c2b.core.db import db, transaction
from c2b.orders.disputes import Claim, hand_in, open_dispute
from c2b.orders.models import Order
from c2b.orders.returns import ReturnRequest, ask_return
from c2b.orders.states import DisputeCause, Party, ReturnCause
from c2b.payments.models import Refund
from tests.aftersale.conftest import capture_of, owner_of
from tests.aftersale.one_desk import DESKS
from tests.factories import Make

Race = Callable[..., list[str]]


@pytest.fixture
def race(database_url: str, now: datetime, tmp_path: Path) -> Iterator[Race]:
    """Have each of two processes do one act at the same time; what became of them."""
    started: list[subprocess.Popen[str]] = []
    meeting = tmp_path / "meeting"
    meeting.mkdir()

    def run(*acts: dict[str, Any], at: datetime, guarded: bool) -> list[str]:
        command = [sys.executable, "-m", "tests.aftersale.one_desk", database_url, at.isoformat()]
        pipes: dict[str, Any] = {
            "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL
        }  # fmt: skip
        more = [] if guarded else [str(meeting)]
        db.session.commit()  # lets go of the database
        started.extend(
            subprocess.Popen([*command, *more], cwd=ROOT, text=True, **pipes) for _ in range(DESKS)
        )
        assert [desk.stdout.readline().strip() for desk in started if desk.stdout] == ["ready"] * DESKS
        for desk, act in zip(started, acts, strict=True):
            assert desk.stdin is not None
            desk.stdin.write(json.dumps(act) + "\n")
            desk.stdin.flush()
        answers = [json.loads(desk.stdout.readline()) for desk in started if desk.stdout]
        db.session.expire_all()
        return answers

    yield run
    for desk in started:
        desk.kill()
        desk.communicate()


def contested(order: Order) -> int:
    """A dispute about the order that both sides were heard in."""
    at, by = order.delivered_at, owner_of(order)
    assert at is not None
    with transaction():
        claim = Claim(DisputeCause.DEFECTIVE, "It is broken.")
        opened = open_dispute(order.id, claim, by=order.shopper_id, now=at)
        hand_in(opened.id, Party.MERCHANT, "It was whole.", [], by=by, now=at)
    return opened.id


def most_of(order: Order) -> int:
    """So much that it does not go twice into what was paid."""
    return order.total * 3 // 5


def two_operators_rule(make: Make, order: Order, race: Race, *, guarded: bool) -> None:
    """Both rule the same dispute for the shopper: one ruling stands, and its money goes back once."""
    opened = contested(order)
    act = {"dispute": opened, "amount": most_of(order)}
    acts = [{**act, "by": make.operator().id} for _ in range(DESKS)]
    race(*acts, at=order.delivered_at, guarded=guarded)
    assert paid_back(order) == most_of(order)


def a_merchant_refunds_while_an_operator_rules(
    make: Make, order: Order, race: Race, *, guarded: bool
) -> None:
    """A return is refunded and a dispute is ruled at the same moment: never more than was paid goes back."""
    with transaction():
        request = ReturnRequest(3, ReturnCause.DEFECTIVE, "Broken.")
        back = ask_return(order.id, request, by=order.shopper_id, now=order.delivered_at)
    opened = contested(order)
    firm = {"return": back.id, "merchant": order.merchant_id, "by": owner_of(order)}
    office = {"dispute": opened, "amount": most_of(order), "by": make.operator().id}
    race(firm, office, at=order.delivered_at, guarded=guarded)
    assert most_of(order) <= paid_back(order) <= order.total


def paid_back(order: Order) -> int:
    """What was promised back of an order, by its refunds and by its charge, which say the same."""
    promised = db.session.scalar(select(func.sum(Refund.amount)).where(Refund.capture_id == order.attempt_id))
    assert capture_of(order).refunded == promised
    assert broken_promises("I-25") == []
    return int(promised or 0)


RACES = (two_operators_rule, a_merchant_refunds_while_an_operator_rules)


@pytest.mark.parametrize("scene", RACES)
def test_a_charge_is_paid_back_once_whoever_is_first(app, make, delivered, race, scene):
    scene(make, delivered(5), race, guarded=True)


@pytest.mark.breaks_promises
@pytest.mark.parametrize("scene", RACES)
def test_without_its_guards_it_is_paid_back_twice(app, make, delivered, race, scene):
    order = delivered(5)
    with pytest.raises(AssertionError):
        scene(make, order, race, guarded=False)
    db.session.rollback()
    promised = db.session.scalars(select(Refund.amount).where(Refund.capture_id == order.attempt_id)).all()
    assert list(promised) == [most_of(order)] * 2
