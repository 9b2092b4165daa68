"""Cards that are tried again, holds that run out, the waiting list, and what turns up when it is too late."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.core.outbox import Notice
from c2b.orders.mending import mend
from c2b.orders.models import Order
from c2b.payments import asking
from c2b.payments.gateway import Outcome
from c2b.payments.models import Attempt, Refund
from c2b.payments.refunds import launches_to_refund, send_launch_refunds
from c2b.payments.states import AttemptState as S
from c2b.payments.states import RefundState
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from tests.factories import Make
from tests.orders.conftest import campaign_of, pledges_of, run_jobs, sandbox

Launches = Callable[..., Launch]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)


def asked(purpose: str = "authorise") -> list[tuple[int, str, str | None]]:
    """(generation, state, code) of all requests of a kind, in order."""
    db.session.rollback()
    query = select(Attempt.generation, Attempt.state, Attempt.code).where(Attempt.purpose == purpose)
    return [(n, str(state), code) for n, state, code in db.session.execute(query.order_by(Attempt.id))]


def told() -> Counter[str]:
    return Counter(db.session.scalars(select(Notice.kind)))


def book() -> Counter[str]:
    return Counter(hold["state"] for hold in sandbox().holds())


def states(it: Launch) -> list[str]:
    return [str(pledge.state) for pledge in pledges_of(it)]


def test_a_card_that_was_declined_for_now_is_tried_again_by_itself(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "insufficient_funds")])
    for hour in range(0, 80, 8):
        run_jobs(now + hour * HOUR)
    assert asked()[1:] == [(n, "failed", "insufficient_funds") for n in (1, 2, 3, 4)]
    assert told()["card_failed"] == 1  # it is said once; then there are reminders
    sandbox().script("authorise", ["ok"])
    run_jobs(now + 90 * HOUR)
    assert len(asked()) == 5  # only at the set times
    run_jobs(it.mend_until)
    assert campaign_of(it) and states(it) == ["ordered", "dropped"]


def test_a_card_that_works_again_needs_nobody(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "declined_once")])
    run_jobs(now)
    run_jobs(now + DAY - MINUTE)
    assert it.state == LaunchState.MENDING
    run_jobs(now + DAY)
    assert campaign_of(it) and it.state == LaunchState.SELLING
    assert states(it) == ["ordered", "ordered"]


@pytest.mark.parametrize("card", ["expired_card", "lost_card", "fraud"])
def test_a_card_that_was_declined_for_good_waits_for_its_owner(
    launch: Launches, make: Make, now: datetime, card: str
) -> None:
    it = launch([(2, "ok"), (1, card)])
    for hour in range(0, 90, 10):
        run_jobs(now + hour * HOUR)
    assert asked()[1:] == [(1, "failed", card)]
    pledge = pledges_of(it)[1]
    pledge_id, better = pledge.id, make.mandate(db.session.get_one(User, pledge.shopper_id), "ok").id
    mend(pledge_id, better, now=now + 91 * HOUR)
    run_jobs(now + 92 * HOUR)
    assert campaign_of(it) and states(it) == ["ordered", "ordered"]


def test_what_others_cannot_pay_goes_to_the_waiting_list_in_its_order(
    launch: Launches, now: datetime
) -> None:
    it = launch(
        [(2, "ok"), (3, "expired_card"), (1, "ok"), (2, "ok"), (2, "ok")], maximum=6, allocation="first_come"
    )
    assert states(it) == ["allocated", "allocated", "allocated", "unfilled", "unfilled"]
    run_jobs(now)
    run_jobs(it.mend_until)
    assert campaign_of(it) and it.topped_up_at == it.mend_until
    assert it.state == LaunchState.SELLING
    assert states(it) == ["ordered", "dropped", "ordered", "ordered", "ordered"]
    assert [pledge.allocated for pledge in pledges_of(it)] == [2, 3, 1, 2, 1]
    assert told()["pledge_moved_up"] == 2
    assert it.leftover == 0


def test_who_moves_up_and_cannot_pay_is_given_up_at_once(launch: Launches, now: datetime) -> None:
    it = launch(
        [(4, "ok"), (2, "expired_card"), (1, "insufficient_funds"), (1, "needs_confirmation")], maximum=6
    )
    run_jobs(now)
    run_jobs(it.mend_until)
    assert campaign_of(it) and it.state == LaunchState.AUTHORISING
    assert states(it) == ["allocated", "dropped", "dropped", "allocated"]
    run_jobs(it.mend_until + 31 * MINUTE)
    assert campaign_of(it) and it.state == LaunchState.SELLING
    assert states(it) == ["ordered", "dropped", "dropped", "dropped"]
    assert it.leftover == 2
    assert book() == {"captured": 1, "refused": 2, "void": 1}


def test_nobody_is_given_up_where_even_the_waiting_list_does_not_reach_the_minimum(
    launch: Launches, now: datetime
) -> None:
    it = launch([(2, "ok"), (4, "expired_card"), (1, "ok")], maximum=6, minimum=5)
    run_jobs(now)
    run_jobs(it.mend_until)
    assert campaign_of(it).state == "failed"
    assert states(it) == ["released", "released", "unfilled"]
    assert told()["pledge_moved_up"] == told()["pledge_dropped"] == 0


def test_the_waiting_list_can_save_a_launch(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (4, "expired_card"), (3, "ok")], maximum=6, minimum=5)
    run_jobs(now)
    run_jobs(it.mend_until)
    assert campaign_of(it) and states(it) == ["ordered", "dropped", "ordered"]


def test_a_hold_that_ran_out_is_made_again_and_then_charged(launch: Launches, now: datetime) -> None:
    """The launch slept past the life of its holds (F-39)."""
    it = launch([(2, "ok"), (1, "expired_card")])
    run_jobs(now)
    late = now + 5 * DAY
    run_jobs(late)
    assert campaign_of(it) and states(it) == ["ordered", "dropped"]
    assert asked()[0] == (1, "succeeded", None)
    assert asked()[2] == (2, "succeeded", None)
    assert asked("capture") == [(1, "succeeded", None)]
    assert [hold["key"][-1] for hold in sandbox().holds() if hold["captured"]] == ["2"]


def test_a_charge_that_finds_its_hold_gone_holds_and_charges_again(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok")])
    sandbox().script("capture", ["hold_expired"])
    run_jobs(now)
    assert campaign_of(it) and states(it) == ["ordered"]
    assert asked() == [(1, "succeeded", None), (2, "succeeded", None)]
    assert asked("capture") == [(1, "failed", "hold_expired"), (2, "succeeded", None)]
    assert book() == {"expired": 1, "captured": 1}


def test_a_hold_that_cannot_be_made_again_ends_the_pledge_alone(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "ok")])
    provider = sandbox()
    provider.script("capture", ["hold_expired"])
    provider.script("authorise", ["ok", "ok", "insufficient_funds"])
    run_jobs(now)
    assert campaign_of(it) and sorted(states(it)) == ["dropped", "ordered"]
    assert it.state == LaunchState.SELLING


def test_a_passing_trouble_with_a_charge_is_no_reason_to_give_anybody_up(
    launch: Launches, now: datetime
) -> None:
    it = launch([(2, "ok")])
    sandbox().script("capture", ["fails:processing_error"])
    run_jobs(now)
    run_jobs(now + MINUTE)
    assert campaign_of(it) and states(it) == ["ordered"]
    assert asked("capture") == [(1, "failed", "processing_error"), (2, "succeeded", None)]


def test_a_charge_that_turns_up_after_its_pledge_was_given_up_goes_back_exactly_once(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three days without an answer end the pledge; the answer comes on the fourth (F-38)."""
    it = launch([(2, "ok"), (1, "capture_lost")])
    with monkeypatch.context() as patch:
        patch.setattr(asking.door, "look_up", lambda *_all: Outcome(S.UNKNOWN, code="NoAnswer"))
        run_jobs(now)
        assert campaign_of(it) and it.state == LaunchState.CAPTURING
        run_jobs(now + 3 * DAY)
        assert campaign_of(it) and it.state == LaunchState.SELLING
        assert states(it) == ["ordered", "dropped"]
    for day in (4, 5, 6):
        run_jobs(now + day * DAY)
    [refund] = db.session.scalars(select(Refund)).all()
    assert (refund.cause, refund.amount, refund.state) == ("late_charge", 25900, RefundState.OWED)
    assert len(db.session.scalars(select(Order)).all()) == 1
    for launch_id in launches_to_refund(now):
        db.session.rollback()
        send_launch_refunds(launch_id, now=now + 6 * DAY)
    assert db.session.scalars(select(Refund.state)).all() == [RefundState.PAID]
    assert sum(line.amount for line in sandbox().book_lines()) == 51800


