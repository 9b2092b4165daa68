"""The pages after a sale, as shoppers and firms see them."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask.testing import FlaskClient

from c2b.accounts.models import User
from c2b.core.db import db
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from jobs import expire_vouchers, issue_vouchers, tell_late_orders
from tests.delivery.conftest import Sold, again, codes, owner, parcels, shopper
from tests.delivery.test_papers import slug_of
from tests.factories import Make
from tests.forgetting import forget_kept

SignIn = Callable[[FlaskClient, User], None]
Clock = Callable[[datetime], None]
DAY = timedelta(days=1)


def test_a_firm_sends_marks_and_replaces_parcels_and_the_shopper_follows(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock, now: datetime
) -> None:
    [order] = sold(2)
    firms, mine = f"/sell/orders/{order.number}", f"/me/orders/{order.number}"
    sign_in(client, owner(order))
    assert "Mark as sent" in client.get(firms).text
    for bad in ({}, {"carrier": "SF Express"}, {"carrier": "SF Express", "tracking": "号码"}):
        assert client.post(f"{firms}/parcels", data=bad).status_code == 422
    for number in ("SF1", "SF2"):
        sent = client.post(f"{firms}/parcels", data={"carrier": "SF Express", "tracking": number})
        assert sent.status_code == 302
    first, second = (parcel.id for parcel in parcels(order))
    assert client.post(f"{firms}/parcels/{first}", data={"state": "delivered"}).status_code == 409
    assert client.post(f"{firms}/parcels/{first}", data={"state": "lost"}).status_code == 302
    assert client.post(f"{firms}/parcels/{first}", data={"state": "moving"}).status_code == 409
    assert client.post(f"{firms}/parcels/999", data={"state": "lost"}).status_code == 404
    assert "A parcel was lost" in client.get(firms).text
    assert order.number in client.get("/sell/orders?state=shipped").text

    sign_in(client, shopper(order))
    page = client.get(mine).text
    assert "A parcel was lost" in page
    assert "waybill-detail/SF2" in page
    assert "Parcel lost" in client.get("/me/orders").text
    assert client.post(f"{mine}/parcels/{second}/received").status_code == 302
    assert client.post(f"{mine}/parcels/{second}/received").status_code == 409
    assert client.post(f"{mine}/parcels/999/received").status_code == 404
    assert again(order).state == OrderState.SHIPPED
    assert client.post(f"{mine}/received").status_code == 302
    assert again(order).state == OrderState.DELIVERED
    assert "How is it?" in client.get(mine).text


def test_late_orders_stand_out_for_both_sides(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock
) -> None:
    [order] = sold(1)
    tell_late_orders.run(order.ship_by)
    at(order.ship_by + DAY)
    sign_in(client, owner(order))
    assert "1 order is overdue" in client.get("/sell/orders").text
    assert "1 order is overdue" in client.get(f"/sell/c/{slug_of(order)}").text
    assert "This order is overdue" in client.get(f"/sell/orders/{order.number}").text
    sign_in(client, shopper(order))
    assert "your money goes back by itself" in client.get(f"/me/orders/{order.number}").text
    assert "Was promised for" in client.get("/me/orders").text


def test_what_is_collected_is_made_ready_shown_and_taken_at_the_till(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock, now: datetime
) -> None:
    one, two = sold(1, 2, fulfilment="collected")
    sale = f"/sell/c/{slug_of(one)}"
    sign_in(client, owner(one))
    assert two.number in client.get(sale).text
    ready = f"{sale}/ready"
    assert client.post(ready, data={"order": str(two.id)}).status_code == 422
    assert "at least one order" in client.post(ready, data={"where": "Hall 3"}).text
    assert client.post(ready, data={"where": "Hall 3", "order": ["x", str(two.id)]}).status_code == 302
    assert (again(one).state, again(two).state) == (OrderState.PLACED, OrderState.READY)
    code = codes(two)[0].code

    sign_in(client, shopper(two))
    assert "Hall 3" in client.get(f"/me/orders/{two.number}").text
    page = client.get(f"/me/orders/{two.number}/codes").text
    assert f"{code[:5]}-{code[5:]}" in page
    assert "<svg" in page
    assert client.get(f"/me/orders/{one.number}/codes").status_code == 404

    sign_in(client, owner(one))
    assert code not in client.get(f"/sell/orders/{two.number}").text
    till = "/sell/redeem"
    assert client.get(till).status_code == 200
    assert client.post(till, data={}).status_code == 422
    assert "No order of yours" in client.post(till, data={"code": "ABCDE23456"}).text
    looked = client.post(till, data={"code": f"{code[:5].lower()} {code[5:]}"})
    assert looked.status_code == 200
    assert "This code is good" in looked.text
    assert again(two).state == OrderState.READY
    assert client.post(till, data={"code": code, "take": "1"}).status_code == 302
    assert again(two).state == OrderState.DELIVERED
    second = client.post(till, data={"code": code, "take": "1"})
    assert second.status_code == 409
    assert "It was used on" in second.text


def test_guessing_codes_is_slowed_down(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock, now: datetime
) -> None:
    [order] = sold(1, fulfilment="voucher")
    issue_vouchers.run(now)
    code = codes(order)[0].code
    sign_in(client, owner(order))
    for n in range(30):
        assert client.post("/sell/redeem", data={"code": f"WRONG{n:05}"}).status_code == 422
    slowed = client.post("/sell/redeem", data={"code": code})
    assert "Too many codes were wrong" in slowed.text
    at(now + timedelta(minutes=16))
    assert "This code is good" in client.post("/sell/redeem", data={"code": code}).text


def test_vouchers_are_shown_with_their_end_and_refused_after_it(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock, now: datetime
) -> None:
    [order] = sold(2, fulfilment="voucher")
    sign_in(client, shopper(order))
    assert "in a few minutes" in client.get(f"/me/orders/{order.number}").text
    issue_vouchers.run(now)
    assert "2 vouchers to use" in client.get(f"/me/orders/{order.number}").text
    end = codes(order)[0].valid_until
    assert end is not None
    expire_vouchers.run(end)
    at(end)
    assert "Expired" in client.get(f"/me/orders/{order.number}/codes").text
    sign_in(client, owner(order))
    refused = client.post("/sell/redeem", data={"code": codes(order)[0].code, "take": "1"})
    assert (refused.status_code, "no longer valid" in refused.text) == (409, True)


def test_the_receipt_names_merchant_card_and_amounts_and_is_the_buyers_alone(
    sold: Sold, client: FlaskClient, sign_in: SignIn, make: Make, at: Clock
) -> None:
    [order] = sold(2)
    page = f"/me/orders/{order.number}/receipt"
    sign_in(client, shopper(order))
    text = client.get(page).text
    for word in ("Visa ending 4242", order.number, "¥518.00" if "¥518.00" in text else "¥518"):
        assert word in text
    sign_in(client, make.user())
    for address in (page, page.replace("receipt", "codes"), page.replace("receipt", "review")):
        assert client.get(address).status_code == 404


def test_the_firms_pages_are_for_merchants(
    sold: Sold, client: FlaskClient, sign_in: SignIn, make: Make, at: Clock
) -> None:
    [order] = sold(1)
    sign_in(client, make.user())
    for address in (
        f"/sell/orders/{order.number}",
        "/sell/redeem",
        "/sell/reviews",
        f"/sell/c/{slug_of(order)}",
    ):
        assert client.get(address).status_code == 403
    other = make.merchant()
    sign_in(client, db.session.get_one(User, other.staff[0].user_id))
    assert client.get(f"/sell/orders/{order.number}").status_code == 404
    sent = client.post(f"/sell/orders/{order.number}/parcels", data={"carrier": "X", "tracking": "1"})
    assert sent.status_code == 404


def test_before_anybody_joins_a_voucher_says_how_long_it_lasts(client: FlaskClient, make: Make) -> None:
    voucher = make.campaign(fulfilment="voucher", slug="night")
    parcel = make.campaign(slug="pot")
    assert "90 days" in client.get(f"/c/{voucher.slug}").text
    assert "90 days" not in client.get(f"/c/{parcel.slug}").text


def test_the_list_of_orders_asks_as_often_for_many_as_for_one(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock
) -> None:
    from sqlalchemy import event

    orders: list[Order] = sold(1, 1, 1, 1, 1, 1)
    asked = [0]

    def count(*_what: object) -> None:
        asked[-1] += 1

    sign_in(client, owner(orders[0]))
    event.listen(db.engine, "before_cursor_execute", count)
    try:
        for ids in ([orders[0].id], [order.id for order in orders[1:]]):
            fields = {f"tracking_{id_}": f"T{id_}" for id_ in ids}
            assert client.post("/sell/orders", data={"carrier": "SF Express", **fields}).status_code == 302
            asked.append(0)
            forget_kept(client.application)
            client.get("/sell/orders?state=shipped")
            asked.append(0)
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert asked[1] == asked[3]
