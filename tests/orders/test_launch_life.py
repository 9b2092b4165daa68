"""The life of a launch: everybody pays, some mend their cards, or nobody is charged."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from c2b.accounts.models import User
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.core.db import db
from c2b.core.events import Event
from c2b.core.outbox import Notice
from c2b.orders.mending import mend
from c2b.orders.models import Order
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from tests.factories import Make
from tests.orders.conftest import campaign_of, pledges_of, run_jobs, sandbox

Launches = Callable[..., Launch]


def notices() -> Counter[str]:
    return Counter(db.session.scalars(select(Notice.kind)))


def book() -> Counter[str]:
    return Counter(hold["state"] for hold in sandbox().holds())


def test_when_every_card_works_everyone_is_charged_and_has_an_order(launch: Launches, now: datetime) -> None:
    it = launch()
    run_jobs(now)

    assert campaign_of(it).state == CampaignState.LIVE
    assert it.state == LaunchState.SELLING
    assert it.confirmed_at == now
    assert {pledge.state for pledge in pledges_of(it)} == {PledgeState.ORDERED}
    orders = db.session.scalars(select(Order)).all()
    assert [(order.quantity, order.total) for order in orders] == [(2, 51800)] * 5
    assert book() == {"captured": 5}
    assert notices()["order_placed"] == 5


def test_a_launch_ends_when_its_sale_closes(launch: Launches, now: datetime) -> None:
    it = launch()
    run_jobs(now)
    run_jobs(it.closes_at)

    assert campaign_of(it).state == CampaignState.COMPLETED
    assert it.state == LaunchState.FINISHED


def test_running_the_jobs_again_does_nothing_more(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "declined"), (1, "needs_confirmation")])
    for moment in (now, it.mend_until, it.closes_at):
        run_jobs(moment)
        before = (db.session.scalar(select(func.count(Event.id))), notices(), book(), sandbox().keys())
        run_jobs(moment)
        assert (
            db.session.scalar(select(func.count(Event.id))),
            notices(),
            book(),
            sandbox().keys(),
        ) == before


def test_a_failed_card_is_told_at_once_with_a_link(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "insufficient_funds")])
    run_jobs(now)

    assert campaign_of(it) and it.state == LaunchState.MENDING
    told = db.session.scalars(select(Notice).where(Notice.kind == "card_failed")).one()
    assert told.user_id == pledges_of(it)[1].shopper_id
    assert told.data["code"] == "insufficient_funds"
    assert told.data["amount"] == 25900
    assert told.data["path"] == f"/me/pay/{pledges_of(it)[1].id}"
    assert book() == {"held": 1, "refused": 1}


def test_a_mended_card_is_charged_with_the_others(launch: Launches, make: Make, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "declined")])
    run_jobs(now)
    pledge = pledges_of(it)[1]
    pledge_id, better = pledge.id, make.mandate(db.session.get_one(User, pledge.shopper_id), "ok").id
    assert mend(pledge_id, better, now=now + timedelta(hours=3)) == AttemptState.SUCCEEDED
    run_jobs(now + timedelta(hours=3, minutes=1))

    assert campaign_of(it) and it.state == LaunchState.SELLING
    assert {p.state for p in pledges_of(it)} == {PledgeState.ORDERED}
    assert book() == {"captured": 2, "refused": 1}
    keys = db.session.scalars(
        select(Attempt.key).where(Attempt.pledge_id == pledge_id).order_by(Attempt.id)
    ).all()
    assert keys == [f"authorise-{pledge_id}-1", f"authorise-{pledge_id}-2", f"capture-{pledge_id}-1"]


def test_who_does_not_mend_is_dropped_and_the_others_are_charged(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "declined"), (1, "needs_confirmation")], minimum=2)
    run_jobs(now)
    run_jobs(it.mend_until)

    assert campaign_of(it) and it.state == LaunchState.SELLING
    assert [p.state for p in pledges_of(it)] == [
        PledgeState.ORDERED,
        PledgeState.DROPPED,
        PledgeState.DROPPED,
    ]
    assert notices()["pledge_dropped"] == 2
    assert book() == {"captured": 1, "refused": 1, "void": 1}


def test_when_too_few_can_pay_nobody_is_charged_and_every_hold_is_released(
    launch: Launches, now: datetime
) -> None:
    it = launch([(2, "ok"), (2, "ok"), (3, "declined"), (1, "needs_confirmation")], minimum=5)
    run_jobs(now)
    run_jobs(it.mend_until)
    run_jobs(it.mend_until)

    campaign = campaign_of(it)
    assert it.state == LaunchState.FAILED
    assert campaign.state == CampaignState.FAILED
    assert campaign.reason
    assert {p.state for p in pledges_of(it)} == {PledgeState.RELEASED}
    assert book() == {"void": 3, "refused": 1}
    assert db.session.scalar(select(func.count(Order.id))) == 0


def test_a_capture_that_fails_drops_that_pledge_alone(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "capture_fails")])
    run_jobs(now)

    assert campaign_of(it) and it.state == LaunchState.SELLING
    assert [p.state for p in pledges_of(it)] == [PledgeState.ORDERED, PledgeState.DROPPED]
    assert book() == {"captured": 1, "void": 1}
