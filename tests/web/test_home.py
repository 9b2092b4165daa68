"""The page of wishes, its categories and search, as anybody meets them."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from c2b.campaigns.search import search_text
from c2b.campaigns.states import CampaignState
from c2b.core import clock
from tests.factories import Make


@pytest.fixture(autouse=True)
def frozen(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "_ahead", timedelta())
    with time_machine.travel(now, tick=False):
        yield


def test_an_empty_site_asks_for_the_first_wish(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "No wish is open yet" in page
    assert page.count("<h1") == 1


def test_cards_say_the_four_facts(make: Make, client: FlaskClient) -> None:
    campaign = make.campaign(title="Iron pot", threshold=10, expected_price=25900, list_price=39900)
    make.pledge(campaign)
    page = client.get("/").text
    for fact in ("Iron pot", "259", "¥399", "<b>1</b> wants it", "7 days left", "I want it"):
        assert fact in page
    assert f'href="/c/{campaign.slug}#join"' in page  # a visitor chooses first; nothing here needs a session


def test_a_joined_campaign_says_so(make: Make, client: FlaskClient, sign_in: Any) -> None:
    shopper = make.user()
    make.pledge(make.campaign(threshold=50), shopper)
    assert "data-want" not in client.get("/").text
    sign_in(client, shopper)
    assert 'aria-pressed="true"' in client.get("/").text
    sign_in(client, make.shopper())
    assert 'aria-pressed="false"' in client.get("/").text


def test_a_category_shows_its_own_alone(make: Make, client: FlaskClient) -> None:
    pot, coat = make.campaign(title="Iron pot"), make.campaign(title="Wool coat", category="clothing")
    page = client.get("/k/clothing").text
    assert coat.title in page
    assert pot.title not in page
    assert "Nothing is open here just now" in client.get("/k/food").text
    for wrong in ("boats", "Clothing", "%00", "x" * 500):
        assert client.get(f"/k/{wrong}").status_code == 404


def test_sorts_change_the_order(make: Make, client: FlaskClient, now: datetime) -> None:
    make.campaign(title="Closes late", closes_at=now + timedelta(days=9))
    make.campaign(title="Closes soon", closes_at=now + timedelta(days=1))
    for address in ("/?sort=ending", "/?sort=closing"):
        page = client.get(address).text
        grid = page[page.index('class="grid"') :]
        assert grid.index("Closes soon") < grid.index("Closes late")


def test_twenty_eight_are_a_page(make: Make, client: FlaskClient) -> None:
    starter = make.user().id
    for number in range(30):
        make.campaign(title=f"Wish {number}", starter_id=starter)
    first = client.get("/?sort=new").text
    onward = re.search(r'href="(/\?sort=new&amp;after=[\d~]+&amp;page=2)"', first)
    assert onward is not None
    make.campaign(title="New meanwhile", starter_id=starter)
    second = client.get(onward[1].replace("&amp;", "&")).text
    assert (first.count('class="cc"'), second.count('class="cc"')) == (28, 2)
    assert 'href="/?sort=new"' in second
    assert (
        client.get("/?sort=new&page=2").text.count('class="cc"') == 3
    )  # an old address names only the number


ODD = (
    "page=0",
    "page=-1",
    "page=x",
    "page=1e9",
    "page=" + "9" * 400,
    "page=٣",
    "sort=x",
    "page=%00",
    "sort=%00",
)


def test_nonsense_in_the_address_is_harmless(make: Make, client: FlaskClient) -> None:
    make.campaign()
    for query in (*ODD, "page=999"):
        for path in ("/", "/k/home", "/search"):
            assert client.get(f"{path}?q=thing&{query}").status_code == 200


def test_search_finds_words_and_chinese(make: Make, client: FlaskClient) -> None:
    for title in ("Enamelled pot", "珐琅铸铁锅"):
        make.campaign(title=title, search_text=search_text(title))
    assert "Enamelled pot" in client.get("/search?q=POT").text
    assert "珐琅铸铁锅" in client.get("/search?q=铸铁").text
    assert "珐琅铸铁锅" in client.get("/search?q=鑄鐵").text


def test_a_search_without_a_find_offers_to_start_the_wish(client: FlaskClient) -> None:
    page = client.get("/search?q=unicorn%20saddle").text
    assert "Nothing for “unicorn saddle”" in page
    assert "/w/new?title=unicorn+saddle" in page or "/w/new?title=unicorn%20saddle" in page
    assert client.get("/search").status_code == 200
    for odd in ("%00", "%25_", "'\"", "%E2%80%AE", "x" * 5000, "\\", "%3Cscript%3E"):
        assert client.get(f"/search?q={odd}").status_code == 200
    assert "<script>alert" not in client.get("/search?q=%3Cscript%3Ealert(1)").text


def test_what_is_closed_is_not_on_the_front_page_but_found(make: Make, client: FlaskClient) -> None:
    make.campaign(CampaignState.EXPIRED, title="Old vase", search_text=search_text("Old vase"))
    make.campaign(CampaignState.DRAFT, title="Secret vase", search_text=search_text("Secret vase"))
    assert "Old vase" not in client.get("/").text
    page = client.get("/search?q=vase").text
    assert "Old vase" in page
    assert "Secret vase" not in page


def test_the_help_page_says_when_one_pays(client: FlaskClient) -> None:
    page = client.get("/help/how-it-works").text
    assert 'id="pay"' in page
    assert 'id="leave"' in page
    assert page.count("<h1") == 1
