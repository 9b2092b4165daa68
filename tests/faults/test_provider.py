"""The payment provider is in trouble: whatever it does, both books say the same in the end (F-30…F-42)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from c2b.core.db import db, transaction
from c2b.operators.cases import all_cases
from c2b.orders.models import Order
from c2b.orders.refunding import refund_order
from c2b.payments import asking, attempts
from c2b.payments.gateway import NoAnswer, Outcome
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.ladder import look_again_now
from c2b.payments.models import Attempt, Mandate, Refund
from c2b.payments.states import AttemptState, Purpose, RefundCause
from c2b.pipeline.models import Launch
from c2b.settlement.models import Payout
from jobs import send_refunds, work_inbox
from tests.factories import Make
from tests.orders.conftest import campaign_of, pledges_of, run_jobs, sandbox
from tests.settlement.conftest import LATER, bank_of, deliver, payouts, plan, send
from tests.webhooks.conversation import balances, hear

Launches = Callable[..., Launch]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CARDS = [(2, "ok"), (1, "ok"), (9, "ok")]


def orders() -> list[Order]:
    db.session.rollback()
    return list(db.session.scalars(select(Order).order_by(Order.id)))


def the_clock_goes_on(at: datetime, minutes: int = 12) -> None:
    """Everything that happens by itself, for a while."""
    for minute in range(0, minutes, 3):
        run_jobs(at + minute * MINUTE)
        send_refunds.run(at + minute * MINUTE)
        send(at + minute * MINUTE)


def whole_story(launch: Launches, now: datetime) -> None:
    """Every verb once at least: hold, charge, let go, pay back, pay out."""
    it = launch([*CARDS, (4, "expired_card")], minimum=1)
    the_clock_goes_on(now)
    the_clock_goes_on(it.mend_until)
    first, second, *_rest = orders()
    with transaction():
        refund_order(first.id, 700, RefundCause.GOODWILL, key="one", by=None, now=it.mend_until)
    the_clock_goes_on(it.mend_until + HOUR)
    with transaction():
        deliver(db.session.get_one(Order, second.id), it.mend_until)
    bank_of(second, it.mend_until)
    plan(it.mend_until + LATER)
    the_clock_goes_on(it.mend_until + LATER)


def books_are_equal() -> None:
    """To the minor unit: our clearing account is the balance of the provider's book; nothing is asked twice."""
    db.session.rollback()
    unanswered = select(Attempt.key).where(Attempt.state.in_(attempts.UNANSWERED))
    assert db.session.scalars(unanswered).all() == []
    assert balances().get("clearing", 0) == sum(line.net for line in sandbox().book_lines())
    again = select(func.count(Attempt.id)).where(Attempt.generation > 1)
    assert db.session.scalar(again) == 0


@pytest.mark.parametrize("verb", ["authorise", "capture", "refund", "payout"])
def test_f30_the_provider_acts_and_the_answer_is_lost(launch: Launches, now: datetime, verb: str) -> None:
    """F-30: commit-then-drop for every money verb: what is not known is looked up, and done once."""
    sandbox().script(verb, ["drop_after"] * 2)
    whole_story(launch, now)
    books_are_equal()
    assert {payout.state for payout in payouts()} == {"paid"}
    assert set(db.session.scalars(select(Refund.state))) == {"paid"}


def test_f30_a_release_whose_answer_is_lost_is_done_once(launch: Launches, now: datetime) -> None:
    """F-30: void: too few could pay, what is held is let go of, and the answer is lost."""
    sandbox().script("void", ["drop_after"] * 3)
    it = launch([(2, "ok"), (1, "ok"), (9, "expired_card")], minimum=5)
    run_jobs(now)
    the_clock_goes_on(it.mend_until)
    assert campaign_of(it).state == "failed"
    assert [hold["state"] for hold in sandbox().holds() if hold["state"] == "held"] == []
    books_are_equal()


