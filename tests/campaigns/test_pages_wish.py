"""Starting a wish by the pages: draft, preview, hand in, mend; and the lists of one's own."""

import io
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState, Origin, PledgeState
from c2b.core.db import db
from c2b.core.uploads import Upload
from tests.factories import Make, put_in_state
from tests.forgetting import forget_kept

pytestmark = pytest.mark.usefixtures("frozen")

GOOD = {
    "title": "Linen apron",
    "summary": "For those who cook a lot.",
    "category": "home",
    "expected_price": "99",
    "list_price": "159",
    "list_price_basis": "The shop around the corner",
    "threshold": "60",
    "basis": "units",
    "days_open": "14",
    "description": "Two pockets.\nWashable.",
    "options": "Colour: Red, Blue\n尺码：大、小",
}


def only_campaign() -> Campaign:
    return db.session.scalars(select(Campaign)).one()


def picture(colour: str = "red", size: tuple[int, int] = (40, 30)) -> tuple[io.BytesIO, str]:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    file.seek(0)
    return file, "photo.png"


def test_a_wish_goes_from_draft_to_the_queue(make: Make, client: FlaskClient, sign_in: Any) -> None:
    shopper = make.user()
    sign_in(client, shopper)
    answer = client.post("/w/new", data={**GOOD, "pictures": picture()}, content_type="multipart/form-data")
    wish = only_campaign()
    assert answer.location == f"/w/{wish.slug}"
    assert (wish.state, wish.origin, wish.starter_id) == (CampaignState.DRAFT, Origin.SHOPPER, shopper.id)
    assert wish.options == [
        {"name": "Colour", "values": ["Red", "Blue"]},
        {"name": "尺码", "values": ["大", "小"]},
    ]
    assert len(wish.pictures) == 1
    assert [(tier.from_quantity, tier.unit_price) for tier in wish.tiers] == [(60, 9900)]
    page = client.get(answer.location).text
    assert "Hand it in" in page
    unsure = client.post(answer.location)
    assert unsure.status_code == 422
    assert "Confirm that what you wrote is true." in unsure.text
    assert client.post(answer.location, data={"truthful": "y"}).location == "/me/wishes"
    db.session.refresh(wish)
    assert wish.state == CampaignState.SUBMITTED
    assert "Waiting for a look" in client.get("/me/wishes").text


BAD_VALUES = {
    "title": ["", "  ", "ab\x00cd", "\u202eabc", "x" * 61],
    "summary": ["", "x\x07y"],
    "category": ["boats"],
    "expected_price": ["0", "9.999", "1,000", "¥", "160"],
    "list_price": ["", "-1"],
    "list_price_basis": [""],
    "threshold": ["0", "1.5", str(2**63)],
    "basis": ["kilos"],
    "days_open": ["900", "x"],
    "description": ["a\x00b", "x" * 4001],
    "options": ["Colour", "Colour: Red", "A: 1, 2\nA: 3, 4"],
}