def test_a_release_that_fails_is_not_done_but_a_case(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (4, "expired_card")], minimum=5)
    run_jobs(now)
    sandbox().script("void", ["fails:account_locked"])
    run_jobs(it.mend_until)
    [case] = db.session.scalars(select(Attempt).where(Attempt.case_at.is_not(None)))
    assert (case.purpose, case.state, case.code) == ("void", "failed", "account_locked")
    assert campaign_of(it).state == "failed"  # nobody else waits for it
    assert book()["held"] == 1


def test_a_card_that_was_revoked_at_the_provider_is_replaced_by_its_owner(
    launch: Launches, make: Make, now: datetime
) -> None:
    """Between tipping and launch the card was taken back (F-40)."""
    it = launch([(2, "ok"), (1, "gone")])
    run_jobs(now)
    assert asked()[1] == (1, "failed", "no_such_card")
    pledge = pledges_of(it)[1]
    pledge_id, better = pledge.id, make.mandate(db.session.get_one(User, pledge.shopper_id), "ok").id
    mend(pledge_id, better, now=now + HOUR)
    run_jobs(now + 2 * HOUR)
    assert campaign_of(it) and states(it) == ["ordered", "ordered"]
    assert {p.state for p in pledges_of(it)} == {PledgeState.ORDERED}
