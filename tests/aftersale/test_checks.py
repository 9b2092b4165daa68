"""Each promise about refunds, returns and disputes is found by itself when it breaks."""

import pytest
from sqlalchemy import update

from c2b.campaigns.operations import cancel_campaign
from c2b.core.checks import broken_promises
from c2b.core.db import db, transaction
from c2b.ledger.models import Transaction
from c2b.orders.disputes import Claim, hand_in, open_dispute, rule_dispute
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.refunding import refund_order
from c2b.orders.returns import ReturnRequest, ask_return, refund_return
from c2b.orders.states import DisputeCause, OrderState, Party, ReturnCause, ReturnState
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import RefundCause, RefundState
from tests.aftersale.conftest import minute, owner_of

pytestmark = pytest.mark.breaks_promises


def spoil(model, id_, **values) -> None:
    """Change a row behind everybody's back."""
    db.session.execute(
        update(model).where(model.id == id_).values(**values).execution_options(synchronize_session=False)
    )
    db.session.commit()


def broken(number: str, words: str) -> bool:
    """Whether this promise is found broken, with these words."""
    db.session.rollback()
    return any(words in problem for problem in broken_promises(number))


def pay(order: Order, amount: int, now, cause=RefundCause.GOODWILL) -> int:
    with transaction():
        return refund_order(order.id, amount, cause, key=f"k{amount}", by=None, now=now).id


def test_a_charge_that_forgets_its_refund_is_found(sold, now):
    [order] = sold()
    pay(order, 5000, now)
    assert broken_promises("I-25") == []
    spoil(Attempt, order.attempt_id, refunded=0)
    assert broken("I-25", "5000 is promised back, 0 was taken from it")


def test_a_refund_that_says_paid_and_was_not_is_found(sold, now):
    [order] = sold()
    refund = pay(order, 5000, now)
    spoil(Refund, refund, state=RefundState.PAID)
    assert broken("I-25", "is paid, the provider has paid it 0 times")


def test_a_refund_that_was_paid_and_does_not_say_so_is_found(sold, now):
    [order] = sold()
    refund = pay(order, 5000, now)
    minute(now)
    assert broken_promises("I-25") == []
    spoil(Refund, refund, state=RefundState.OWED)
    assert broken("I-25", "is owed, the provider has paid it 1 times")
    spoil(Refund, refund, amount=4999)
    assert broken("I-25", "another amount")


def test_a_fee_that_does_not_add_up_is_found(sold, now):
    [order] = sold()
    refund = pay(order, 5000, now)
    assert broken_promises("I-7") == []
    spoil(Refund, refund, fee_back=1)
    assert broken("I-7", "1 of our fee")


def test_a_refund_that_is_not_in_the_books_is_found(sold, now, monkeypatch):
    [order] = sold()
    monkeypatch.setattr("c2b.orders.refunding.post", lambda _postings, now: [])
    pay(order, 5000, now)
    assert db.session.query(Transaction).filter(Transaction.kind == "owed").count() == 0
    assert broken("I-6", "the books say None")


def test_a_cancelled_order_that_keeps_money_is_found(sold, now):
    [order] = sold()
    spoil(Order, order.id, state=OrderState.CANCELLED)
    assert broken("I-6", "is cancelled, and of")


def test_a_return_without_a_next_move_is_found(delivered):
    order = delivered(1)
    with transaction():
        request = ReturnRequest(1, ReturnCause.DEFECTIVE, "Loose.")
        back = ask_return(order.id, request, by=order.shopper_id, now=order.delivered_at).id
    spoil(Return, back, due_at=None)
    assert broken("I-34", f"return {back} is asked, its next move is due None")


def test_more_units_back_than_were_bought_are_found(delivered):
    order = delivered(1)
    with transaction():
        request = ReturnRequest(1, ReturnCause.DEFECTIVE, "Loose.")
        back = ask_return(order.id, request, by=order.shopper_id, now=order.delivered_at).id
    with transaction():
        refund_return(back, merchant_id=order.merchant_id, by=owner_of(order), now=order.delivered_at)
    assert broken_promises("I-34") == []
    spoil(Return, back, quantity=2)
    assert broken("I-34", "2 units were paid back, 1 were ordered")
    spoil(Return, back, state=ReturnState.DECLINED)
    assert broken("I-34", "has the refund of something else")


def test_a_ruling_without_its_refund_is_found(make, delivered):
    order = delivered(1)
    with transaction():
        claim = Claim(DisputeCause.DEFECTIVE, "Broken.")
        opened = open_dispute(order.id, claim, by=order.shopper_id, now=order.delivered_at).id
        hand_in(opened, Party.MERCHANT, "Whole.", [], by=owner_of(order), now=order.delivered_at)
    with transaction():
        rule_dispute(opened, 100, "A part.", by=make.operator().id, now=order.delivered_at)
    assert broken_promises("I-27") == []
    spoil(Dispute, opened, refund_id=None)
    assert broken("I-27", f"dispute {opened} is upheld")


def test_a_failed_launch_that_keeps_what_it_charged_is_found(make, sold, now):
    [order] = sold()
    with transaction():
        cancel_campaign(order.campaign_id, "Recalled.", by=make.operator().id, now=now)
    minute(now)
    minute(now)
    assert broken_promises("I-18") == []
    spoil(Attempt, order.attempt_id, refunded=0)
    assert broken("I-18", "for a launch that failed, and only 0 goes back")
