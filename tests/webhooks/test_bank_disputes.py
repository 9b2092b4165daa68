"""A bank takes a charge back: whatever is told first, a ruling is posted once, no money goes back twice (I-27)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Notice
from c2b.orders import bank_disputes, freezing
from c2b.orders.bank_disputes import disputes_to_answer
from c2b.orders.evidence import add_evidence
from c2b.orders.models import Dispute, Order
from c2b.orders.refunding import refund_order
from c2b.orders.states import DisputeState, Party
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import RefundCause, RefundState
from jobs import answer_banks, send_refunds
from tests.orders.conftest import run_jobs, sandbox
from tests.webhooks.conversation import balances, deliver, hear, open_events, patiently, postings, work_inbox

Sold = Callable[..., list[Order]]


def payment_of(order: Order) -> str:
    """The provider's name for what paid for it."""
    reference = db.session.scalars(select(Attempt.reference).where(Attempt.id == order.attempt_id)).one()
    return reference or ""


def bank_takes(order: Order, now: datetime, **more: object) -> str:
    """The shopper goes to the bank."""
    return sandbox().open_dispute(payment_of(order), now=now, **more)  # type: ignore[arg-type]


def only() -> Dispute:
    """The one dispute there is, as it is now."""
    db.session.rollback()
    return db.session.scalars(select(Dispute)).one()


def told(kind: str) -> list[Notice]:
    return list(db.session.scalars(select(Notice).where(Notice.kind == kind)))


def test_a_dispute_takes_the_money_out_of_what_is_paid_out(sold: Sold, now: datetime) -> None:
    (order,) = sold()
    total, merchant = order.total, order.merchant_id
    before = balances()
    bank_takes(order, now)
    hear(now)

    dispute = only()
    assert (dispute.state, dispute.amount, dispute.order_id) == (DisputeState.OPENED, total, order.id)
    assert postings("dispute") == ["bank_fee", "opened"]
    after = balances()
    assert after["disputes"] == total
    assert after["clearing"] == before["clearing"] - total - dispute.bank_fee
    assert after["merchant_payable"] == before["merchant_payable"]
    (notice,) = told("bank_dispute_opened")
    assert notice.data["answer_by"] == dispute.answer_by.isoformat()
    assert notice.user_id in bank_disputes.staff_ids(merchant)


