"""Payouts: planned, approved, sent, come back."""

from unittest.mock import patch

from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.settlement import planning
from c2b.settlement.models import Payout
from c2b.settlement.payouts import approve_payout, send_payout
from jobs import plan_payouts, send_payouts
from tests.crash.sales import PASSED, bank_account, delivered
from tests.crash.states import Builder, Ids, soon
from tests.crash.world import PAYING, World, scenario
from tests.factories import Make

SOON = soon(PASSED)


def payable(make: Make) -> Ids:
    """Goods are delivered, the return window passes, the firm said where it is paid."""
    ids = delivered(make)
    bank_account(ids, make)
    return ids


def planned(kind: str = "works") -> Builder:
    """The payout is planned, and approved as it is small."""

    def build(make: Make) -> Ids:
        ids = delivered(make)
        bank_account(ids, make, kind)
        plan_payouts.run(make.now + PASSED)
        return ids | {"payout": db.session.scalars(select(Payout.id)).one()}

    return build


def waiting(make: Make) -> Ids:
    """A large payout that one operator has approved."""
    ids = delivered(make)
    bank_account(ids, make)
    with patch.object(planning, "needs_approval", lambda _payout: True):
        plan_payouts.run(make.now + PASSED)
    payout_id = db.session.scalars(select(Payout.id)).one()
    approve_payout(payout_id, by=ids["operator"], now=make.now + PASSED)
    db.session.commit()
    return ids | {"payout": payout_id, "second": make.operator().id}


@scenario("payout: plan", payable, jobs=PAYING, moments=SOON)
def plan(world: World) -> None:
    plan_payouts.run(world.now + PASSED)


@scenario("payout: the second approval", waiting, jobs=PAYING, moments=SOON)
def approve(world: World) -> None:
    with transaction():
        approve_payout(world.ids["payout"], by=world.ids["second"], now=world.now + PASSED)


@scenario("payout: send", planned(), jobs=PAYING, moments=SOON)
def send(world: World) -> None:
    send_payouts.run(world.now + PASSED)


@scenario("payout: refused by the bank", planned("refused"), jobs=PAYING, moments=SOON)
def refused(world: World) -> None:
    send_payout(world.ids["payout"], now=world.now + PASSED)


@scenario("payout: the answer is lost", planned("payout_lost"), jobs=PAYING, moments=SOON)
def lost(world: World) -> None:
    send_payouts.run(world.now + PASSED)
