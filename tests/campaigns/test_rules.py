"""The rules of campaigns and pledges: pure answers with a stable code and a sentence."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from c2b.campaigns import rules
from c2b.campaigns.categories import Category
from c2b.campaigns.requests import CampaignDraft, PledgeChange, PledgeRequest, ShopperFacts
from c2b.campaigns.slugs import slug_for
from c2b.campaigns.states import Basis, CampaignState, CloseRule, PledgeState
from c2b.demand.curve import Tier

NOW = datetime(2025, 5, 20, 6, 0, tzinfo=UTC)
PERSON = ShopperFacts(confirmed=True, mandates=frozenset({7}), addresses=frozenset({3}))
C = CampaignState


@dataclass
class Campaign:
    """As much of a campaign as the rules look at."""

    state: str = C.OPEN
    closes_at: datetime = NOW + timedelta(days=1)
    list_price: int = 39900
    per_shopper: int = 5
    options: list[Any] = field(default_factory=lambda: [{"name": "Colour", "values": ["Red", "Blue"]}])
    regions: list[str] = field(default_factory=lambda: ["CN", "TW"])
    title: str = "A lamp"
    summary: str = "It folds."


@dataclass
class Pledge:
    """As much of a pledge as the rules look at."""

    state: str = PledgeState.ACTIVE
    quantity: int = 2
    tolerance: int = 1
    ceiling: int = 25900


REQUEST = PledgeRequest(
    shopper_id=1, quantity=1, ceiling=25900, mandate_id=7, terms="T", options={"Colour": "Red"}, region="CN"
)
DRAFT = CampaignDraft(
    title="A lamp",
    category=Category.HOME,
    list_price=39900,
    expected_price=25900,
    threshold=10,
    summary="It folds.",
)


def why(campaign=None, request=REQUEST, shopper=PERSON, left=None, now=NOW):
    """The code of the refusal, or None."""
    no = rules.why_not_pledge(
        campaign or Campaign(), request, shopper=shopper, units_left=left, terms="T", now=now
    )
    return no and no.code


def test_a_complete_request_of_a_confirmed_person_is_taken():
    assert why() is None
    assert why(left=1) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": C.DRAFT}, "not_open"),
        ({"state": C.SUBMITTED}, "not_open"),
        ({"state": C.REJECTED}, "not_open"),
        ({"state": C.TIPPED}, None),
        ({"state": C.SOURCING}, "closed"),
        ({"state": C.CANCELLED}, "closed"),
        ({"closes_at": NOW}, None),
        ({"closes_at": NOW - timedelta(microseconds=1)}, "closed"),
    ],
)
def test_state_and_clock_both_decide_whether_a_campaign_takes_pledges(change, code):
    assert why(campaign=Campaign(**change)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"staff": True}, "staff"),
        ({"own": True}, "own_campaign"),
        ({"confirmed": False}, "mail_not_confirmed"),
        ({"joined": True}, "already"),
        ({"mandates": frozenset()}, "no_mandate"),
        ({"mandates": frozenset({8})}, "no_mandate"),
    ],
)
def test_who_asks_decides(change, code):
    assert why(shopper=replace(PERSON, **change)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": 0}, "quantity"),
        ({"tolerance": -1}, "quantity"),
        ({"quantity": 4, "tolerance": 2}, "over_limit"),
        ({"quantity": 4, "tolerance": 1}, None),
        ({"ceiling": 0}, "ceiling"),
        ({"ceiling": 39900}, None),
        ({"ceiling": 39901}, "ceiling_too_high"),
        ({"options": {}}, "options_invalid"),
        ({"options": {"Colour": "Green"}}, "options_invalid"),
        ({"options": {"Colour": "Red", "Size": "L"}}, "options_invalid"),
        ({"region": "US"}, "region"),
        ({"address_id": 3}, None),
        ({"address_id": 4}, "address"),
        ({"mandate_id": None}, "no_mandate"),
        ({"terms": "older"}, "terms_changed"),
    ],
)
def test_what_is_asked_decides(change, code):
    assert why(request=replace(REQUEST, **change)) == code


def test_what_is_left_decides():
    request = replace(REQUEST, quantity=3)
    assert why(request=request, left=3) is None
    assert why(request=request, left=2) == "over_capacity"
    assert why(request=request, left=0) == "over_capacity"


def test_a_campaign_that_goes_everywhere_without_choices_asks_for_neither():
    request = replace(REQUEST, options={}, region="US")
    assert why(campaign=Campaign(options=[], regions=[]), request=request) is None


def why_change(change, campaign=None, pledge=None, left=None):
    no = rules.why_not_change(
        campaign or Campaign(), pledge or Pledge(), change, shopper=PERSON, units_left=left, now=NOW
    )
    return no and no.code


@pytest.mark.parametrize(
    "change", [PledgeChange(quantity=1), PledgeChange(tolerance=0), PledgeChange(ceiling=25899)]
)
def test_a_pledge_is_lowered_only_before_the_campaign_tips(change):
    assert why_change(change) is None
    assert why_change(change, campaign=Campaign(state=C.TIPPED)) == "binding"
    assert why_change(change, campaign=Campaign(state=C.SOURCING)) == "closed"


def test_a_pledge_is_raised_until_the_campaign_closes_as_far_as_goods_last():
    more = PledgeChange(quantity=4)
    assert why_change(more, campaign=Campaign(state=C.TIPPED), left=2) is None
    assert why_change(more, left=1) == "over_capacity"
    assert why_change(PledgeChange(quantity=5)) == "over_limit"
    assert why_change(more, pledge=Pledge(state=PledgeState.WITHDRAWN)) == "not_active"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (PledgeChange(options={"Colour": "Blue"}), None),
        (PledgeChange(options={"Colour": "Black"}), "options_invalid"),
        (PledgeChange(region="TW"), None),
        (PledgeChange(region="US"), "region"),
        (PledgeChange(address_id=4), "address"),
        (PledgeChange(mandate_id=7), None),
        (PledgeChange(mandate_id=8), "no_mandate"),
        (PledgeChange(ceiling=50000), "ceiling_too_high"),
    ],
)
def test_a_change_is_held_to_the_same_rules_as_a_pledge(change, code):
    assert why_change(change) == code


@pytest.mark.parametrize(
    ("campaign", "pledge", "code"),
    [
        (Campaign(), Pledge(), None),
        (Campaign(), Pledge(state=PledgeState.RECONFIRM), None),
        (Campaign(state=C.TIPPED), Pledge(), "binding"),
        (Campaign(state=C.SOURCING), Pledge(), "closed"),
        (Campaign(closes_at=NOW - timedelta(seconds=1)), Pledge(), "closed"),
        (Campaign(), Pledge(state=PledgeState.WITHDRAWN), "not_active"),
    ],
)
def test_leaving_is_free_only_while_the_campaign_is_open(campaign, pledge, code):
    no = rules.why_not_withdraw(campaign, pledge, NOW)
    assert (no and no.code) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"currency": "XYZ"}, "currency"),
        ({"expected_price": 0}, "prices"),
        ({"expected_price": 40000}, "prices"),
        ({"threshold": 0}, "threshold"),
        ({"tiers": (Tier(10, 25900), Tier(20, 19900))}, None),
        ({"tiers": (Tier(10, 19900), Tier(20, 25900))}, "tiers"),
        ({"tiers": (Tier(12, 25900),)}, "tiers"),
        ({"tiers": (Tier(12, 25900),), "basis": Basis.PEOPLE}, None),
        ({"tiers": (Tier(10, 40000),)}, "tiers"),
        ({"capacity": 9, "basis": Basis.PEOPLE, "tiers": (Tier(1, 25900),)}, "capacity"),
        ({"capacity": 9}, "tiers"),
        ({"close_rule": CloseRule.FULL}, "capacity"),
        ({"close_rule": CloseRule.FULL, "capacity": 10}, None),
        ({"per_shopper": 0}, "per_shopper"),
        ({"days_open": 0}, "days_open"),
        ({"days_open": 91}, "days_open"),
        ({"options": ({"name": "", "values": ["Red"]},)}, "options"),
    ],
)
def test_a_draft_has_numbers_that_a_campaign_can_have(change, code):
    no = rules.why_not_draft(replace(DRAFT, **change))
    assert (no and no.code) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, None), ({"title": " x"}, "title"), ({"summary": " "}, "summary"), ({"state": C.OPEN}, "not_draft")],
)
def test_a_draft_is_handed_in_when_people_can_understand_it(change, code):
    no = rules.why_not_submit(Campaign(**{"state": C.DRAFT, **change}))
    assert (no and no.code) == code


@pytest.mark.parametrize(
    ("state", "operator", "starter"),
    [
        (C.DRAFT, None, None),
        (C.OPEN, None, None),
        (C.TIPPED, None, "tipped"),
        (C.SCHEDULED, None, "tipped"),
        (C.LIVE, None, "tipped"),
        (C.COMPLETED, "too_late", "too_late"),
        (C.EXPIRED, "too_late", "too_late"),
    ],
)
def test_operators_cancel_until_it_is_completed_and_starters_until_it_tips(state, operator, starter):
    campaign = Campaign(state=state)
    assert _code(rules.why_not_cancel(campaign, operator=True, starter=False)) == operator
    assert _code(rules.why_not_cancel(campaign, operator=False, starter=True)) == starter
    assert rules.why_not_cancel(campaign, operator=False, starter=False) is not None


def _code(no):
    return no and no.code


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Folding desk, 2nd edition", "folding-desk-2nd-edition-1"),
        ("Café crème", "cafe-creme-1"),
        ("咖啡机", "wish-1"),
        ("2024", "wish-1"),
        ("x" * 80, "x" * 60 + "-1"),
    ],
)
def test_addresses_are_readable_where_the_title_has_latin_words(title, slug):
    assert slug_for(title, 1) == slug


def test_addresses_of_campaigns_with_one_title_differ():
    assert slug_for("咖啡机", 35) == "wish-z"
    assert slug_for("咖啡机", 36) == "wish-10"
