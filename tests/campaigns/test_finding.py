"""Filters with counts, nearest words, similar wishes, and the first three things of a wish."""

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from c2b.campaigns import finding
from c2b.campaigns.categories import Category
from c2b.campaigns.finding import Asked
from c2b.campaigns.models import Campaign
from c2b.campaigns.search import search_text
from c2b.campaigns.states import CampaignState, Origin
from c2b.core.db import db
from tests.factories import Make

pytestmark = pytest.mark.usefixtures("frozen")


def named(make: Make, title: str, state: str = CampaignState.OPEN, **more: Any) -> Campaign:
    return make.campaign(state, title=title, search_text=search_text(title), **more)


def test_counts_are_those_of_each_other_choice(make: Make, now: datetime) -> None:
    named(make, "Iron pot")
    named(make, "Copper pot", origin=Origin.MERCHANT, expected_price=10000)
    named(make, "Pot of honey", category="food", state=CampaignState.TIPPED)
    named(make, "Old pot", state=CampaignState.EXPIRED)
    named(make, "Secret pot", state=CampaignState.DRAFT)
    counts = finding.facets(Asked(q="pot", kind="wish"), now=now)
    assert (counts.categories[Category.HOME], counts.categories[Category.FOOD]) == (2, 1)
    assert counts.kinds == {"wish": 3, "campaign": 1}
    assert counts.statuses == {"open": 1, "on": 1, "over": 1}
    cheap = finding.find(Asked(q="pot", up_to=20000), now=now, sort="hot")
    assert [card.title for card in cheap.cards] == ["Copper pot"]
    assert len(finding.find(Asked(), now=now, sort="near").cards) == 3
    assert finding.find(Asked(q="…"), now=now, sort="new").cards == []


def test_every_filter_is_in_the_address_and_nonsense_is_left_out(make: Make, client: FlaskClient) -> None:
    named(make, "Iron pot")
    page = client.get("/search?q=pot&kind=wish&status=open&up_to=300&sort=new").text
    assert "Iron pot" in page and "up_to=300" in page and "sort=new" in page
    for nonsense in (
        "?q=pot&kind=x&status=y&category=z&up_to=-3&sort=w&page=-1",
        "?q=%00&up_to=1e9",
        "?up_to=٣",
    ):
        assert client.get(f"/search{nonsense}").status_code == 200
    nothing = client.get("/search?q=iorn+pott").text
    assert "Start this wish" in nothing and "Did you mean" in nothing and ">iron</a>" in nothing
    assert "Clear the filters" in client.get("/search?q=pot&category=food").text


def test_a_wish_begins_with_three_things_and_shows_what_others_wish_for(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    other = named(make, "Enamel iron pot, 24 cm")
    named(make, "Rice cooker")
    sign_in(client, make.user())
    assert client.get("/w/new").text.count("<textarea") == 0
    found = client.get("/w/similar?q=iron+pot").json
    assert found is not None and [one["title"] for one in found] == [other.title]
    assert client.get("/w/similar?q=%00").json == []
    bad = client.post("/w/new", data={"first": "1", "title": "", "expected_price": "9.999"})
    assert bad.status_code == 422 and 'href="#expected_price"' in bad.text
    first = {"first": "1", "title": "Iron pot", "expected_price": "99", "list_price_basis": "a shop"}
    more = client.post("/w/new", data=first)
    assert more.status_code == 200
    for part in (other.title, 'value="Iron pot"', 'value="99"', 'value="a shop"', 'name="threshold"'):
        assert part in more.text
    assert "Rice cooker" not in more.text
    assert db.session.query(Campaign).count() == 2


def test_what_ended_is_started_again_with_the_form_filled_in(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    over = named(make, "Heated blanket", CampaignState.EXPIRED, summary="Warm feet")
    result = client.get(f"/c/{over.slug}/result").text
    assert "Nobody was charged" in result and f"/w/new?again={over.slug}" in result
    sign_in(client, make.user())
    form = client.get(f"/w/new?again={over.slug}").text
    assert 'value="Heated blanket"' in form and 'value="Warm feet"' in form
    assert client.get("/w/new?again=nothing").status_code == 404
