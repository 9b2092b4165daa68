"""Joining by the pages: typed once, kept on the way to sign-in and card, placed once."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db
from tests.factories import Make

pytestmark = pytest.mark.usefixtures("frozen")


def typed(campaign: Campaign, **more: str) -> dict[str, str]:
    """What a browser sends for a plain pledge."""
    return {
        "max": "259",
        "max_other": "259",
        "quantity": "2",
        "tolerance": "0",
        "region": "CN",
        "request_key": "once",
        "terms": terms_hash(campaign),
        **more,
    }


def pledges(campaign: Campaign) -> list[Pledge]:
    return list(
        db.session.scalars(select(Pledge).where(Pledge.campaign_id == campaign.id).order_by(Pledge.id))
    )


def test_a_shopper_with_a_card_joins_at_once(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    answer = client.post(f"/c/{campaign.slug}/join", data=typed(campaign))
    assert answer.status_code == 302
    assert answer.location == f"/c/{campaign.slug}/joined"
    [pledge] = pledges(campaign)
    assert (pledge.shopper_id, pledge.quantity, pledge.ceiling) == (shopper.id, 2, 25900)
    assert "¥259" in client.get(answer.location).text


def test_the_amount_beside_the_choices_counts_with_other(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    client.post(f"/c/{campaign.slug}/join", data=typed(campaign, max="other", max_other="２７１.50"))
    assert pledges(campaign)[0].ceiling == 27150


def test_sending_the_same_form_twice_is_one_pledge_and_one_answer(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign, shopper = make.campaign(threshold=50), make.shopper()
    sign_in(client, shopper)
    first = client.post(f"/c/{campaign.slug}/join", data=typed(campaign))
    second = client.post(f"/c/{campaign.slug}/join", data=typed(campaign))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert len(pledges(campaign)) == 1


BAD_VALUES = {
    "quantity": ["0", "-1", "1.5", "1e3", "", str(2**63), "9" * 300, "1\x00"],
    "tolerance": ["-1", "x"],
    "max": ["", "nonsense", "9.999", "0", "-3"],
    "region": ["XX", ""],
    "request_key": ["k" * 100, "a\x00b"],
    "terms": ["t" * 200],
}


def test_a_bad_value_comes_back_with_a_message_and_what_was_typed(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    for field, values in BAD_VALUES.items():
        for value in values:
            answer = client.post(
                f"/c/{campaign.slug}/join", data=typed(campaign, quantity="3") | {field: value}
            )
            assert answer.status_code == 422, (field, value)
            assert 'class="errsum"' in answer.text
            assert "Error: " in answer.text
            assert ('value="3"' in answer.text) == (field != "quantity")
    assert pledges(campaign) == []


def test_a_bad_amount_for_other_has_a_message(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    for amount in ("", "9.999", "1,000", "¥", "0", "9" * 30):
        answer = client.post(f"/c/{campaign.slug}/join", data=typed(campaign, max="other", max_other=amount))
        assert answer.status_code == 422, amount
        assert 'href="#max_other"' in answer.text
    assert pledges(campaign) == []


def test_nonsense_beside_a_choice_is_not_minded(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    assert client.post(f"/c/{campaign.slug}/join", data=typed(campaign, max_other="?")).status_code == 302
    assert pledges(campaign)[0].ceiling == 25900


def test_what_a_rule_refuses_stands_above_the_form(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    answer = client.post(f"/c/{campaign.slug}/join", data=typed(campaign, quantity="77"))
    assert answer.status_code == 409
    assert "At most 10 per person." in answer.text
    assert 'value="77"' in answer.text


def test_terms_that_changed_are_not_agreed_to(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    answer = client.post(f"/c/{campaign.slug}/join", data=typed(campaign, terms="older"))
    assert answer.status_code == 409
    assert "The terms have changed" in answer.text
    assert pledges(campaign) == []


def test_options_must_be_chosen(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign(threshold=5, options=[{"name": "Colour", "values": ["Red", "Blue"]}])
    sign_in(client, make.shopper())
    assert client.post(f"/c/{campaign.slug}/join", data=typed(campaign)).status_code == 422
    wrong = client.post(f"/c/{campaign.slug}/join", data=typed(campaign, option_0="Green"))
    assert wrong.status_code == 422
    client.post(f"/c/{campaign.slug}/join", data=typed(campaign, option_0="Blue"))
    assert pledges(campaign)[0].options == {"Colour": "Blue"}


def test_without_a_card_the_pledge_waits_for_one_and_is_then_placed(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign, shopper = make.campaign(threshold=5), make.user("No card yet")
    sign_in(client, shopper)
    answer = client.post(f"/c/{campaign.slug}/join", data=typed(campaign))
    assert answer.location == f"/c/{campaign.slug}/join/finish"
    answer = client.get(answer.location)
    assert answer.location == f"/me/cards/add?next=/c/{campaign.slug}/join/finish"
    assert pledges(campaign) == []

    at_provider = client.get(answer.location)
    page = client.get(at_provider.location)
    assert page.status_code == 200
    back = client.post(at_provider.location, data={"card": "ok"})
    returned = client.get(back.location)
    assert returned.location == f"/c/{campaign.slug}/join/finish"
    page = client.get(returned.location)
    assert "One press to go" in page.text
    assert pledges(campaign) == []  # a page that is asked for changes nothing
    placed = client.post(returned.location)
    assert placed.location == f"/c/{campaign.slug}/joined"
    assert [pledge.quantity for pledge in pledges(campaign)] == [2]
    assert client.get(placed.location).status_code == 200


def test_who_comes_back_without_a_card_finds_what_was_typed(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign, shopper = make.campaign(threshold=5), make.user("No card")
    sign_in(client, shopper)
    client.post(f"/c/{campaign.slug}/join", data=typed(campaign, quantity="4"))
    client.get(f"/c/{campaign.slug}/join/finish")
    answer = client.get(f"/c/{campaign.slug}/join/finish")
    assert answer.location == f"/c/{campaign.slug}#join"
    page = client.get(f"/c/{campaign.slug}").text
    assert "no card was saved" in page
    assert re.search(r'<input[^>]* name="quantity"[^>]* value="4"', page)
    assert pledges(campaign) == []


def test_a_visitor_signs_in_and_the_pledge_is_placed(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    answer = client.post(f"/c/{campaign.slug}/join", data=typed(campaign))
    answer = client.get(answer.location)
    assert answer.location == f"/sign-in?next=/c/{campaign.slug}/join/finish"
    with client.session_transaction() as session:
        session.clear()  # as signing in does
    sign_in(client, shopper)
    answer = client.post(f"/c/{campaign.slug}/join/finish")
    assert answer.location == f"/c/{campaign.slug}/joined"
    assert [pledge.shopper_id for pledge in pledges(campaign)] == [shopper.id]


def test_finishing_without_anything_kept_goes_to_the_campaign(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign = make.campaign()
    sign_in(client, make.shopper())
    assert client.get(f"/c/{campaign.slug}/join/finish").location == f"/c/{campaign.slug}#join"
    client.set_cookie("kept_pledge", "forged.value.here")
    assert client.get(f"/c/{campaign.slug}/join/finish").location == f"/c/{campaign.slug}#join"
    assert pledges(campaign) == []


def test_another_card_is_asked_for_even_if_there_is_one(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    client.post(f"/c/{campaign.slug}/join", data=typed(campaign, card="new"))
    assert client.get(f"/c/{campaign.slug}/join/finish").location.startswith("/me/cards/add")
    new = make.mandate(shopper, "tok_new")
    client.post(f"/c/{campaign.slug}/join/finish")
    assert pledges(campaign)[0].mandate_id == new.id


def test_nobody_pays_with_another_ones_card(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper, other = make.campaign(threshold=5), make.shopper(), make.user()
    foreign = make.mandate(other)
    sign_in(client, shopper)
    answer = client.post(f"/c/{campaign.slug}/join", data=typed(campaign, card=str(foreign.id)))
    assert answer.status_code == 422
    assert pledges(campaign) == []


def test_staff_cannot_join_and_the_page_says_so(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign()
    sign_in(client, make.operator())
    page = client.get(f"/c/{campaign.slug}").text
    assert "Staff accounts cannot join." in page
    assert "data-pledge" not in page


def test_a_closed_campaign_takes_nothing(
    make: Make, client: FlaskClient, sign_in: Any, now: datetime
) -> None:
    campaign = make.campaign(closes_at=now - timedelta(minutes=1))
    sign_in(client, make.shopper())
    answer = client.post(f"/c/{campaign.slug}/join", data=typed(campaign))
    assert answer.status_code == 409
    assert "This campaign is closed." in answer.text


def test_the_pledge_that_is_enough_tips_and_the_page_says_so(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign, shopper = make.campaign(threshold=2), make.shopper()
    sign_in(client, shopper)
    client.post(f"/c/{campaign.slug}/join", data=typed(campaign))
    db.session.refresh(campaign)
    assert campaign.state == CampaignState.TIPPED
    page = client.get(f"/c/{campaign.slug}").text
    assert "Deal is on" in page
    assert "binding" in page


def test_a_pledge_is_changed_with_the_same_form(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=50), make.user()
    make.pledge(campaign, shopper, quantity=2, ceiling=27150)
    sign_in(client, shopper)
    page = client.get(f"/c/{campaign.slug}/change").text
    assert 'value="271.50"' in page
    bad = client.post(f"/c/{campaign.slug}/change", data=typed(campaign, quantity="no"))
    assert bad.status_code == 422
    answer = client.post(f"/c/{campaign.slug}/change", data=typed(campaign, quantity="3", max="259"))
    assert answer.location == f"/c/{campaign.slug}/joined"
    [pledge] = pledges(campaign)
    assert (pledge.quantity, pledge.ceiling) == (3, 25900)
    refused = client.post(f"/c/{campaign.slug}/change", data=typed(campaign, quantity="99"))
    assert refused.status_code == 409
    assert "At most 10 per person." in refused.text


def test_leaving_takes_one_press_while_open(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=50), make.user()
    make.pledge(campaign, shopper)
    sign_in(client, shopper)
    assert "Leave" in client.get(f"/c/{campaign.slug}/joined").text
    answer = client.post(f"/c/{campaign.slug}/leave")
    assert answer.location == f"/c/{campaign.slug}"
    assert pledges(campaign)[0].state == PledgeState.WITHDRAWN
    client.get(f"/c/{campaign.slug}")
    assert client.get(f"/c/{campaign.slug}/joined").location == f"/c/{campaign.slug}#join"
    assert "You left this campaign." in client.get(f"/c/{campaign.slug}").text


def test_only_ones_own_pledge_can_be_changed_or_left(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign(threshold=50)
    make.pledge(campaign)
    sign_in(client, make.shopper())
    assert client.post(f"/c/{campaign.slug}/leave").status_code == 404
    assert client.get(f"/c/{campaign.slug}/change").status_code == 404
    assert pledges(campaign)[0].state == PledgeState.ACTIVE


def test_one_press_joins_at_the_expected_price(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=50), make.shopper()
    sign_in(client, shopper)
    answer = client.post(f"/c/{campaign.slug}/want", headers={"Referer": "http://localhost/k/home?page=2"})
    assert answer.location == "/k/home?page=2"
    assert [(p.quantity, p.ceiling) for p in pledges(campaign)] == [(1, campaign.expected_price)]
    again = client.post(f"/c/{campaign.slug}/want")
    assert again.location == f"/c/{campaign.slug}/joined"
    assert len(pledges(campaign)) == 1


def test_one_press_leads_to_the_page_where_something_is_left_to_choose(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    plain = make.campaign()
    chosen = make.campaign(options=[{"name": "Colour", "values": ["Red", "Blue"]}])
    assert client.post(f"/c/{plain.slug}/want").location == f"/c/{plain.slug}#join"
    sign_in(client, make.user("No card"))
    assert client.post(f"/c/{plain.slug}/want").location == f"/c/{plain.slug}#join"
    sign_in(client, make.shopper())
    assert client.post(f"/c/{chosen.slug}/want").location == f"/c/{chosen.slug}#join"
    assert db.session.scalar(select(func.count()).select_from(Pledge)) == 0


def test_following_and_no_longer(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign()
    sign_in(client, make.user())
    client.post(f"/c/{campaign.slug}/follow")
    assert "No longer remind me" in client.get(f"/c/{campaign.slug}").text
    assert campaign.title in client.get("/me/joined").text
    client.post(f"/c/{campaign.slug}/follow", data={"stop": "1"})
    assert "Remind me 48 h before" in client.get(f"/c/{campaign.slug}").text


def test_a_form_without_its_token_changes_nothing(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign()
    sign_in(client, make.shopper())
    client.application.config["WTF_CSRF_ENABLED"] = True
    for path in ("join", "want", "leave", "follow"):
        assert client.post(f"/c/{campaign.slug}/{path}", data=typed(campaign)).status_code in (400, 403)
    assert pledges(campaign) == []
