"""A campaign's page in every state, for everybody who may look."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import place_pledge
from c2b.campaigns.states import PUBLIC, Allocation, Basis, CampaignState, CloseRule
from tests.campaigns.asking import ask
from tests.factories import Make

pytestmark = pytest.mark.usefixtures("frozen")

S = CampaignState
WORDS = {
    S.OPEN: "Join at up to",
    S.TIPPED: "Deal is on",
    S.SOURCING: "Merchants now compete",
    S.AWARDED: "A merchant is chosen",
    S.SCHEDULED: "The launch date is set",
    S.LIVE: "It has launched",
    S.COMPLETED: "It is done",
    S.EXPIRED: "Nobody was charged",
    S.CANCELLED: "It was called off",
    S.FAILED: "It did not work out",
}


def test_every_public_state_says_what_it_means(make: Make, client: FlaskClient) -> None:
    for state in PUBLIC:
        campaign = make.campaign(state, reason="Nobody makes it any more.")
        page = client.get(f"/c/{campaign.slug}")
        assert page.status_code == 200
        assert WORDS[state] in page.text
        assert page.text.count("<h1") == 1
        assert ("data-pledge" in page.text) == (state in (S.OPEN, S.TIPPED))
        assert ("Nobody makes it any more." in page.text) == (state in (S.CANCELLED, S.FAILED))


def test_the_script_finds_every_part_of_the_pledge_box(make: Make, client: FlaskClient) -> None:
    campaign = make.campaign(threshold=50)
    for price in (25900, 26900, 27900):
        for _number in range(3):
            make.pledge(campaign, ceiling=price)
    page = client.get(f"/c/{campaign.slug}").text
    for part in (
        "data-pledge",
        "data-picks",
        "data-range",
        "data-amount",
        "data-demand",
        "data-say",
        "data-cta",
    ):
        assert f" {part}" in page
    for part in ("data-qty", 'data-step="-1"', 'data-step="1"', "data-facts", "data-countdown"):
        assert f" {part}" in page


def test_what_is_not_public_is_seen_by_its_starter_and_operators_alone(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    starter, operator, stranger = make.user("Starter"), make.operator(), make.shopper()
    hidden = [
        make.campaign(state, starter_id=starter.id, reason="Too vague.").slug
        for state in (S.DRAFT, S.SUBMITTED, S.REJECTED)
    ]
    assert [client.get(f"/c/{slug}").status_code for slug in hidden] == [404] * 3
    for person, status in ((stranger, 404), (starter, 200), (operator, 200)):
        sign_in(client, person)
        assert [client.get(f"/c/{slug}").status_code for slug in hidden] == [status] * 3


def test_what_is_not_there_is_not_found(make: Make, client: FlaskClient, sign_in: Any) -> None:
    sign_in(client, make.shopper())
    for path in ("/c/nothing-here", "/c/%00", "/c/a%E2%80%AEb", "/c/nothing/joined", "/c/no.ics"):
        assert client.get(path).status_code == 404


def test_the_price_now_and_the_next_tier_are_said_in_words(
    make: Make, client: FlaskClient, now: datetime
) -> None:
    campaign = make.campaign(threshold=2, tiers=((2, 31900), (5, 27900)), expected_price=27900)
    for _number in range(3):
        place_pledge(campaign.id, ask(campaign, make.shopper(), ceiling=32000), now=now)
    page = client.get(f"/c/{campaign.slug}").text
    assert "Price now" in page
    assert "2 units more and everyone pays ¥279." in page
    assert 'aria-current="step"' in page


def test_the_curve_shows_groups_that_hide_a_person(make: Make, client: FlaskClient) -> None:
    campaign = make.campaign(threshold=50, list_price=39900)
    make.pledge(campaign, ceiling=31234)
    assert "data-demand" not in client.get(f"/c/{campaign.slug}").text
    for _number in range(4):
        make.pledge(campaign, ceiling=30000)
    for _number in range(4):
        make.pledge(campaign, ceiling=26000)
    page = client.get(f"/c/{campaign.slug}").text
    assert "data-demand" in page
    assert "31234" not in page
    assert "312.34" not in page


def test_rules_and_limits_are_shown_before_anyone_joins(make: Make, client: FlaskClient) -> None:
    campaign = make.campaign(
        capacity=40,
        close_rule=CloseRule.FULL,
        allocation=Allocation.LOTTERY,
        basis=Basis.PEOPLE,
        list_price_basis="three shops",
        regions=["CN", "TW"],
    )
    page = client.get(f"/c/{campaign.slug}").text
    for words in (
        "When every unit is taken",
        "A draw that anyone can check",
        "40 units are left",
        "three shops",
        "Taiwan",
    ):
        assert words in page


def test_the_closing_time_can_be_put_into_a_calendar(make: Make, client: FlaskClient, now: datetime) -> None:
    campaign = make.campaign(title="Pot, 22 cm; red " + "é" * 60, closes_at=now + timedelta(days=2))
    answer = client.get(f"/c/{campaign.slug}.ics")
    assert answer.mimetype == "text/calendar"
    lines = answer.text.split("\r\n")
    assert "DTSTART:20250522T060000Z" in lines
    assert "Pot\\, 22 cm\\; red" in answer.text
    assert all(len(line.encode()) <= 75 for line in lines)


def test_a_result_lives_on(make: Make, client: FlaskClient) -> None:
    ended, running = make.campaign(S.EXPIRED), make.campaign()
    assert "Nobody was charged" in client.get(f"/c/{ended.slug}/result").text
    assert client.get(f"/c/{running.slug}/result").location == f"/c/{running.slug}"


def test_titles_and_reasons_are_written_as_text(make: Make, client: FlaskClient) -> None:
    campaign = make.campaign(
        S.CANCELLED, title="<script>alert(1)</script>", reason="<b>x</b>", description="</p><img src=x>"
    )
    page = client.get(f"/c/{campaign.slug}").text
    assert "<script>alert(1)" not in page
    assert "<b>x</b>" not in page
    assert "<img src=x>" not in page


def test_the_page_speaks_chinese_where_it_is_asked_to(make: Make, client: FlaskClient) -> None:
    campaign: Campaign = make.campaign(title="珐琅铸铁锅")
    page = client.get(f"/c/{campaign.slug}", headers={"Accept-Language": "zh-CN"}, follow_redirects=True)
    assert page.status_code == 200
    assert 'lang="zh-Hans"' in page.text
