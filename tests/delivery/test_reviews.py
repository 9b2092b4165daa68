"""Reviews: by buyers alone, once, changeable for a month, answered once, taken down with a reason."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image

from c2b.accounts.models import User
from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused
from c2b.orders.models import Order, Review
from c2b.orders.reviews import Words, answer_review, hide_review, review_of, standing, write_review
from c2b.orders.shipping import receive_order, ship_order
from c2b.payments import windows
from jobs import ask_for_reviews
from tests.delivery.conftest import Sold, owner, shopper, told
from tests.factories import Make

SignIn = Callable[[FlaskClient, User], None]
Clock = Callable[[datetime], None]
DAY = timedelta(days=1)
GOOD = Words(5, "Very good.", [])


@pytest.fixture
def had(sold: Sold, now: datetime) -> Order:
    """An order that has come."""
    [order] = sold(1)
    with transaction():
        ship_order(order.id, "SF", "1", merchant_id=order.merchant_id, by=owner(order).id, now=now)
    with transaction():
        receive_order(order.id, by=order.shopper_id, now=now)
    return order


def write(order: Order, said: Words, now: datetime) -> Review:
    with transaction():
        return write_review(order.id, said, by=order.shopper_id, now=now)


def test_only_the_buyer_reviews_and_only_what_has_come(sold: Sold, now: datetime) -> None:
    [order] = sold(1)
    with pytest.raises(Refused, match="when you have it"):
        write(order, GOOD, now)
    with pytest.raises(NotFound):
        write_review(order.id, GOOD, by=owner(order).id, now=now)
    db.session.rollback()


def test_there_is_one_review_for_an_order_and_it_changes_for_a_month(had: Order, now: datetime) -> None:
    write(had, GOOD, now)
    write(had, Words(2, "It broke.", []), now + 29 * DAY)
    review = review_of(had.id)
    assert review is not None
    assert (review.stars, review.words, review.at, review.changed_at) == (2, "It broke.", now, now + 29 * DAY)
    with pytest.raises(Refused, match="time to change"):
        write(had, GOOD, now + windows.REVIEW_CHANGES)


def test_the_merchant_answers_once_and_only_about_its_own(had: Order, now: datetime) -> None:
    review = write(had, GOOD, now)
    firm, by = had.merchant_id, owner(had).id
    with pytest.raises(NotFound):
        answer_review(review.id, "Thanks", merchant_id=firm + 1, by=by, now=now)
    with transaction():
        answer_review(review.id, "Thanks", merchant_id=firm, by=by, now=now)
    with pytest.raises(Refused, match="answered this review already"), transaction():
        answer_review(review.id, "Again", merchant_id=firm, by=by, now=now)


def test_what_is_taken_down_counts_no_more_and_its_writer_is_told_why(
    had: Order, make: Make, now: datetime
) -> None:
    review = write(had, GOOD, now)
    of_it = Review.merchant_id == had.merchant_id
    found = standing(of_it)
    assert found is not None
    assert (found.count, found.average) == (1, 5.0)
    by = make.operator().id
    for _time in range(2):
        with transaction():
            hide_review(review.id, "It names a person.", by=by, now=now)
    assert standing(of_it) is None
    assert [notice.data["reason"] for notice in told("review_hidden")] == ["It names a person."]
    with pytest.raises(Refused, match="taken down"):
        write(had, GOOD, now)


def test_buyers_are_asked_once_a_week_after_the_delivery_unless_they_have_reviewed(
    had: Order, now: datetime
) -> None:
    assert ask_for_reviews.run(now + 7 * DAY - timedelta(seconds=1))["done"] == 0
    assert ask_for_reviews.run(now + 7 * DAY)["done"] == 1
    assert ask_for_reviews.run(now + 8 * DAY)["done"] == 0
    assert [notice.user_id for notice in told("review_asked")] == [had.shopper_id]


def test_who_has_reviewed_is_not_asked_nor_who_had_it_long_ago(had: Order, now: datetime) -> None:
    assert ask_for_reviews.run(now + windows.REVIEW_CHANGES)["done"] == 0
    write(had, GOOD, now)
    assert ask_for_reviews.run(now + 7 * DAY)["done"] == 0


def picture() -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    out.seek(0)
    return out


def test_a_review_with_pictures_is_written_changed_answered_and_seen_by_everybody(
    had: Order, client: FlaskClient, sign_in: SignIn, at: Clock
) -> None:
    from c2b.campaigns.models import Campaign
    from c2b.merchants.models import Merchant

    number = had.number
    slug = db.session.get_one(Campaign, had.campaign_id).slug
    firm = db.session.get_one(Merchant, had.merchant_id).slug
    sign_in(client, shopper(had))
    page = f"/me/orders/{number}/review"
    assert "Write a review" in client.get(f"/me/orders/{number}").text
    assert client.post(page, data={}).status_code == 422
    assert client.post(page, data={"stars": "6", "words": "x"}).status_code == 422
    sent = {"stars": "4", "words": "Keeps <b>warm</b>.", "pictures": (picture(), "a.png")}
    assert client.post(page, data=sent, content_type="multipart/form-data").status_code == 302
    again = client.get(page).text
    assert "Keeps &lt;b&gt;warm" in again
    kept = again.split('name="pictures-kept" value="')[1].split('"')[0]
    changed = {"stars": "3", "words": "Keeps warm.", "pictures-kept": kept}
    assert client.post(page, data=changed).status_code == 302
    review = review_of(had.id)
    assert review is not None
    assert (review.stars, len(review.pictures)) == (3, 1)
    number_of = review.id

    sign_in(client, owner(had))
    assert "Keeps warm." in client.get("/sell/reviews").text
    assert client.post(f"/sell/reviews/{number_of}", data={}).status_code == 422
    assert client.post(f"/sell/reviews/{number_of}", data={"answer": "Thank you!"}).status_code == 302
    assert client.post(f"/sell/reviews/{number_of}", data={"answer": "Again"}).status_code == 409
    with client.session_transaction() as session:
        session.clear()
    for address in (f"/m/{firm}", f"/c/{slug}/result"):
        text = client.get(address).text
        assert "Keeps warm." in text, address
        assert "Thank you!" in text, address


def test_operators_take_reviews_down_and_put_them_back(
    had: Order, client: FlaskClient, sign_in: SignIn, make: Make, at: Clock, now: datetime
) -> None:
    review = write(had, Words(1, "Call 555-1234 for a better price", []), now)
    id_ = review.id
    sign_in(client, make.operator())
    assert "555-1234" in client.get("/ops/reviews").text
    assert client.post(f"/ops/reviews/{id_}/hide", data={"reason": ""}).status_code == 422
    assert client.post(f"/ops/reviews/{id_}/hide", data={"reason": "An advertisement."}).status_code == 302
    assert standing(Review.id == id_) is None
    db.session.rollback()
    assert client.post(f"/ops/reviews/{id_}/show").status_code == 302
    assert standing(Review.id == id_) is not None
    db.session.rollback()
    assert client.post(f"/ops/reviews/{id_ + 9}/show").status_code == 404
    sign_in(client, shopper(had))
    assert client.get("/ops/reviews").status_code == 403
    assert client.post(f"/ops/reviews/{id_}/hide", data={"reason": "x"}).status_code == 403
