"""Webhooks: received, worked off, about requests, disputes and payouts that came back."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from c2b.core.db import db
from c2b.orders.disputes import hand_in
from c2b.orders.models import Dispute
from c2b.orders.states import Party
from c2b.payments.models import Attempt
from c2b.payments.states import Purpose
from jobs import answer_banks, deliver_sandbox_events, plan_payouts, send_payouts, work_inbox
from tests.crash.sales import PASSED, bank_account, charge_of, delivered, sandbox, sold
from tests.crash.states import Ids, charged_launch, soon
from tests.crash.world import HEARING, World, scenario
from tests.factories import Make

MINUTE = timedelta(minutes=1)
SOON = soon()  # an event is tried again after 1 and 5 minutes, and an hour
BACK = PASSED + timedelta(days=3)


def lost_answer(make: Make) -> Ids:
    """The provider holds what was asked; its answer was lost, and its webhook is on its way."""
    return {"launch": charged_launch(make, ("answer_lost", "ok")).id}


def told(make: Make) -> Ids:
    """The same; the webhook is in the inbox."""
    ids = lost_answer(make)
    deliver_sandbox_events.run(make.now)
    return ids


def a_bank_disputes(make: Make) -> Ids:
    """A bank takes a charge back; we are not told yet."""
    ids = sold(make)
    deliver_sandbox_events.run(make.now)
    work_inbox.run(make.now)
    dispute = sandbox().open_dispute(charge_of(ids), now=make.now)
    return ids | {"reference": dispute}


def dispute_in_inbox(make: Make) -> Ids:
    """The same; it is in the inbox."""
    ids = a_bank_disputes(make)
    deliver_sandbox_events.run(make.now)
    return ids


def dispute_ruled(won: bool) -> Any:
    """The bank has ruled, and both events wait in the inbox."""

    def build(make: Make) -> Ids:
        ids = a_bank_disputes(make)
        sandbox().decide_dispute(ids["reference"], won=won, now=make.now)
        deliver_sandbox_events.run(make.now)
        return ids

    return build


def words_for_the_bank(make: Make) -> Ids:
    """The merchant has said something that the bank does not have yet."""
    ids = dispute_in_inbox(make)
    work_inbox.run(make.now)
    dispute_id = db.session.scalars(select(Dispute.id)).one()
    hand_in(dispute_id, Party.MERCHANT, "It arrived.", [], by=ids["owner"], now=make.now)
    db.session.commit()
    return ids | {"dispute": dispute_id}


def payout_came_back(make: Make) -> Ids:
    """A payout that was paid is on its way back."""
    ids = delivered(make)
    bank_account(ids, make)
    plan_payouts.run(make.now + PASSED)
    send_payouts.run(make.now + PASSED)
    reference = db.session.scalars(select(Attempt.reference).where(Attempt.purpose == Purpose.PAYOUT)).one()
    sandbox().return_payout(str(reference), now=make.now + PASSED)
    return ids


@scenario("webhook: receive", lost_answer, jobs=HEARING, moments=SOON)
def receive(world: World) -> None:
    deliver_sandbox_events.run(world.now)


@scenario("webhook: receive by the page", lost_answer, jobs=HEARING, moments=SOON)
def receive_by_page(world: World) -> None:
    client = world.app.test_client()

    def post(body: bytes, headers: dict[str, str]) -> int:
        return client.post("/webhooks/sandbox", data=body, headers=headers).status_code

    statuses = sandbox().deliver_events(post, now=world.now)
    assert set(statuses) == {200}, statuses


@scenario("webhook: an answer that was lost", told, jobs=HEARING, moments=SOON)
def work_off(world: World) -> None:
    work_inbox.run(world.now)


@scenario(
    "webhook: a bank's dispute, from the provider to the books", a_bank_disputes, jobs=HEARING, moments=SOON
)
def dispute(world: World) -> None:
    deliver_sandbox_events.run(world.now)
    work_inbox.run(world.now)


@scenario("webhook: a dispute that was lost", dispute_ruled(False), jobs=HEARING, moments=SOON)
def dispute_lost(world: World) -> None:
    work_inbox.run(world.now)


@scenario("webhook: a dispute that was won", dispute_ruled(True), jobs=HEARING, moments=SOON)
def dispute_won(world: World) -> None:
    work_inbox.run(world.now)


@scenario("dispute: the merchant's words go to the bank", words_for_the_bank, jobs=HEARING, moments=SOON)
def answer_bank(world: World) -> None:
    answer_banks.run(world.now)


@scenario(
    "webhook: a payout that came back",
    payout_came_back,
    jobs=HEARING,
    moments=soon(BACK),
)
def payout_returned(world: World) -> None:
    deliver_sandbox_events.run(world.now + BACK)
    work_inbox.run(world.now + BACK)
