"""The pages on which things are put right, as each side sees them."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.core import clock
from c2b.core.db import db, transaction
from c2b.orders.disputes import Claim, hand_in, open_dispute
from c2b.orders.models import Dispute, Evidence, Order, Return
from c2b.orders.returns import ReturnRequest, ask_return
from c2b.orders.states import DisputeCause, DisputeState, OrderState, Party, ReturnCause, ReturnState
from c2b.payments.models import Refund
from c2b.payments.states import RefundCause, RefundState
from tests.aftersale.conftest import DAY, minute, owner_of, refunds


@pytest.fixture
def at(monkeypatch):
    """Set the site's clock."""

    def when(moment):
        monkeypatch.setattr(clock, "_ahead", moment - clock.datetime.now(clock.UTC))

    return when


@pytest.fixture
def order(delivered, at):
    """An order of two that has come a day ago."""
    found = delivered(2)
    at(found.delivered_at + DAY)
    return found


@pytest.fixture
def as_shopper(client, sign_in, order):
    sign_in(client, db.session.get_one(User, order.shopper_id))
    return client


def as_firm(client, sign_in, order):
    sign_in(client, db.session.get_one(User, owner_of(order)))
    return client


def picture() -> tuple[BytesIO, str]:
    stream = BytesIO()
    Image.new("RGB", (64, 64), "red").save(stream, "PNG")
    stream.seek(0)
    return stream, "lid.png"


def asked(order, now, **more) -> int:
    with transaction():
        request = ReturnRequest(1, ReturnCause.DEFECTIVE, "Loose.", **more)
        return ask_return(order.id, request, by=order.shopper_id, now=now).id


def disputed(order, now) -> int:
    with transaction():
        claim = Claim(DisputeCause.DEFECTIVE, "Broken.")
        return open_dispute(order.id, claim, by=order.shopper_id, now=now).id


def test_a_shopper_sends_something_back_with_pictures(as_shopper, order):
    page = as_shopper.get(f"/me/orders/{order.number}")
    assert f"/me/orders/{order.number}/return" in page.text
    answer = as_shopper.post(
        f"/me/orders/{order.number}/return",
        data={"quantity": "2", "cause": "defective", "note": "The lid is loose.", "replace": "y",
              "pictures": [picture()]},
    )  # fmt: skip
    assert answer.status_code == 302
    back = db.session.scalars(select(Return)).one()
    assert (back.quantity, back.cause, back.replace, len(back.pictures)) == (
        2,
        ReturnCause.DEFECTIVE,
        True,
        1,
    )
    page = as_shopper.get(answer.location)
    assert "The merchant answers" in page.text
    assert "The lid is loose." in page.text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"quantity": "x", "cause": "defective", "note": "A"},
        {"quantity": "-1", "cause": "defective", "note": "A"},
        {"quantity": "1", "cause": "bored", "note": "A"},
        {"quantity": "1", "cause": "defective", "note": "\x00\u202e"},
        {"quantity": "1", "cause": "defective", "note": "A" * 5000},
        {"quantity": "9" * 30, "cause": "defective", "note": "A"},
    ],
)
def test_bad_input_for_a_return_is_told(as_shopper, order, data):
    answer = as_shopper.post(f"/me/orders/{order.number}/return", data=data)
    assert answer.status_code == 422
    assert 'id="problems"' in answer.text
    assert db.session.scalars(select(Return)).all() == []


def test_more_than_was_bought_is_told_above_what_was_typed(as_shopper, order):
    data = {"quantity": "3", "cause": "unwanted", "note": "Too many."}
    answer = as_shopper.post(f"/me/orders/{order.number}/return", data=data)
    assert answer.status_code == 409
    assert "You have 2 of them." in answer.text
    assert "Too many." in answer.text


def test_a_return_goes_through_both_sides_pages(client, sign_in, order, at):
    back = asked(order, order.delivered_at)
    as_firm(client, sign_in, order)
    assert "Return of" in client.get("/sell/returns").text or order.number in client.get("/sell/returns").text
    assert client.get(f"/sell/returns/{back}").status_code == 200
    assert client.post(f"/sell/returns/{back}/accept", data={"address": ""}).status_code == 422
    assert client.post(f"/sell/returns/{back}/accept", data={"address": "12 Kiln Road"}).status_code == 302
    sign_in(client, db.session.get_one(User, order.shopper_id))
    here = f"/me/orders/{order.number}/returns/{back}"
    assert "12 Kiln Road" in client.get(here).text
    assert client.post(f"{here}/sent", data={"carrier": "SF", "tracking": ""}).status_code == 422
    assert client.post(f"{here}/sent", data={"carrier": "SF", "tracking": "SF22"}).status_code == 302
    as_firm(client, sign_in, order)
    assert "SF22" in client.get(f"/sell/returns/{back}").text
    assert client.post(f"/sell/returns/{back}/received").status_code == 302
    assert client.post(f"/sell/returns/{back}/refund").status_code == 302
    assert client.post(f"/sell/returns/{back}/refund").status_code == 409
    assert db.session.get_one(Return, back).state == ReturnState.REFUNDED
    minute(order.delivered_at + DAY)
    sign_in(client, db.session.get_one(User, order.shopper_id))
    assert "Paid back" in client.get(f"/me/orders/{order.number}").text


