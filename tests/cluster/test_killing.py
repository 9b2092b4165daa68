"""A sale in several processes: whichever is killed in the middle of it, the books are those of an undisturbed one."""

import sqlite3
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core.claims import Claim
from c2b.core.clock import forget, set_forward
from c2b.core.db import db, transaction
from c2b.core.runs import Run
from c2b.orders.models import Order
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch, Slot
from tests.cluster.conftest import ask, wait_until
from tests.crash.states import eve

PLEDGES, QUANTITY, PRICE = 10, 2, 25900


@pytest.fixture
def sale(make, now):
    """A campaign whose time is up, and another one at the hour of its launch."""
    over = make.campaign(threshold=5, closes_at=now - timedelta(minutes=1))
    for _ in range(5):
        make.pledge(over)
    offer = eve(make, ["ok"] * PLEDGES, quantity=QUANTITY)
    yield over.id, offer.id
    forget()


def in_the_middle() -> bool:
    """Whether requests are written down that the provider has not answered."""
    return bool(ask(select(Attempt.id).where(Attempt.state == AttemptState.STARTED).limit(1)))


def start_a_clock_that_has_caught_up(cluster, now) -> None:
    """What it finds when it becomes active it makes up for by itself; the sale, due after that, is the workers'."""
    opens_at(now + timedelta(hours=1))
    cluster.start("clock")
    wait_until(lambda: cluster.has_said("caught up"), "the clock did not catch up")
    opens_at(now)


def opens_at(hour) -> None:
    with transaction():
        db.session.execute(update(Slot).values(opens_at=hour))


def while_time_passes(true, what) -> None:
    """Wait for it on the demo's clock, by which answers that were lost are looked up after minutes."""
    moved = 0.0

    def look():
        nonlocal moved
        if time.monotonic() > moved + 5:
            moved = time.monotonic()
            with transaction():
                set_forward(timedelta(minutes=2))
            forget()
        return true()

    wait_until(look, what)


def must_end_well(sale, cluster) -> None:
    """Everybody has an order and was charged once, in our book and in the provider's; nothing is left over."""
    over, offer = sale
    state = select(Launch.state).where(Launch.offer_id == offer)
    while_time_passes(lambda: ask(state) == "selling" and not in_the_middle(), "the sale did not come about")
    closed = select(Campaign.state).where(Campaign.id == over)
    wait_until(lambda: ask(closed) not in (CampaignState.OPEN, CampaignState.TIPPED), "it was not closed")

    assert ask(select(func.count(Order.id))) == PLEDGES
    captures = select(func.count(func.distinct(Attempt.pledge_id))).where(
        Attempt.purpose == Purpose.CAPTURE, Attempt.state == AttemptState.SUCCEEDED
    )
    assert ask(captures) == PLEDGES
    assert ask(select(func.sum(Order.total))) == PLEDGES * QUANTITY * PRICE
    with sqlite3.connect(cluster.env["C2B_SANDBOX_BOOK"]) as book:
        charged = book.execute("SELECT count(*), sum(captured) FROM hold WHERE captured > 0").fetchone()
    assert charged == (PLEDGES, PLEDGES * QUANTITY * PRICE)
    dues = db.session.execute(select(Run.name, Run.due_at)).all()
    assert len(dues) == len(set(dues))


@pytest.mark.parametrize("told", [False, True], ids=["they look by themselves", "they are told by a broker"])
def test_a_worker_is_killed_in_the_middle_of_charging(told, sale, cluster, now, request):
    if told:
        cluster.env["C2B_BROKER_URL"] = request.getfixturevalue("broker").url
    workers = [cluster.start("worker"), cluster.start("worker")]
    living = select(func.count()).where(Claim.work == "worker")
    wait_until(lambda: ask(living) == 2, "the workers did not come up")
    start_a_clock_that_has_caught_up(cluster, now)
    wait_until(in_the_middle, "nobody charges")
    victim = wait_until(lambda: cluster.who_runs("charge_launches", workers), "no worker charges")

    victim.kill()

    must_end_well(sale, cluster)


def test_the_broker_is_killed_and_comes_back_empty(sale, cluster, now, broker):
    cluster.env["C2B_BROKER_URL"] = broker.url
    worker = cluster.start("worker")
    wait_until(lambda: ask(select(func.count()).where(Claim.work == "worker")), "the worker did not come up")
    start_a_clock_that_has_caught_up(cluster, now)
    wait_until(lambda: cluster.who_runs("charge_launches", [worker]), "the worker was not told")

    broker.kill()

    must_end_well(sale, cluster)
    broker.start()
    last = ask(select(func.max(Run.id)))
    again = select(Run.id).where(Run.id > last, Run.process.contains(f":{worker.pid}:")).limit(1)
    wait_until(lambda: ask(again), "the worker is not told any more")


def test_the_active_clock_is_killed_and_the_other_goes_on(sale, cluster):
    clocks = [cluster.start("clock"), cluster.start("clock")]
    wait_until(in_the_middle, "nobody charges")
    holder = ask(select(Claim.holder).where(Claim.work == "clock"))
    active = next(clock for clock in clocks if f":{clock.pid}:" in holder)

    active.kill()

    must_end_well(sale, cluster)
    assert ask(select(Claim.holder).where(Claim.work == "clock")) != holder