def test_a_bad_value_has_a_message_and_the_rest_is_kept(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    sign_in(client, make.user())
    for field, values in BAD_VALUES.items():
        for value in values:
            answer = client.post("/w/new", data={**GOOD, field: value})
            assert answer.status_code == 422, (field, value)
            assert 'class="errsum"' in answer.text
            assert ("The shop around the corner" in answer.text) == (field != "list_price_basis")
    assert db.session.scalar(select(Campaign.id)) is None


def test_pictures_are_kept_while_another_field_is_mended(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    sign_in(client, make.user())
    bad = client.post(
        "/w/new", data={**GOOD, "days_open": "14", "threshold": "60", "pictures": picture("blue")},
        content_type="multipart/form-data",
    )  # fmt: skip
    first = only_campaign()
    [ref] = first.pictures
    token = Upload(ref, "apron.png").token
    assert bad.status_code == 302
    answer = client.post(
        f"/w/{first.slug}/edit",
        data={
            **GOOD,
            "pictures-kept": token,
            "pictures-there": token,
            "pictures-alt": "A blue apron",
            "title": "Linen apron, long",
        },
    )
    db.session.refresh(first)
    assert answer.location == f"/w/{first.slug}"
    assert (first.title, first.pictures) == ("Linen apron, long", [ref])
    assert first.picture_alts == {ref: "A blue apron"}
    client.post(f"/w/{first.slug}/edit", data={**GOOD, "pictures-kept": "pic/../../etc demo/none"})
    db.session.refresh(first)
    assert first.pictures == []


def test_what_is_no_picture_is_refused(make: Make, client: FlaskClient, sign_in: Any) -> None:
    sign_in(client, make.user())
    upload = (io.BytesIO(b"<svg onload=alert(1)>"), "x.png")
    answer = client.post("/w/new", data={**GOOD, "pictures": upload}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "not a picture" in answer.text
    assert 'value="Linen apron"' in answer.text


def test_the_preview_shows_what_others_wish_for_already(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    from c2b.campaigns.search import search_text

    other = make.campaign(title="Linen apron for two", search_text=search_text("Linen apron for two"))
    sign_in(client, make.user())
    slug = client.post("/w/new", data=GOOD).location
    page = client.get(slug).text
    assert "Others already want something like it" in page
    assert other.title in page


def test_a_wish_is_its_starters_alone(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign(CampaignState.DRAFT)
    for person in (make.shopper(), make.operator()):
        sign_in(client, person)
        assert client.get(f"/w/{campaign.slug}").status_code == 404
        assert client.get(f"/w/{campaign.slug}/edit").status_code == 404
        assert client.post(f"/w/{campaign.slug}/cancel").status_code == 404


def test_what_is_open_can_no_longer_be_changed_but_called_off(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    starter = make.user()
    campaign = make.campaign(starter_id=starter.id)
    pledge = make.pledge(campaign)
    sign_in(client, starter)
    assert client.get(f"/w/{campaign.slug}/edit").location == f"/w/{campaign.slug}"
    assert client.post(f"/w/{campaign.slug}/cancel").location == "/me/wishes"
    db.session.refresh(campaign)
    db.session.refresh(pledge)
    assert (campaign.state, pledge.state) == (CampaignState.CANCELLED, PledgeState.RELEASED)


def test_an_operator_starts_for_the_platform_with_tiers(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    sign_in(client, make.operator())
    assert "Price tiers" in client.get("/w/new").text
    tiers = {
        "tiers-0-from_quantity": "60", "tiers-0-unit_price": "120",
        "tiers-1-from_quantity": "200", "tiers-1-unit_price": "99",
    }  # fmt: skip
    more = {
        "close_rule": "full",
        "allocation": "lottery",
        "capacity": "500",
        "per_shopper": "3",
        "fulfilment": "shipped",
    }
    half = client.post("/w/new", data={**GOOD, **more, **tiers, "tiers-2-from_quantity": "300"})
    assert half.status_code == 422
    assert "Fill both boxes" in half.text
    client.post("/w/new", data={**GOOD, **more, **tiers, "regions": ["CN", "TW"]})
    campaign = only_campaign()
    assert campaign.origin == Origin.PLATFORM
    assert [(tier.from_quantity, tier.unit_price) for tier in campaign.tiers] == [(60, 12000), (200, 9900)]
    assert (campaign.capacity, campaign.per_shopper, campaign.regions) == (500, 3, ["CN", "TW"])
    assert client.get(f"/w/{campaign.slug}/edit").status_code == 200


def test_what_a_rule_refuses_stands_above_the_form(make: Make, client: FlaskClient, sign_in: Any) -> None:
    sign_in(client, make.operator())
    more = {"close_rule": "full", "allocation": "lottery", "per_shopper": "3", "fulfilment": "shipped"}
    answer = client.post("/w/new", data={**GOOD, **more})
    assert answer.status_code == 409
    assert "needs a capacity" in answer.text
    assert 'value="Linen apron"' in answer.text


def test_a_merchants_people_start_for_their_firm(make: Make, client: FlaskClient, sign_in: Any) -> None:
    from c2b.accounts.models import User

    firm = make.merchant()
    sign_in(client, db.session.get_one(User, firm.staff[0].user_id))
    more = {"close_rule": "deadline", "allocation": "first_come", "per_shopper": "3", "fulfilment": "shipped"}
    client.post("/w/new", data={**GOOD, **more})
    campaign = only_campaign()
    assert (campaign.origin, campaign.merchant_id) == (Origin.MERCHANT, firm.id)


def test_wishes_by_shoppers_are_listed(make: Make, client: FlaskClient) -> None:
    mine, theirs = make.campaign(title="By a shopper"), make.campaign(title="By us", origin=Origin.PLATFORM)
    page = client.get("/w").text
    assert mine.title in page
    assert theirs.title not in page
    for number in ("0", "-1", "x", "99999999999", "٣", "2"):
        assert client.get(f"/w?page={number}").status_code == 200


def test_my_pledges_stand_by_state_with_where_the_money_is(
    make: Make, client: FlaskClient, sign_in: Any, now: datetime
) -> None:
    shopper = make.user()
    lines = {
        PledgeState.ACTIVE: ("active", "Nothing is charged yet."),
        PledgeState.RELEASED: ("ended", "Released. Nothing was charged."),
        PledgeState.UNFILLED: ("ended", "There was not enough for everyone."),
    }
    for state in lines:
        campaign = make.campaign(threshold=50, title=f"Wish {state}")
        pledge = make.pledge(campaign, shopper)
        if state != PledgeState.ACTIVE:
            put_in_state(pledge, state, now)
            campaign.people = campaign.units = campaign.counted_people = campaign.counted_units = 0
            for point in db.session.scalars(select(_points()).where(_points().campaign_id == campaign.id)):
                db.session.delete(point)
            db.session.commit()
    sign_in(client, shopper)
    for state, (part, words) in lines.items():
        page = client.get(f"/me/joined?part={part}").text
        assert words in page
        assert f"Wish {state}" in page
    assert client.get("/me/joined?part=nonsense").status_code == 200
    assert "Nothing is ordered yet" in client.get("/me/joined?part=ordered").text


def _points() -> Any:
    from c2b.campaigns.models import DemandPoint

    return DemandPoint


def statements(client: FlaskClient, path: str) -> int:
    """How many statements a page sends that nothing is kept for."""
    forget_kept(client.application)
    sent: list[str] = []
    listener = lambda *args: sent.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    return len(sent)


def test_a_list_sends_as_many_statements_for_many_rows_as_for_one(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    from c2b.campaigns.search import search_text

    me, operator = make.user(), make.operator()

    def more(count: int) -> None:
        for _number in range(count):
            shown = make.campaign(threshold=50, starter_id=me.id, search_text=search_text("Thing"))
            make.pledge(shown, me)
            make.campaign(CampaignState.SUBMITTED, starter_id=me.id)

    def counts() -> dict[str, int]:
        sign_in(client, me)
        paths = ("/", "/k/home", "/search?q=thing", "/w", "/me/joined", "/me/wishes")
        found = {path: statements(client, path) for path in paths}
        sign_in(client, operator)
        return {**found, "desk": statements(client, "/ops/moderation")}

    more(1)
    counts()
    before = counts()
    more(9)
    assert counts() == before
