"""Passing a campaign on: codes that cannot be made up, the picture, the code to photograph, who brought whom."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from c2b.campaigns import share_card
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import place_pledge
from c2b.campaigns.share_card import Card, draw
from c2b.campaigns.sharing import Shared, code_of, read_code
from c2b.campaigns.states import CampaignState
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db
from c2b.pipeline.models import Award
from tests.campaigns.asking import ask
from tests.factories import Make

pytestmark = pytest.mark.usefixtures("frozen")


@given(st.integers(1, 2**31), st.integers(0, 2**31), st.text(max_size=30))
def test_a_code_says_what_was_put_in_and_nothing_else_opens(campaign: int, user: int, other: str) -> None:
    code = code_of("key", campaign, user or None)
    assert read_code("key", code) == Shared(campaign, user or None)
    assert read_code("another key", code) is None
    assert len(code) <= 20
    assert other == code or read_code("key", other) is None
    assert read_code("key", code[:-1]) is None


def join(client: FlaskClient, campaign: Campaign) -> Pledge:
    data = {"max": "259", "quantity": "1", "tolerance": "0", "region": "CN", "terms": terms_hash(campaign)}
    assert client.post(f"/c/{campaign.slug}/join", data=data).status_code == 302
    return db.session.scalars(select(Pledge).order_by(Pledge.id.desc())).first()  # type: ignore[return-value]


def short_of(page: str) -> str:
    return page.partition('readonly value="http://localhost')[2].partition('"')[0]


def test_who_joins_through_a_link_is_counted_for_who_passed_it_on_and_nobody_brings_oneself(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign, ann, bob, cat = make.campaign(threshold=9), make.shopper("Ann"), make.shopper(), make.shopper()
    sign_in(client, ann)
    link = short_of(client.get(f"/c/{campaign.slug}").text)
    assert link.startswith("/s/")
    assert client.get(link, follow_redirects=True).status_code == 200
    assert join(client, campaign).brought_by is None
    sign_in(client, bob)
    answer = client.get(link)
    assert answer.location.startswith(f"/c/{campaign.slug}?by=")
    client.get(answer.location)
    client.get(f"/c/{make.campaign().slug}")
    assert join(client, campaign).brought_by == ann.id
    client.delete_cookie("brought_by")
    sign_in(client, cat)
    client.get(f"/c/{campaign.slug}?by=made-up")
    assert join(client, campaign).brought_by is None
    sign_in(client, ann)
    for page in ("", "/joined"):
        assert "You brought 1." in client.get(f"/c/{campaign.slug}{page}").text
    for bad in ("/s/nothing", "/s/AAAAAAAAAAAAAAAA", "/s/%00", "/s/" + "x" * 300):
        assert client.get(bad).status_code == 404


def test_the_picture_and_the_code_are_made_once_and_not_sent_twice(make: Make, client: FlaskClient) -> None:
    campaign = make.campaign(
        title="搪瓷铸铁锅 22 cm & <b>lid</b>, with a very long name indeed, longer than lines"
    )
    for name, kind in (("card.png", "image/png"), ("qr.svg", "image/svg+xml")):
        answer = client.get(f"/c/{campaign.slug}/{name}")
        assert (answer.status_code, answer.mimetype) == (200, kind)
        again = client.get(f"/c/{campaign.slug}/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    picture = client.get(f"/c/{campaign.slug}/card.png")
    assert Image.open(io.BytesIO(picture.data)).size == (1200, 630)
    make.pledge(campaign)
    assert client.get(f"/c/{campaign.slug}/card.png").headers["ETag"] != picture.headers["ETag"]
    draft = make.campaign(CampaignState.DRAFT)
    for name in ("card.png", "qr.svg", "live"):
        assert client.get(f"/c/{draft.slug}/{name}").status_code == 404


def test_a_picture_is_drawn_without_any_font_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    share_card._font.cache_clear()
    monkeypatch.setattr(share_card, "_file", lambda *_asked: None)
    for title in ("Pot", "铸铁锅", ""):
        card = Card(title, "¥259", "Price now", "12 want it", "Closes soon", 150, "Muster")
        assert Image.open(io.BytesIO(draw(card, None))).size == (1200, 630)
    share_card._font.cache_clear()


def test_a_visitor_who_has_the_page_is_told_so_until_something_changes(
    make: Make, client: FlaskClient, now: datetime, sign_in: Any
) -> None:
    campaign = make.campaign(threshold=5)
    page = f"/c/{campaign.slug}"
    client.get(page)
    for address in (page, f"{page}/live"):
        mark = client.get(address).headers["ETag"]
        assert client.get(address, headers={"If-None-Match": mark}).status_code == 304
    shopper = make.shopper()
    place_pledge(campaign.id, ask(campaign, shopper), now=now)
    for address in (page, f"{page}/live"):
        assert client.get(address, headers={"If-None-Match": mark}).status_code == 200
    sign_in(client, shopper)
    assert "ETag" not in client.get(page).headers


def test_live_numbers_say_when_a_price_is_reached(make: Make, client: FlaskClient, now: datetime) -> None:
    campaign = make.campaign(threshold=2)
    for _number in range(2):
        place_pledge(campaign.id, ask(campaign, make.shopper()), now=now)
    said = client.get(f"/c/{campaign.slug}/live")
    assert said.json is not None and said.headers["X-Now"].startswith("2025-05-20T06:00")
    assert said.json["price"] == 25900 and said.json["open"] is True
    assert "everyone pays ¥259 now" in said.json["said"]
    assert "<b>2</b> want it" in said.json["parts"]["numbers"]
    page = client.get(f"/c/{campaign.slug}").text
    for part in said.json["parts"]:
        assert f'data-live="{part}"' in page


def test_the_chosen_offers_prices_take_the_place_of_the_wishs(
    make: Make, client: FlaskClient, now: datetime
) -> None:
    campaign = make.campaign(CampaignState.AWARDED, threshold=2, tiers=((2, 25900),))
    for _number in range(3):
        make.pledge(campaign)
    offer = make.offer(campaign, tiers=((2, 24900), (3, 23100), (90, 11100)))
    assert "</span>231<" not in client.get(f"/c/{campaign.slug}").text
    db.session.add(Award(campaign_id=campaign.id, offer_id=offer.id, at=now))
    page = client.get(f"/c/{campaign.slug}").text
    assert "</span>249<" in page and "</span>231<" in page and "offer that was chosen" in page
    here = page.partition('aria-current="step"')[2].partition("</li>")[0]
    assert "231" in here
    db.session.delete(db.session.get_one(Award, campaign.id))
    db.session.commit()


def test_a_refusal_stands_beside_its_field(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign(threshold=5, closes_at=make.now + timedelta(days=3))
    sign_in(client, make.shopper())
    plain = {"max": "259", "quantity": "1", "region": "CN", "terms": terms_hash(campaign)}
    for wrong, beside in (
        ({"quantity": "77"}, "quantity"),
        ({"max": "other", "max_other": "9999"}, "max_other"),
    ):
        answer = client.post(f"/c/{campaign.slug}/join", data=plain | wrong)
        assert answer.status_code == 409
        assert f'id="{beside}-error"' in answer.text and f'href="#{beside}"' in answer.text
        assert all(f'value="{value}"' in answer.text for value in wrong.values())