@pytest.mark.breaks_promises
def test_f30_with_a_new_key_for_each_try_a_lost_answer_charges_twice(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: a process that begins anew after an unknown answer holds the same money twice at the provider."""
    sandbox().script("authorise", ["drop_after"])
    it = launch([(2, "ok")])
    pledge = pledges_of(it)[0]
    db.session.rollback()
    for n in ("1", "2"):
        monkeypatch.setattr(
            attempts, "key_of", lambda purpose, subject, _generation, n=n: f"{purpose}-{subject}-{n}"
        )
        with transaction():
            db.session.execute(db.text("delete from attempt"))
            wish = attempts.Wish(pledge.id, 51800, "CNY", it.id, pledge.mandate_id)
            asked = attempts.begin(Purpose.AUTHORISE, [wish], now)
        attempts.ask(asked)
    assert len(sandbox().holds()) == 2


def test_f31_a_provider_that_hangs_stops_no_page(
    launch: Launches, client: FlaskClient, now: datetime
) -> None:
    """F-31: the client gives up, the outcome is unknown, pages are served; later everything is found."""
    sandbox().script("authorise", ["hang"] * 3)
    it = launch(CARDS)
    run_jobs(now)
    assert set(db.session.scalars(select(Attempt.state))) == {AttemptState.UNKNOWN}
    assert client.get("/").status_code == 200
    the_clock_goes_on(now + MINUTE)
    assert campaign_of(it) and len(orders()) == 3
    books_are_equal()


def test_f32_too_many_requests_are_asked_again_later(launch: Launches, now: datetime) -> None:
    """F-32: a storm of 429: nothing happened at the provider, and the same keys go out again."""
    sandbox().script("authorise", ["too_many:1"] * 6)
    it = launch(CARDS)
    for hour in range(12):
        the_clock_goes_on(now + hour * HOUR)
    assert campaign_of(it) and len(orders()) == 3
    books_are_equal()


@pytest.mark.parametrize("word", ["error_before", "error_after", "garbage"])
@pytest.mark.parametrize("verb", ["authorise", "capture"])
def test_f33_a_server_error_says_nothing_about_what_happened(
    launch: Launches, now: datetime, verb: str, word: str
) -> None:
    """F-33: 500 before the effect, after it, or nonsense: the answer is not believed, the book is."""
    sandbox().script(verb, [word] * 2)
    it = launch(CARDS)
    for hour in range(8):
        the_clock_goes_on(now + hour * HOUR)
    assert campaign_of(it) and len(orders()) == 3
    books_are_equal()


@pytest.mark.parametrize("word", ["wrong_amount", "wrong_currency", "wrong_payment"])
def test_f34_an_answer_about_something_else_is_never_booked(
    launch: Launches, now: datetime, word: str
) -> None:
    """F-34: quarantined at once, a case for a person; looked up again at a person's wish."""
    sandbox().script("capture", [word])
    launch(CARDS)
    run_jobs(now)
    sandbox().script("look_up", [word])  # and what the webhook makes us look up is wrong as well
    hear(now)
    (case,) = all_cases().requests
    assert (case.code, case.state) == (attempts.WRONG_ANSWER, AttemptState.UNKNOWN)
    assert len(orders()) == 2

    with transaction():
        look_again_now(case.id, by=1, now=now + HOUR)
    the_clock_goes_on(now + HOUR)
    assert len(orders()) == 3
    books_are_equal()


def test_f35_every_webhook_three_times_in_any_order_changes_nothing(launch: Launches, now: datetime) -> None:
    """F-35: see also tests/webhooks, where the whole story is told in every order."""
    whole_story(launch, now)
    before = balances()
    hear(now + 60 * DAY, copies=3, shuffle=Random(35))
    assert work_inbox.due(now + 90 * DAY) == []
    assert balances() == before
    books_are_equal()


@pytest.mark.parametrize("code", ["expired_card", "lost_card", "fraud", "do_not_honor", "insufficient_funds"])
def test_f37_a_hard_decline_is_never_tried_again_and_a_soft_one_is(
    launch: Launches, now: datetime, code: str
) -> None:
    """F-37: a card that is lost stays lost; one without money may have some tomorrow."""
    it = launch([(2, "ok"), (1, code)])
    for hour in range(0, 96, 6):
        run_jobs(now + hour * HOUR)
    bad = pledges_of(it)[1].id
    tries = db.session.scalar(select(func.count(Attempt.id)).where(Attempt.pledge_id == bad))
    if code in ("expired_card", "lost_card", "fraud"):
        assert tries == 1
    else:
        assert (tries or 0) > 1


def test_f38_who_does_not_confirm_in_time_is_let_go_and_a_late_yes_moves_no_money(
    launch: Launches, now: datetime
) -> None:
    """F-38: the bank asks, the window passes, the pledge is dropped; the yes that comes after it charges nothing."""
    it = launch([(2, "ok"), (1, "needs_confirmation")])
    run_jobs(now)
    (waiting,) = [hold for hold in sandbox().holds() if hold["state"] == "waiting"]
    the_clock_goes_on(it.mend_until)
    sandbox().confirm(waiting["reference"], True)
    hear(it.mend_until + HOUR)
    the_clock_goes_on(it.mend_until + HOUR)
    assert campaign_of(it) and [str(pledge.state) for pledge in pledges_of(it)] == ["ordered", "dropped"]
    assert len([hold for hold in sandbox().holds() if hold["captured"]]) == 1
    books_are_equal()


def test_f38_a_charge_that_turns_up_after_the_drop_goes_back_exactly_once(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-38: the answer is missing for three days, the pledge is given up, and then the charge is found."""
    it = launch([(2, "ok"), (1, "capture_lost")])
    with monkeypatch.context() as patch:
        patch.setattr(asking.door, "look_up", lambda *_all: Outcome(AttemptState.UNKNOWN, code="NoAnswer"))
        for day in (0, 3):
            run_jobs(now + day * DAY)
    for day in (4, 5, 6, 7):
        the_clock_goes_on(now + day * DAY)
        hear(now + day * DAY, copies=2)
    assert campaign_of(it) and [str(pledge.state) for pledge in pledges_of(it)] == ["ordered", "dropped"]
    (refund,) = db.session.scalars(select(Refund))
    assert (refund.cause, refund.state) == (RefundCause.LATE_CHARGE, "paid")
    assert len([line for line in sandbox().book_lines() if line.kind == "refund"]) == 1


def test_f39_a_hold_that_ran_out_is_never_counted_as_charged(launch: Launches, now: datetime) -> None:
    """F-39: the provider let go of the money: it is held anew and then charged, or the pledge ends."""
    it = launch([(2, "ok"), (1, "expired_card")])
    run_jobs(now)
    late = now + 8 * DAY
    sandbox().pass_time(late)
    assert [hold["state"] for hold in sandbox().holds() if hold["state"] == "expired"] == ["expired"]
    for hour in range(4):
        the_clock_goes_on(late + hour * HOUR)
    captured = [hold for hold in sandbox().holds() if hold["captured"]]
    assert campaign_of(it) and len(orders()) == len(captured) == 1
    assert (
        db.session.scalar(select(func.count(Attempt.id)).where(Attempt.state.in_(attempts.UNANSWERED))) == 0
    )


def test_f40_a_card_that_was_taken_back_before_the_launch_waits_for_its_owner(
    launch: Launches, make: Make, now: datetime
) -> None:
    """F-40: revoked at the provider between tip and launch: no charge, the shopper is asked for another card."""
    it = launch([(2, "ok"), (1, "ok")])
    pledge = pledges_of(it)[1]
    sandbox().revoke(db.session.get_one(Mandate, pledge.mandate_id).token)
    run_jobs(now)
    failed = db.session.scalars(select(Attempt).where(Attempt.state == AttemptState.FAILED)).one()
    assert (failed.pledge_id, failed.code) == (pledge.id, "no_such_card")
    the_clock_goes_on(it.mend_until)
    assert len(orders()) == 1


def test_f41_a_provider_that_is_down_for_days_is_looked_up_and_never_sent_to_again(
    launch: Launches, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-41: after 23 hours the key may be forgotten, and the same request would be a new one."""
    sent: list[Any] = []
    real = Sandbox.authorise
    sandbox().script("authorise", ["drop_after"] * 3)
    it = launch(CARDS)
    run_jobs(now)
    bank = sandbox()
    bank.forget_keys()

    def dead(*_all: Any) -> None:
        raise NoAnswer

    def counted(self: Sandbox, asked: Any) -> Any:
        sent.append(asked.key)
        return real(self, asked)

    monkeypatch.setattr(Sandbox, "authorise", counted)
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "look_up", dead)
        for hour in range(0, 30, 2):
            run_jobs(now + hour * HOUR)
    for hour in range(31, 60, 2):
        run_jobs(now + hour * HOUR)
    assert sent == []
    assert timedelta(hours=24) > asking.SEND_WITHIN
    assert campaign_of(it) and len(bank.holds()) == 3
    assert len({hold["pledge"] for hold in bank.holds()}) == 3


def test_f42_a_payout_that_bounces_after_it_was_paid_is_owed_again_once(
    delivered: Callable[..., list[Order]], now: datetime
) -> None:
    """F-42: the bank sends it back days later, and says so three times."""
    order = delivered()[0]
    bank_of(order, now)
    owed = balances()["merchant_payable"]
    plan(now + LATER)
    (payout,) = send(now + LATER)
    assert "merchant_payable" not in balances()
    reference = db.session.scalars(select(Attempt.reference).where(Attempt.purpose == Purpose.PAYOUT)).one()
    sandbox().return_payout(reference or "", now=now + LATER + 2 * DAY)
    for day in (2, 3):
        hear(now + LATER + day * DAY, copies=3)
    assert balances()["merchant_payable"] == owed
    assert db.session.get_one(Payout, payout.id).state == "returned"
    assert [case.id for case in all_cases().payouts] == [payout.id]
    assert balances()["clearing"] == sum(line.net for line in sandbox().book_lines())