def test_the_payout_is_stopped_in_the_same_transaction(
    sold: Sold,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (order,) = sold()
    seen: list[tuple[int, bool]] = []

    def freezer(order_id: int, _now: datetime) -> None:
        open_now = db.session.scalar(select(db.func.count(Dispute.id)).where(Dispute.order_id == order_id))
        seen.append((order_id, bool(open_now)))

    monkeypatch.setattr(freezing, "WHEN_FROZEN", [freezer])
    bank_takes(order, now)
    hear(now)
    assert seen == [(order.id, True)]


def test_a_dispute_is_not_kept_where_the_payout_cannot_be_stopped(
    sold: Sold,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin: both are one transaction, so without the one there is not the other."""
    (order,) = sold()

    def broken(_order_id: int, _now: datetime) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(freezing, "WHEN_FROZEN", [broken])
        bank_takes(order, now)
        hear(now)
    assert db.session.scalars(select(Dispute)).all() == []
    assert postings("dispute") == []
    patiently(now)
    assert only().state == DisputeState.OPENED


@pytest.mark.parametrize("won", [True, False])
def test_a_ruling_is_posted_once_however_often_it_is_told(sold: Sold, now: datetime, won: bool) -> None:
    (order,) = sold()
    before = balances()
    reference = bank_takes(order, now)
    hear(now, copies=3)
    sandbox().decide_dispute(reference, won=won, now=now)
    for _time in range(3):
        hear(now, copies=3)

    assert postings("dispute") == sorted(["bank_fee", "opened", "won" if won else "lost"])
    after, dispute = balances(), only()
    assert "disputes" not in after
    assert len(told("bank_dispute_ruled")) == 1
    if won:
        assert dispute.state == DisputeState.DISMISSED
        assert after["merchant_payable"] == before["merchant_payable"]
        assert after["clearing"] == before["clearing"] - dispute.bank_fee
    else:
        assert dispute.state == DisputeState.UPHELD
        assert "merchant_payable" not in after and "platform_fee" not in after
        assert after["clearing"] == before["clearing"] - order.total - dispute.bank_fee


@pytest.mark.parametrize("won", [True, False])
def test_a_ruling_that_is_told_before_its_opening_ends_the_same(sold: Sold, now: datetime, won: bool) -> None:
    """The opening's webhook comes three days late (F-35)."""
    (order,) = sold()
    reference = bank_takes(order, now)
    sandbox().decide_dispute(reference, won=won, now=now)
    deliver(now + timedelta(days=3))
    first, second = [event.id for event in open_events() if event.kind == "dispute"]
    work_inbox.work_off(second, now=now + timedelta(days=3))
    assert postings("dispute") == sorted(["bank_fee", "opened", "won" if won else "lost"])
    work_inbox.run(now + timedelta(days=3))
    assert postings("dispute") == sorted(["bank_fee", "opened", "won" if won else "lost"])
    assert only().state == (DisputeState.DISMISSED if won else DisputeState.UPHELD)
    assert open_events() == [] and first != second


def test_a_dispute_that_is_told_before_its_charge_is_booked_waits_for_it(
    launch: Callable[..., object], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The charge has happened; its answer was lost, and the shopper is at the bank already (F-35)."""
    it = launch([(2, "capture_lost")])
    run_jobs(now)
    (hold,) = [hold for hold in sandbox().holds() if hold["captured"]]
    sandbox().open_dispute(hold["reference"], now=now)
    deliver(now)
    (dispute,) = [event.id for event in open_events() if event.kind == "dispute"]
    work_inbox.work_off(dispute, now=now)
    (why,) = [event.error for event in open_events() if event.id == dispute]
    assert why == "it is about a charge that no order follows from"
    patiently(now, 3)  # the webhook of the charge is worked off, then the dispute
    assert only().amount == hold["captured"]
    assert it is not None and open_events() == []


def test_a_charge_that_a_bank_has_is_not_refunded_as_well(sold: Sold, now: datetime) -> None:
    (order,) = sold()
    bank_takes(order, now)
    hear(now)
    with pytest.raises(Refused), transaction():
        refund_order(order.id, order.total, RefundCause.GOODWILL, key="twice", by=None, now=now)


def test_after_a_lost_dispute_the_rest_alone_is_promised_and_waits_for_a_person(
    sold: Sold, now: datetime
) -> None:
    (order,) = sold()
    total, part = order.total, order.total // 3
    reference = bank_takes(order, now, amount=part)
    hear(now)
    sandbox().decide_dispute(reference, won=False, now=now)
    hear(now)
    with pytest.raises(Refused), transaction():
        refund_order(order.id, total - part + 1, RefundCause.GOODWILL, key="more", by=None, now=now)
    with transaction():
        refund_order(order.id, total - part, RefundCause.GOODWILL, key="rest", by=None, now=now)
    send_refunds.run(now)
    hear(now)
    after = balances()
    assert after["refund_payable"] == part - total  # no provider pays back a charge that a bank has ruled on
    assert db.session.scalars(select(Refund.state)).all() == [RefundState.STUCK]
    assert "merchant_payable" not in after and "platform_fee" not in after


def test_what_was_refunded_before_the_bank_took_it_too_is_our_loss(sold: Sold, now: datetime) -> None:
    """A refund was promised when the bank took the whole charge: the part that goes back twice is nobody's but ours."""
    (order,) = sold()
    part = order.total // 4
    reference = bank_takes(order, now)
    with transaction():
        refund_order(order.id, part, RefundCause.GOODWILL, key="first", by=None, now=now)
    hear(now)
    sandbox().decide_dispute(reference, won=False, now=now)
    hear(now)
    after = balances()
    assert after["losses"] == part
    assert after["refund_payable"] == -part
    assert "merchant_payable" not in after and "platform_fee" not in after


def test_a_dispute_about_more_than_was_charged_is_for_a_person(
    sold: Sold,
    now: datetime,
) -> None:
    """It speaks of another amount than we know (F-34): nothing is booked, and it ends among the cases."""
    (order,) = sold()
    bank_takes(order, now, amount=order.total + 1)
    hear(now)
    patiently(now, 40)
    assert postings("dispute") == []
    (event,) = open_events()
    assert event.dead_at and event.error == "it is about another amount than was charged"


def test_the_merchants_words_are_handed_in_with_what_we_know(sold: Sold, now: datetime) -> None:
    (order,) = sold()
    staff = bank_disputes.staff_ids(order.merchant_id)[0]
    reference = bank_takes(order, now)
    hear(now)
    assert answer_banks.run(now)["done"] == 0  # there is time, and nobody has said anything
    with transaction():
        add_evidence(only(), Party.MERCHANT, "Signed for by the shopper.", [], by=staff, now=now)
    assert answer_banks.run(now)["done"] == 1
    assert answer_banks.run(now)["done"] == 0
    (row,) = sandbox().book.read("select words from dispute where reference = ?", reference)
    assert "Signed for by the shopper." in row["words"] and order.number in row["words"]
    assert only().state == DisputeState.ANSWERED


def test_where_nobody_answers_our_records_are_handed_in_before_the_last_day_ends(
    sold: Sold,
    now: datetime,
) -> None:
    (order,) = sold()
    reference = bank_takes(order, now)
    hear(now)
    until = only().answer_by
    assert disputes_to_answer(until - timedelta(hours=13)) == []
    assert answer_banks.run(until - timedelta(hours=11))["done"] == 1
    assert answer_banks.run(until - timedelta(hours=10))["done"] == 0
    (row,) = sandbox().book.read("select words from dispute where reference = ?", reference)
    assert order.number in row["words"]


def test_a_lost_dispute_about_everything_cancels_what_was_not_sent(sold: Sold, now: datetime) -> None:
    (order,) = sold()
    reference = bank_takes(order, now)
    sandbox().decide_dispute(reference, won=False, now=now)
    hear(now)
    db.session.refresh(order)
    assert order.state == "cancelled" and order.settled_at == now


def test_every_order_of_telling_ends_in_the_same_books(sold: Sold, now: datetime) -> None:
    """Two disputes, one after the other, told in all orders, each of them twice."""
    (order,) = sold(((4, "ok"),))
    part = order.total // 2
    first = bank_takes(order, now, amount=part)
    sandbox().decide_dispute(first, won=True, now=now)
    second = bank_takes(order, now, amount=part)
    sandbox().decide_dispute(second, won=False, now=now)
    deliver(now)
    ids = [event.id for event in open_events() if event.kind == "dispute"]
    for number in list(permutations(ids))[17]:
        work_inbox.work_off(number, now=now)
    patiently(now)
    assert sorted(postings("dispute")) == ["bank_fee", "bank_fee", "lost", "opened", "opened", "won"]
    assert open_events() == []
