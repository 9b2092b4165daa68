"""What a launch left over is sold at the group price, and never oversold."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import PledgeRequest
from c2b.campaigns.states import PledgeState
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Notice
from c2b.orders.leftovers import buy_leftover
from c2b.orders.models import Order
from c2b.payments.queries import live_mandates
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from tests.factories import Make
from tests.orders.conftest import campaign_of, pledges_of, run_jobs, sandbox

Launches = Callable[..., Launch]


@pytest.fixture
def sale(launch: Launches, now: datetime) -> Launch:
    """A launch with 10 units ordered of 15."""
    it = launch(maximum=15)
    run_jobs(now)
    assert (campaign_of(it).state, it.state, it.leftover) == ("live", LaunchState.SELLING, 5)
    return it


@pytest.fixture
def wish(make: Make, sale: Launch) -> Callable[..., PledgeRequest]:
    """Somebody who wants some of the rest."""

    def build(quantity: int, card: str = "ok", **more: object) -> PledgeRequest:
        person = make.user("Late")
        mandate = make.mandate(person, card)
        campaign = db.session.get_one(Campaign, sale.campaign_id)
        return PledgeRequest(
            shopper_id=person.id, quantity=quantity, ceiling=25900, mandate_id=mandate.id,
            terms=terms_hash(campaign), **more,  # type: ignore[arg-type]
        )  # fmt: skip

    return build


def buy(sale: Launch, request: PledgeRequest, now: datetime) -> int:
    campaign_id = sale.campaign_id
    with transaction():
        return buy_leftover(campaign_id, request, now=now).id


def test_a_purchase_is_charged_and_becomes_an_order(sale: Launch, wish, now: datetime) -> None:  # type: ignore[no-untyped-def]
    pledge = buy(sale, wish(3), now)
    assert sale.leftover == 2
    run_jobs(now)
    order = db.session.scalars(select(Order).where(Order.pledge_id == pledge)).one()
    assert (order.quantity, order.unit_price, order.total) == (3, 25900, 77700)


def test_nobody_can_buy_more_than_is_left(sale: Launch, wish, now: datetime) -> None:  # type: ignore[no-untyped-def]
    buy(sale, wish(3), now)
    with pytest.raises(Refused, match="Only 2 are left"):
        buy(sale, wish(3), now)
    buy(sale, wish(2), now)
    with pytest.raises(Refused, match="Everything is sold"):
        buy(sale, wish(1), now)


@pytest.mark.parametrize("card", ["declined", "capture_fails"])
def test_a_card_that_fails_gives_the_units_back_at_once(sale: Launch, wish, now: datetime, card: str) -> None:  # type: ignore[no-untyped-def]
    pledge = buy(sale, wish(3, card), now)
    run_jobs(now)
    assert pledges_of(sale)[-1].id == pledge
    assert pledges_of(sale)[-1].state == PledgeState.DROPPED
    assert sale.leftover == 5
    assert db.session.scalars(select(Notice.kind).where(Notice.kind == "pledge_dropped")).all()


def test_a_purchase_that_nobody_confirms_gives_the_units_back(sale: Launch, wish, now: datetime) -> None:  # type: ignore[no-untyped-def]
    buy(sale, wish(3, "needs_confirmation"), now)
    run_jobs(now)
    run_jobs(now + timedelta(minutes=10))
    assert (campaign_of(sale) and sale.leftover, pledges_of(sale)[-1].state) == (2, PledgeState.ALLOCATED)
    run_jobs(now + timedelta(minutes=31))
    assert (campaign_of(sale) and sale.leftover, pledges_of(sale)[-1].state) == (5, PledgeState.DROPPED)
    assert [hold["state"] for hold in sandbox().holds() if hold["amount"] == 77700] == ["void"]


def test_a_purchase_sent_twice_is_bought_once(sale: Launch, wish, now: datetime) -> None:  # type: ignore[no-untyped-def]
    request = wish(3, request_key="x:1")
    assert buy(sale, request, now) == buy(sale, request, now)
    assert campaign_of(sale) and sale.leftover == 2


def test_who_has_ordered_cannot_buy_again_and_takes_nothing(sale: Launch, wish, now: datetime) -> None:  # type: ignore[no-untyped-def]
    first = wish(1)
    buy(sale, first, now)
    with pytest.raises(Refused, match="already"):
        buy(sale, first, now)
    assert campaign_of(sale) and sale.leftover == 4


def test_nothing_is_sold_after_the_sale(sale: Launch, wish, now: datetime) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused, match="over"):
        buy(sale, wish(1), sale.closes_at)


def test_a_purchase_in_the_last_minute_is_still_resolved(sale: Launch, wish, now: datetime) -> None:  # type: ignore[no-untyped-def]
    last = sale.closes_at - timedelta(minutes=1)
    buy(sale, wish(2), last)
    buy(sale, wish(1, "needs_confirmation"), last)
    run_jobs(last)
    run_jobs(sale.closes_at)
    assert campaign_of(sale).state == "completed"
    assert [p.state for p in pledges_of(sale)[-2:]] == [PledgeState.ORDERED, PledgeState.DROPPED]


def test_the_sale_is_on_the_campaigns_page_and_can_be_bought_there(
    sale: Launch, client, make: Make, sign_in, now, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("c2b.orders.views.utcnow", lambda: now)
    monkeypatch.setattr("c2b.campaigns.views.utcnow", lambda: now)
    slug = campaign_of(sale).slug
    assert "Buy at the group price" in client.get(f"/c/{slug}").text
    assert client.get(f"/c/{slug}/buy").location.startswith("/sign-in")
    ann = make.user("Ann")
    sign_in(client, ann)
    assert "Add a card" in client.get(f"/c/{slug}/buy").text
    make.mandate(ann, "ok")
    page = client.get(f"/c/{slug}/buy")
    assert page.status_code == 200
    card = str(live_mandates(ann.id)[0].id)
    terms = terms_hash(campaign_of(sale))
    wrong = client.post(
        f"/c/{slug}/buy", data={"quantity": "a lot", "card": card, "region": "CN", "terms": terms}
    )
    assert wrong.status_code == 422
    assert "a lot" in wrong.text
    too_many = client.post(
        f"/c/{slug}/buy", data={"quantity": "6", "card": card, "region": "CN", "terms": terms}
    )
    assert too_many.status_code == 409
    assert "Only 5 are left" in too_many.text
    done = client.post(f"/c/{slug}/buy", data={"quantity": "4", "card": card, "region": "CN", "terms": terms})
    assert done.status_code == 302
    run_jobs(now)
    assert "4 units" in client.get("/me/orders").text
