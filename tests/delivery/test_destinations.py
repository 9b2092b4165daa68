"""An order goes to an address that the shopper names, also after the sale, until it is sent."""

from datetime import timedelta

import pytest

from c2b.accounts.addresses import Place, add_address
from c2b.accounts.models import User
from c2b.campaigns.models import Pledge
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused
from c2b.orders.destinations import destination_of, send_to
from c2b.orders.shipping import ship_order
from tests.delivery.conftest import again


def place() -> Place:
    return Place(
        name="Mei Lin",
        line="1 Lake Road",
        city="Hangzhou",
        postcode="310000",
        region="CN",
        phone="+86 10 123",
    )


def test_who_joined_without_an_address_names_one_on_the_orders_page(sold, at, client, sign_in, now):
    (order,) = sold(2)
    shopper_id, number = order.shopper_id, order.number
    sign_in(client, db.session.get_one(User, shopper_id))
    assert "The merchant needs an address" in client.get(f"/me/orders/{number}").text
    address_id = add_address(shopper_id, place(), now=now).id
    db.session.commit()

    nothing = client.post(f"/me/orders/{number}/address", data={"address": "x"})
    assert nothing.status_code == 422
    client.post(f"/me/orders/{number}/address", data={"address": address_id})

    page = client.get(f"/me/orders/{number}").text
    assert "1 Lake Road" in page
    assert "The merchant needs an address" not in page
    assert db.session.get_one(Pledge, again(order).pledge_id).address_id == address_id


def test_an_address_that_is_added_from_the_order_is_where_it_goes(sold, client, sign_in, make, now):
    (order,) = sold(1)
    shopper_id, url = order.shopper_id, f"/me/orders/{order.number}/address/new"
    sign_in(client, db.session.get_one(User, shopper_id))
    assert url in client.get(f"/me/orders/{order.number}").text
    typed = {
        "name": "Mei Lin",
        "phone": "+86 10 123",
        "region": "CN",
        "city": "Hangzhou",
        "line": "1 Lake Road",
    }
    assert client.post(url, data=typed | {"phone": "call me"}).status_code == 422
    page = client.post(url, data=typed, follow_redirects=True).text
    assert "1 Lake Road" in page and "Nowhere yet" not in page
    assert destination_of(again(order)).city == "Hangzhou"
    sign_in(client, make.user("Stranger"))
    assert client.get(url).status_code == 404


def test_only_the_owner_changes_it_to_an_own_address_and_only_until_it_is_sent(sold, make, now):
    (order,) = sold(1)
    order_id, shopper_id, merchant_id = order.id, order.shopper_id, order.merchant_id
    stranger = make.user("Stranger").id
    mine, theirs = add_address(shopper_id, place(), now=now).id, add_address(stranger, place(), now=now).id
    db.session.commit()
    with pytest.raises(NotFound):
        send_to(order_id, theirs, by=stranger, now=now)
    db.session.rollback()
    with pytest.raises(NotFound):
        send_to(order_id, theirs, by=shopper_id, now=now)
    db.session.rollback()
    send_to(order_id, mine, by=shopper_id, now=now)
    db.session.commit()
    found = destination_of(again(order))
    assert found is not None
    assert found.id == mine

    ship_order(order_id, "SF", "SF1", merchant_id=merchant_id, by=stranger, now=now + timedelta(hours=1))
    db.session.commit()
    with pytest.raises(Refused, match="cannot be changed"):
        send_to(order_id, mine, by=shopper_id, now=now)
    db.session.rollback()
