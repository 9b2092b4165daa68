"""From a delivered order to money at the firm's bank, and every way in which that stops or comes back."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from c2b.core.db import db, transaction
from c2b.core.errors import Refused, Stale
from c2b.core.outbox import Notice
from c2b.ledger.kinds import AccountKind as A
from c2b.merchants.models import MerchantStaff
from c2b.merchants.queries import staff_ids
from c2b.merchants.states import Post
from c2b.orders.freezing import freeze
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.refunding import refund_order
from c2b.orders.states import DisputeCause, DisputeOrigin, ReturnCause
from c2b.payments.attempts import book as book_answers
from c2b.payments.attempts import find_out, read, requests
from c2b.payments.gateways.cards import saved_payee
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose, RefundCause
from c2b.settlement import rules
from c2b.settlement.accounts import save_account
from c2b.settlement.models import BankAccount, Payout, PayoutLine
from c2b.settlement.payouts import approve_payout, begin_payout, return_payout
from c2b.settlement.states import PayoutState as P
from tests.factories import Make
from tests.settlement.conftest import LATER, Delivered, balance, bank_of, payouts, plan, send

TOTAL, FEE = 2 * 25900, 1554


def reread(order: Order) -> Order:
    """The order as it is now."""
    db.session.rollback()
    return db.session.get_one(Order, order.id, populate_existing=True)


def open_dispute(order: Order, now: datetime) -> None:
    """A dispute, as those who open them do it."""
    with transaction():
        db.session.add(
            Dispute(
                order_id=order.id, origin=DisputeOrigin.SHOPPER, cause=DisputeCause.OTHER, amount=1000,
                currency="CNY", opened_at=now, answer_by=now, rule_by=now, state_since=now,
            )
        )  # fmt: skip
        freeze(order.id, now)


def test_a_delivered_order_is_paid_out_after_the_return_window(delivered: Delivered, now: datetime) -> None:
    order = delivered()[0]
    bank_of(order, now)
    assert plan(now + timedelta(days=13)) == []
    (payout,) = plan(now + LATER)
    assert (payout.state, payout.amount) == (P.APPROVED, TOTAL - FEE)
    assert reread(order).settled_at == now + LATER
    assert plan(now + LATER) == [payout]

    (payout,) = send(now + LATER)
    assert (payout.state, payout.paid_at) == (P.PAID, now + LATER)
    assert balance(A.MERCHANT_PAYABLE, payout.merchant_id) == 0
    assert balance(A.IN_TRANSIT) == 0
    assert db.session.scalars(select(Notice.kind).where(Notice.kind == "payout_paid")).all() == [
        "payout_paid"
    ]


def test_nothing_is_paid_to_a_new_bank_account_for_72_hours(delivered: Delivered, now: datetime) -> None:
    order = delivered()[0]
    assert plan(now + LATER) == []
    bank_of(order, now + LATER)
    assert plan(now + LATER + timedelta(hours=71)) == []
    assert len(plan(now + LATER + timedelta(hours=72))) == 1


def test_another_bank_account_waits_anew_and_takes_back_what_was_not_sent(
    delivered: Delivered, now: datetime
) -> None:
    order = delivered()[0]
    old = bank_of(order, now)
    plan(now + LATER)
    new = bank_of(order, now + LATER, "payout_lost")
    assert [payout.state for payout in payouts()] == [P.CANCELLED]
    assert reread(order).settled_at is None
    db.session.refresh(old)
    assert old.removed_at == now + LATER
    assert plan(now + LATER + timedelta(hours=71))[-1].state == P.CANCELLED
    assert plan(now + LATER + timedelta(hours=73))[-1].bank_account_id == new.id


def test_the_same_bank_account_again_changes_nothing(delivered: Delivered, now: datetime) -> None:
    order = delivered()[0]
    payee = saved_payee("works")
    owner = staff_ids(order.merchant_id)[0]
    with transaction():
        first = save_account(order.merchant_id, payee, by=owner, now=now)
        assert save_account(order.merchant_id, payee, by=owner, now=now + LATER) is first
    assert first.usable_at == now + timedelta(hours=72)


def test_only_the_owner_says_where_a_firm_is_paid_and_everybody_hears_of_it(
    delivered: Delivered, now: datetime, make: Make
) -> None:
    order = delivered()[0]
    helper = make.user("Helper")
    db.session.add(
        MerchantStaff(merchant_id=order.merchant_id, user_id=helper.id, post=Post.EDITOR, since=now)
    )
    db.session.commit()
    with pytest.raises(Refused), transaction():
        save_account(order.merchant_id, saved_payee("works"), by=helper.id, now=now)
    bank_of(order, now)
    told = db.session.scalars(select(Notice.user_id).where(Notice.kind == "bank_account_added")).all()
    assert sorted(id_ or 0 for id_ in told) == sorted(staff_ids(order.merchant_id))
    assert helper.id in told


@pytest.mark.parametrize("why", ["dispute", "return", "refund"])
def test_an_order_that_is_not_settled_between_people_is_not_planned(
    delivered: Delivered, now: datetime, why: str
) -> None:
    order, other = delivered(((2, "ok"), (1, "ok")))
    bank_of(order, now)
    if why == "dispute":
        open_dispute(order, now)
    elif why == "return":
        db.session.add(
            Return(
                order_id=order.id,
                quantity=1,
                cause=ReturnCause.UNWANTED,
                note="",
                asked_at=now,
                due_at=now + LATER,
                state_since=now,
            )
        )
        db.session.commit()
    else:
        with transaction():
            refund_order(order.id, 100, RefundCause.GOODWILL, key="x", by=None, now=now)
    (payout,) = plan(now + LATER)
    lines = db.session.scalars(select(PayoutLine.order_id).where(PayoutLine.payout_id == payout.id)).all()
    assert lines == [other.id]
    assert reread(order).settled_at is None


def test_a_dispute_takes_its_order_out_of_a_payout_in_the_same_transaction(
    delivered: Delivered, now: datetime
) -> None:
    order, other = delivered(((2, "ok"), (1, "ok")))
    bank_of(order, now)
    plan(now + LATER)
    open_dispute(order, now + LATER)
    old, new = payouts()
    assert (old.state, new.state) == (P.CANCELLED, P.APPROVED)
    assert new.amount == other.total - other.fee
    assert reread(order).settled_at is None
    assert reread(other).settled_at is not None
    assert [payout.state for payout in send(now + LATER)] == [P.CANCELLED, P.PAID]


def test_a_dispute_that_is_rolled_back_leaves_the_payout_alone(delivered: Delivered, now: datetime) -> None:
    order = delivered()[0]
    bank_of(order, now)
    plan(now + LATER)
    with pytest.raises(RuntimeError), transaction():
        freeze(order.id, now + LATER)
        raise RuntimeError
    assert [payout.state for payout in payouts()] == [P.APPROVED]


def test_a_large_payout_needs_two_operators_who_do_not_work_for_the_firm(
    delivered: Delivered, now: datetime, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "WITHOUT_APPROVAL", 100)
    order = delivered()[0]
    bank_of(order, now)
    (payout,) = plan(now + LATER)
    assert payout.state == P.PLANNED
    otto, olga = make.operator("Otto"), make.operator("Olga")
    mole = make.operator("Mole")
    db.session.add(
        MerchantStaff(merchant_id=payout.merchant_id, user_id=mole.id, post=Post.EDITOR, since=now)
    )
    db.session.commit()
    with pytest.raises(Refused, match="work for this firm"), transaction():
        approve_payout(payout.id, by=mole.id, now=now)
    with transaction():
        approve_payout(payout.id, by=otto.id, now=now)
    assert send(now + LATER)[0].state == P.PLANNED
    with pytest.raises(Refused, match="somebody else"), transaction():
        approve_payout(payout.id, by=otto.id, now=now)
    with transaction():
        approve_payout(payout.id, by=olga.id, now=now)
    assert send(now + LATER)[0].state == P.PAID
    with pytest.raises(Stale), transaction():
        approve_payout(payout.id, by=otto.id, now=now)


def test_a_refund_after_the_payout_is_taken_from_the_next_one(delivered: Delivered, now: datetime) -> None:
    first, second = delivered(((2, "ok"), (1, "ok")))
    second.delivered_at = now + timedelta(days=5)
    db.session.commit()
    bank_of(first, now)
    plan(now + LATER)
    send(now + LATER)
    with transaction():
        refund_order(first.id, 5000, RefundCause.GOODWILL, key="x", by=None, now=now + LATER)
    taken = 5000 - 150
    payout = plan(now + LATER + timedelta(days=5))[-1]
    assert payout.amount == second.total - second.fee - taken
    amounts = db.session.scalars(
        select(PayoutLine.amount).where(PayoutLine.payout_id == payout.id).order_by(PayoutLine.amount)
    ).all()
    assert amounts == [-taken, second.total - second.fee]


def test_what_changed_after_the_plan_is_planned_anew_before_anything_is_sent(
    delivered: Delivered, now: datetime
) -> None:
    first, second = delivered(((2, "ok"), (1, "ok")))
    bank_of(first, now)
    plan(now + LATER)
    with transaction():
        refund_order(first.id, 5000, RefundCause.GOODWILL, key="x", by=None, now=now + LATER)
    old, new = send(now + LATER)
    assert (old.state, new.state, new.amount) == (P.CANCELLED, P.APPROVED, second.total - second.fee)
    assert db.session.scalar(select(Attempt.id).where(Attempt.purpose == Purpose.PAYOUT)) is None


def test_a_payout_that_the_bank_refuses_is_payable_again_to_another_account(
    delivered: Delivered, now: datetime
) -> None:
    order = delivered()[0]
    bank = bank_of(order, now, "refused")
    plan(now + LATER)
    (payout,) = send(now + LATER)
    assert payout.state == P.RETURNED
    assert balance(A.MERCHANT_PAYABLE, payout.merchant_id) == FEE - TOTAL
    assert balance(A.IN_TRANSIT) == 0
    db.session.refresh(bank)
    assert bank.removed_at is not None
    assert plan(now + LATER) == [payout]
    bank_of(order, now + LATER)
    again = plan(now + LATER + timedelta(days=3))[-1]
    assert again.amount == payout.amount
    assert send(now + LATER + timedelta(days=3))[-1].state == P.PAID


def test_a_payout_that_comes_back_after_it_was_paid_is_owed_again(
    delivered: Delivered, now: datetime
) -> None:
    order = delivered()[0]
    bank_of(order, now)
    plan(now + LATER)
    (payout,) = send(now + LATER)
    before = balance(A.CLEARING)
    for _time in range(2):
        with transaction():
            return_payout(payout.id, "account_closed", now=now + LATER)
    assert payouts()[0].state == P.RETURNED
    assert balance(A.CLEARING) == before + payout.amount
    assert balance(A.MERCHANT_PAYABLE, payout.merchant_id) == -payout.amount
    assert reread(order).settled_at is None
    told = db.session.scalars(select(Notice.kind).where(Notice.kind == "payout_returned")).all()
    assert len(told) == 1


def test_a_payout_that_is_not_paid_cannot_come_back(delivered: Delivered, now: datetime) -> None:
    order = delivered()[0]
    bank_of(order, now)
    (payout,) = plan(now + LATER)
    with pytest.raises(Stale), transaction():
        return_payout(payout.id, "account_closed", now=now + LATER)


def test_a_payout_whose_answer_got_lost_is_looked_up_and_sent_once(
    delivered: Delivered, now: datetime
) -> None:
    order = delivered()[0]
    bank_of(order, now, "payout_lost")
    plan(now + LATER)
    (payout,) = send(now + LATER)
    assert payout.state == P.SENT
    assert balance(A.IN_TRANSIT) == -payout.amount
    asked = read(requests().where(Attempt.purpose == Purpose.PAYOUT))
    db.session.rollback()
    answered = find_out(asked)
    with transaction():
        book_answers(answered, now + LATER)
    assert payouts()[0].state == P.PAID
    assert balance(A.IN_TRANSIT) == 0


def test_two_processes_send_one_payout_once(delivered: Delivered, now: datetime) -> None:
    order = delivered()[0]
    bank_of(order, now)
    (payout,) = plan(now + LATER)
    with transaction():
        assert len(begin_payout(payout.id, now=now + LATER)) == 1
    with pytest.raises(Stale), transaction():
        begin_payout(payout.id, now=now + LATER)
    states = db.session.scalars(select(Attempt.state).where(Attempt.payout_id == payout.id)).all()
    assert states == [AttemptState.STARTED]


def test_debts_wait_until_there_is_something_to_take_them_from(delivered: Delivered, now: datetime) -> None:
    order = delivered()[0]
    bank_of(order, now)
    plan(now + LATER)
    send(now + LATER)
    with transaction():
        refund_order(order.id, 5000, RefundCause.GOODWILL, key="x", by=None, now=now + LATER)
    assert len(plan(now + 2 * LATER)) == 1
    assert balance(A.MERCHANT_PAYABLE, order.merchant_id) == 4850


def test_bank_accounts_are_kept_when_they_are_replaced(delivered: Delivered, now: datetime) -> None:
    order = delivered()[0]
    bank_of(order, now)
    bank_of(order, now, "payout_lost")
    rows = db.session.scalars(select(BankAccount).order_by(BankAccount.id)).all()
    assert [row.removed_at is None for row in rows] == [False, True]
    assert db.session.scalars(select(Payout)).all() == []
