"""The pages after a launch, as shoppers, firms and operators see them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.core.outbox import Notice
from c2b.merchants.models import MerchantStaff
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.orders.telling import pay_path
from c2b.payments.gateway import NoAnswer
from c2b.payments.gateways.sandbox import Sandbox
from c2b.pipeline.models import Launch, Offer
from jobs import deliver_orders, remind_cards
from tests.factories import Make
from tests.orders.conftest import campaign_of, pledges_of, run_jobs

Launches = Callable[..., Launch]
SignIn = Callable[[FlaskClient, User], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[[datetime], None]:
    """Set the clock of the pages."""

    def turn(moment: datetime) -> None:
        for module in (
            "c2b.orders.views",
            "c2b.orders.firm_views",
            "c2b.orders.launch_views",
            "c2b.payments.views",
        ):
            monkeypatch.setattr(f"{module}.utcnow", lambda: moment)

    turn(now)
    return turn


def link_of_mail(kind: str = "card_failed") -> str:
    notice = db.session.scalars(select(Notice).where(Notice.kind == kind)).one()
    path = pay_path(notice.data["pledge"], notice.created_at)
    assert path.split("/")[-1] not in str(
        notice.data
    )  # the link is a key: it is signed when the mail is written
    db.session.rollback()
    return path


def test_a_failed_card_is_mended_without_signing_in(
    launch: Launches, client: FlaskClient, now: datetime, at: Callable[[datetime], None]
) -> None:
    it = launch([(2, "ok"), (1, "insufficient_funds")])
    run_jobs(now)
    path = link_of_mail()
    page = client.get(path)
    assert page.status_code == 200
    assert "not enough money" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert client.post(path, data={}).status_code in (302, 422)

    provider = client.get(f"{path}/add").location
    back = client.post(provider, data={"card": "ok"}).location
    assert client.get(back).location == path
    newest = client.get(path).text
    assert "4242" in newest
    pledge = pledges_of(it)[1]
    from c2b.payments.queries import live_mandates

    card = str(live_mandates(pledge.shopper_id)[0].id)
    assert client.post(path, data={"card": card}).location == path
    assert "Your card is in order" in client.get(path).text
    run_jobs(now + timedelta(minutes=1))
    assert "order is placed" in client.get(path).text
    assert {p.state for p in pledges_of(it)} == {PledgeState.ORDERED}


def test_a_card_that_fails_again_keeps_the_page_and_says_so(
    launch: Launches, client: FlaskClient, now: datetime, at: Callable[[datetime], None]
) -> None:
    it = launch([(2, "ok"), (1, "declined")])
    run_jobs(now)
    path, card = link_of_mail(), str(pledges_of(it)[1].mandate_id)
    answer = client.post(path, data={"card": card}, follow_redirects=True)
    assert "did not work either" in answer.text
    assert "said no" in answer.text
    assert client.post(path, data={"card": "999999"}).status_code == 422


def test_a_payment_is_confirmed_with_the_bank(
    launch: Launches, client: FlaskClient, now: datetime, at: Callable[[datetime], None]
) -> None:
    it = launch([(2, "ok"), (1, "needs_confirmation")])
    run_jobs(now)
    path = link_of_mail()
    page = client.get(path).text
    assert "Confirm with your bank" in page
    bank = page.split('href="/sandbox/confirm/')[1].split('"')[0].replace("&amp;", "&")
    assert "wants to hold" in client.get(f"/sandbox/confirm/{bank}").text
    back = client.post(f"/sandbox/confirm/{bank}", data={"answer": "yes"}).location
    assert client.get(back).location == path
    assert "Your card is in order" in client.get(path).text
    run_jobs(now)
    assert {p.state for p in pledges_of(it)} == {PledgeState.ORDERED}


@pytest.mark.parametrize("card", ["needs_confirmation", "insufficient_funds"])
def test_while_the_provider_is_silent_the_page_is_there_and_it_can_be_tried_later(
    launch: Launches, client: FlaskClient, at: Callable[[datetime], None], now: datetime, card: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    launch([(2, "ok"), (1, card)])
    run_jobs(now)
    path = link_of_mail()
    there = client.get(f"{path}/add").location
    with monkeypatch.context() as patch:
        for verb in ("confirm_address", "start_setup", "finish_setup"):
            patch.setattr(Sandbox, verb, silence)
        page = client.get(path)
        assert (page.status_code, "You have until" in page.text) == (200, True)
        assert ("does not answer" in page.text) == (card == "needs_confirmation")
        for step in ("add", "returned"):
            assert client.get(f"{path}/{step}").location == path
            assert "does not answer" in client.get(path).text
    back = client.post(there, data={"card": "ok"}).location  # the visit that was begun is not lost
    assert "is saved" in client.get(back, follow_redirects=True).text


def silence(*_asked: object) -> None:
    raise NoAnswer


def test_who_refuses_at_the_bank_can_use_another_card(
    launch: Launches, client: FlaskClient, now: datetime, at: Callable[[datetime], None]
) -> None:
    launch([(2, "ok"), (1, "needs_confirmation")])
    run_jobs(now)
    path = link_of_mail()
    bank = client.get(path).text.split('href="/sandbox/confirm/')[1].split('"')[0].replace("&amp;", "&")
    client.get(client.post(f"/sandbox/confirm/{bank}", data={"answer": "no"}).location)
    assert "The payment was not confirmed" in client.get(path).text


def test_the_page_says_when_the_time_is_over(
    launch: Launches, client: FlaskClient, now: datetime, at: Callable[[datetime], None]
) -> None:
    it = launch([(2, "ok"), (1, "declined")])
    run_jobs(now)
    path, card, until = link_of_mail(), str(pledges_of(it)[1].mandate_id), it.mend_until
    at(until)
    assert "The time to pay is over" in client.get(path).text
    late = client.post(path, data={"card": card})
    assert late.status_code == 409
    run_jobs(until)
    assert "Nothing was charged" in client.get(path).text


def test_a_link_that_was_changed_or_made_for_something_else_is_not_found(
    launch: Launches, client: FlaskClient, now: datetime
) -> None:
    from c2b.accounts.tokens import sign

    it = launch()
    path = pay_path(pledges_of(it)[0].id, now)
    assert client.get(path + "x").status_code == 404
    assert client.get(f"/pay/{sign('reset', 1, now=now)}").status_code == 404
    assert client.get("/pay/%00").status_code == 404


def test_the_way_to_the_pay_page_from_ones_own_list_is_for_the_owner(
    launch: Launches, client: FlaskClient, make: Make, sign_in: SignIn, now: datetime
) -> None:
    it = launch()
    pledge_id, owner = pledges_of(it)[0].id, db.session.get_one(User, pledges_of(it)[0].shopper_id)
    sign_in(client, owner)
    assert client.get(f"/me/pay/{pledge_id}").location.startswith("/pay/")
    assert client.get(f"/me/pay/{10**30}").status_code == 404
    sign_in(client, make.user())
    assert client.get(f"/me/pay/{pledge_id}").status_code == 404


def test_people_are_reminded_every_two_days_until_the_card_is_mended(launch: Launches, now: datetime) -> None:
    it = launch([(2, "ok"), (1, "declined"), (1, "needs_confirmation")])
    run_jobs(now)

    def reminded(moment: datetime) -> int:
        remind_cards.run(moment)
        return len(db.session.scalars(select(Notice).where(Notice.kind == "card_reminder")).all())

    assert reminded(now + timedelta(hours=47)) == 0
    assert reminded(now + timedelta(hours=48)) == 2
    assert reminded(now + timedelta(hours=95)) == 2
    assert reminded(it.mend_until) == 2


def test_a_shopper_sees_their_orders_and_nobody_elses(
    launch: Launches, client: FlaskClient, make: Make, sign_in: SignIn, now: datetime
) -> None:
    launch()
    run_jobs(now)
    orders = db.session.scalars(select(Order).order_by(Order.id)).all()
    mine, other = orders[0].number, orders[1].number
    sign_in(client, db.session.get_one(User, orders[0].shopper_id))
    assert mine in client.get("/me/orders").text
    assert "Price for everyone" in client.get(f"/me/orders/{mine}").text
    assert client.get(f"/me/orders/{other}").status_code == 404
    assert client.get("/me/orders/%00").status_code == 404


def owner_of(it: Launch) -> User:
    staff = db.session.scalars(
        select(MerchantStaff.user_id).join(Offer, Offer.merchant_id == MerchantStaff.merchant_id)
        .where(Offer.id == it.offer_id)
    ).one()  # fmt: skip
    return db.session.get_one(User, staff)


def test_a_firm_marks_orders_as_sent_and_the_shopper_has_them(
    launch: Launches, client: FlaskClient, sign_in: SignIn, now: datetime, at: Callable[[datetime], None]
) -> None:
    it = launch()
    run_jobs(now)
    first, second, *_rest = db.session.scalars(select(Order.id).order_by(Order.id)).all()
    sign_in(client, owner_of(it))
    assert client.get("/sell/orders").status_code == 200
    nothing = client.post("/sell/orders", data={"carrier": "SF Express"})
    assert nothing.status_code == 422
    assert "at least one tracking number" in nothing.text
    no_carrier = client.post("/sell/orders", data={f"tracking_{first}": "SF1"})
    assert no_carrier.status_code == 422
    assert "SF1" in no_carrier.text
    sent = {"carrier": "SF Express", f"tracking_{first}": "SF1", f"tracking_{second}": "SF2"}
    assert client.post("/sell/orders", data=sent).status_code == 302
    assert "SF1" in client.get("/sell/orders?state=shipped").text
    assert len(db.session.scalars(select(Notice).where(Notice.kind == "order_shipped")).all()) == 2

    order = db.session.get_one(Order, first)
    number, shopper = order.number, db.session.get_one(User, order.shopper_id)
    sign_in(client, shopper)
    assert "tracking number SF1" in client.get(f"/me/orders/{number}").text
    assert client.post(f"/me/orders/{number}/received").status_code == 302
    assert client.post(f"/me/orders/{number}/received").status_code == 409
    db.session.expire_all()
    assert db.session.get_one(Order, first).state == OrderState.DELIVERED
    deliver_orders.run(now + timedelta(days=14))
    db.session.expire_all()
    assert db.session.get_one(Order, second).state == OrderState.DELIVERED


def test_a_firm_sees_only_its_own_orders(
    launch: Launches, client: FlaskClient, make: Make, sign_in: SignIn, now: datetime
) -> None:
    launch()
    run_jobs(now)
    order = db.session.scalars(select(Order).order_by(Order.id)).first()
    assert order is not None
    other = make.merchant()
    sign_in(client, db.session.get_one(User, other.staff[0].user_id))
    assert order.number not in client.get("/sell/orders").text
    client.post("/sell/orders", data={"carrier": "X", f"tracking_{order.id}": "1"})
    db.session.expire_all()
    assert db.session.get_one(Order, order.id).state == OrderState.PLACED


def test_operators_see_how_far_a_launch_is(
    launch: Launches, client: FlaskClient, make: Make, sign_in: SignIn, now: datetime
) -> None:
    it = launch([(2, "ok"), (1, "declined"), (1, "needs_confirmation"), (1, "answer_lost")])
    run_jobs(now)
    launch_id = it.id
    title = campaign_of(it).title
    sign_in(client, make.operator())
    assert title in client.get(f"/ops/launches?q={title[:4]}&state={it.state}").text
    assert "No launch yet" in client.get("/ops/launches?q=nothing+like+it").text
    assert title in client.get("/ops/launches?format=csv&sort=units").get_data(as_text=True)
    page = client.get(f"/ops/launches/{launch_id}")
    assert page.status_code == 200
    assert "Under way now" in page.text
    assert "authorise-" in page.text
    assert "Answer not known" in page.text
    assert client.get(f"/ops/launches/{launch_id + 99}").status_code == 404
    assert client.get("/ops/launches?page=no").status_code == 200
    run_jobs(now + timedelta(minutes=11))  # nothing is under way in the window
    assert client.get("/ops/launches").status_code == 200
    assert "Under way now" not in client.get(f"/ops/launches/{launch_id}").text
    run_jobs(it.mend_until)
    assert client.get(f"/ops/launches/{launch_id}").status_code == 200


def test_the_pages_are_for_those_they_are_meant_for(
    launch: Launches, client: FlaskClient, make: Make, sign_in: SignIn, now: datetime
) -> None:
    launch_id = launch().id
    sign_in(client, make.user())
    codes: list[Any] = [
        client.get(path).status_code
        for path in ("/ops/launches", f"/ops/launches/{launch_id}", "/sell/orders")
    ]
    assert codes == [403, 403, 403]