def test_a_merchant_declines_with_words_or_replaces(client, sign_in, order):
    back = asked(order, order.delivered_at)
    as_firm(client, sign_in, order)
    assert (
        client.post(f"/sell/returns/{back}/replace", data={"carrier": "SF", "tracking": "SF4444"}).status_code
        == 409
    )
    assert client.post(f"/sell/returns/{back}/decline", data={"words": ""}).status_code == 422
    assert client.post(f"/sell/returns/{back}/decline", data={"words": "It was used."}).status_code == 302
    sign_in(client, db.session.get_one(User, order.shopper_id))
    page = client.get(f"/me/orders/{order.number}/returns/{back}")
    assert "It was used." in page.text
    assert "Open a dispute" in page.text


def test_a_dispute_goes_through_the_three_sides_pages(client, sign_in, make, order, at):
    sign_in(client, db.session.get_one(User, order.shopper_id))
    path = f"/me/orders/{order.number}/dispute"
    assert client.get(path).status_code == 200
    assert client.post(path, data={"cause": "not_received", "words": ""}).status_code == 422
    answer = client.post(path, data={"cause": "defective", "words": "It leaks.", "pictures": [picture()]})
    assert answer.status_code == 302
    dispute = db.session.scalars(select(Dispute)).one()
    here, id_ = answer.location, dispute.id
    assert "It leaks." in client.get(here).text
    assert client.post(path, data={"cause": "defective", "words": "Again."}).status_code == 409
    assert client.post(f"{here}/evidence", data={"words": "More."}).status_code == 302
    as_firm(client, sign_in, order)
    assert "It leaks." in client.get(f"/sell/disputes/{id_}").text
    assert client.post(f"/sell/disputes/{id_}/evidence", data={"words": ""}).status_code == 422
    assert client.post(f"/sell/disputes/{id_}/evidence", data={"words": "It was whole."}).status_code == 302
    sign_in(client, make.operator("Otto"))
    assert order.number in client.get("/ops/disputes").text
    page = client.get(f"/ops/disputes/{id_}").text
    assert all(words in page for words in ("It leaks.", "It was whole.", "Order: Delivered"))
    pack = client.get(f"/ops/disputes/{id_}/pack")
    assert pack.mimetype == "text/plain"
    assert "dispute.opened" in pack.text
    bad = {"ruling": "part", "amount": "", "words": "Half of it."}
    assert client.post(f"/ops/disputes/{id_}/rule", data=bad).status_code == 422
    too_much = {"ruling": "part", "amount": "99999", "words": "All of it and more."}
    assert client.post(f"/ops/disputes/{id_}/rule", data=too_much).status_code == 409
    good = {"ruling": "part", "amount": "100", "words": "A part of it."}
    assert client.post(f"/ops/disputes/{id_}/rule", data=good).status_code == 302
    assert client.post(f"/ops/disputes/{id_}/rule", data=good).status_code == 409
    assert [(r.amount, r.cause) for r in refunds()] == [(10000, RefundCause.DISPUTE)]
    sign_in(client, db.session.get_one(User, order.shopper_id))
    assert "A part of it." in client.get(here).text


def test_a_shopper_withdraws_a_dispute(as_shopper, order):
    opened = disputed(order, order.delivered_at)
    assert as_shopper.post(f"/me/orders/{order.number}/disputes/{opened}/withdraw").status_code == 302
    assert db.session.get_one(Dispute, opened).state == DisputeState.WITHDRAWN


def test_a_late_order_is_cancelled_by_its_shopper(client, sign_in, sold, at):
    [order] = sold()
    sign_in(client, db.session.get_one(User, order.shopper_id))
    at(order.ship_by)
    assert client.post(f"/me/orders/{order.number}/cancel").status_code == 409
    at(order.ship_by + 7 * DAY)
    assert "Cancel the order" in client.get(f"/me/orders/{order.number}").text
    assert client.post(f"/me/orders/{order.number}/cancel").status_code == 302
    assert db.session.get_one(Order, order.id).state == OrderState.CANCELLED


def test_a_merchant_pays_a_part_back_once_for_one_form(client, sign_in, order):
    as_firm(client, sign_in, order)
    path = f"/sell/orders/{order.number}/refund"
    assert client.get(path).status_code == 200
    assert client.post(path, data={"amount": "-5", "words": "Sorry.", "request_key": "a"}).status_code == 422
    for _twice in range(2):
        data = {"amount": "12.50", "words": "Sorry.", "request_key": "a"}
        assert client.post(path, data=data).status_code == 302
    assert [(r.amount, r.cause) for r in refunds()] == [(1250, RefundCause.GOODWILL)]
    data = {"amount": "99999", "words": "Sorry.", "request_key": "b"}
    assert client.post(path, data=data).status_code == 409


def test_a_merchant_says_that_goods_are_missing(client, sign_in, sold, at, now):
    one, two = sold(((1, "ok"), (1, "ok")))
    at(now)
    as_firm(client, sign_in, one)
    assert one.number in client.get(f"/sell/out-of-stock?order={one.number}").text
    assert client.post("/sell/out-of-stock", data={"words": "Broken kiln."}).status_code == 422
    assert (
        client.post("/sell/out-of-stock", data={"orders": ["999999"], "words": "Broken."}).status_code == 422
    )
    data = {"orders": [str(one.id)], "words": "Broken kiln."}
    assert client.post("/sell/out-of-stock", data=data).status_code == 302
    states = [db.session.get_one(Order, id_).state for id_ in (one.id, two.id)]
    assert states == [OrderState.CANCELLED, OrderState.PLACED]


def test_operators_see_what_is_under_way_and_ask_again(client, sign_in, make, sold, at, now):
    [order] = sold(((1, "refund_fails"),))
    at(now)
    sign_in(client, make.operator())
    assert "Nothing is under way" in client.get("/ops/unwinding").text
    with transaction():
        from c2b.orders.refunding import refund_order

        refund = refund_order(order.id, order.total, RefundCause.OUT_OF_STOCK, key="x", by=None, now=now)
    assert "within a minute" in client.get("/ops/unwinding").text
    minute(now)
    assert db.session.get_one(Refund, refund.id).state == RefundState.STUCK
    assert order.number in client.get("/ops/unwinding").text
    assert client.post(f"/ops/refunds/{refund.id}/again").status_code == 302
    assert client.post(f"/ops/refunds/{refund.id}/again").status_code == 409
    assert db.session.get_one(Refund, refund.id).state == RefundState.OWED


def test_strangers_see_nothing_of_it(client, sign_in, make, order):
    back, opened = asked(order, order.delivered_at), disputed(order, order.delivered_at)
    mine = [
        f"/me/orders/{order.number}/return", f"/me/orders/{order.number}/returns/{back}",
        f"/me/orders/{order.number}/dispute", f"/me/orders/{order.number}/disputes/{opened}",
    ]  # fmt: skip
    firms = [f"/sell/returns/{back}", f"/sell/disputes/{opened}", f"/sell/orders/{order.number}/refund"]
    ours = ["/ops/disputes", f"/ops/disputes/{opened}", f"/ops/disputes/{opened}/pack", "/ops/unwinding"]
    sign_in(client, make.shopper())
    assert {client.get(path).status_code for path in mine} == {404}
    assert {client.get(path).status_code for path in (*firms, *ours)} == {403}
    sign_in(client, db.session.get_one(User, make.merchant().staff[0].user_id))
    assert {client.get(path).status_code for path in firms} == {404}
    for path in (f"/sell/returns/{back}/refund", f"/sell/disputes/{opened}/evidence"):
        assert client.post(path, data={"words": "Mine."}).status_code == 404
    assert client.post(f"/ops/disputes/{opened}/rule").status_code == 403
    with client.session_transaction() as session:
        session.clear()
    assert {client.get(path).status_code for path in (*mine, *firms, *ours)} == {302}


def test_evidence_after_the_time_is_refused_on_the_page(client, sign_in, order, at):
    opened = disputed(order, order.delivered_at)
    with transaction():
        hand_in(opened, Party.MERCHANT, "Whole.", [], by=owner_of(order), now=order.delivered_at)
    at(order.delivered_at + 3 * DAY)
    as_firm(client, sign_in, order)
    assert client.post(f"/sell/disputes/{opened}/evidence", data={"words": "Late."}).status_code == 409
    assert len(db.session.scalars(select(Evidence)).all()) == 2
