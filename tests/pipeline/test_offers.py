"""Merchants register, change, hand in and withdraw offers; approvals are bound to what they saw."""

from datetime import UTC, timedelta, timezone

import pytest

from c2b.campaigns.states import CampaignState, Origin
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused, Stale
from c2b.demand.curve import Tier
from c2b.merchants.operations import suspend
from c2b.pipeline.engine import judge_by_machine
from c2b.pipeline.judging import visit_of
from c2b.pipeline.models import Offer
from c2b.pipeline.offer_content import hash_of
from c2b.pipeline.offer_rules import short_title
from c2b.pipeline.offers import (
    ask_again,
    campaigns_to_give_own_offer,
    change_offer,
    give_own_offer,
    offers_to_submit,
    own_offer_of_campaign,
    register_offer,
    submit_offer,
    submit_own_offer,
    withdraw_offer,
)
from c2b.pipeline.reminders import offers_to_lapse
from tests.factories import put_in_state
from tests.pipeline.offers_kit import draft, sound, wanted


@pytest.fixture
def campaign(make):
    return wanted(make)


@pytest.fixture
def merchant(make):
    return make.merchant()


@pytest.fixture
def by(merchant):
    return merchant.staff[0].user_id


def register(campaign, merchant, by, now, **more):
    return register_offer(draft(**more), campaign_id=campaign.id, merchant_id=merchant.id, by=by, now=now)


def test_a_registered_offer_is_a_draft_in_sign_up_until_that_closes(campaign, merchant, by, now, diary):
    offer = register(campaign, merchant, by, now)
    assert (offer.state, offer.due_at) == ("signup", offer.batch.signup_closes_at)
    assert visit_of(offer).stage == "signup"
    assert "offer.registered" in [kind for kind, _data in diary()]
    assert offers_to_lapse(offer.due_at - timedelta(seconds=1)) == []
    assert offers_to_lapse(offer.due_at + timedelta(seconds=1)) == [offer.id]


def test_only_a_certified_merchant_registers(make, campaign, merchant, by, now):
    suspend(merchant.id, "The goods were not what the sample was.", by=None, now=now)
    with pytest.raises(Refused, match="certified"):
        register(campaign, merchant, by, now)
    applied = make.merchant("applied")
    with pytest.raises(Refused, match="certified"):
        register(campaign, applied, applied.staff[0].user_id, now)


def test_nobody_registers_for_another_firm(make, campaign, merchant, now):
    with pytest.raises(NotFound):
        register(campaign, merchant, make.merchant().staff[0].user_id, now)


@pytest.mark.parametrize("state", [CampaignState.OPEN, CampaignState.AWARDED, CampaignState.SCHEDULED])
def test_only_campaigns_that_look_for_a_merchant_take_offers(make, merchant, by, now, state):
    with pytest.raises(Refused, match="look for a merchant"):
        register(wanted(make, state=state), merchant, by, now)


def test_sign_up_is_decided_by_the_clock(make, merchant, by, now):
    batch = make.batch()
    opens, closes = batch.opens_at, batch.signup_closes_at
    campaign = wanted(make, batch=batch)
    with pytest.raises(Refused, match="not opened"):
        register(campaign, merchant, by, opens - timedelta(microseconds=1))
    with pytest.raises(Refused, match="is closed"):
        register(campaign, merchant, by, closes)
    register(campaign, merchant, by, closes - timedelta(microseconds=1))


def test_a_campaign_without_a_batch_takes_no_offer_yet(make, merchant, by, now):
    with pytest.raises(Refused, match="not opened"):
        register(make.campaign(CampaignState.TIPPED), merchant, by, now)


def test_a_merchant_has_one_offer_for_a_campaign_and_may_try_again_after_withdrawing(
    campaign, merchant, by, now
):
    offer = register(campaign, merchant, by, now)
    with pytest.raises(Refused, match="already"):
        register(campaign, merchant, by, now)
    withdraw_offer(offer.id, by=by, now=now)
    assert register(campaign, merchant, by, now).id != offer.id


TIERS = tuple(Tier(10 + n, 200 - n) for n in range(7))
LIMITS = (
    ({"title": "x" * 26}, {"title": "x" * 27}),
    ({"title": "锅" * 26}, {"title": "  "}),
    ({"selling_line": "x" * 80}, {"selling_line": "x" * 81}),
    ({"pictures": ["demo/pot"] * 5}, {"pictures": ["demo/pot"] * 6}),
    ({"certificates": [{"file": "doc/a", "name": "a", "kind": "other"}] * 4},
     {"certificates": [{"file": "doc/a", "name": "a", "kind": "other"}] * 5}),
    ({"hs_code": "123456"}, {"hs_code": "12345"}),
    ({"hs_code": "1234567890"}, {"hs_code": "12345678901"}),
    ({"hs_code": ""}, {"hs_code": "12345x"}),
    ({"tiers": (Tier(10, 200), Tier(11, 199))}, {"tiers": (Tier(10, 200), Tier(11, 200))}),
    ({"tiers": TIERS[:6]}, {"tiers": TIERS}),
    ({"tiers": ()}, {"tiers": (Tier(0, 200),)}),
    ({"minimum": 10, "maximum": 10}, {"minimum": 10, "maximum": 9}),
    ({"minimum": 1}, {"minimum": 0}),
    ({"lead_days": 180}, {"lead_days": 181}),
    ({"lead_days": 1}, {"lead_days": 0}),
    ({"list_price": 1}, {"list_price": 0}),
    ({"lowest_price_7_days": None}, {"lowest_price_7_days": 0}),
)  # fmt: skip


def test_every_limit_of_a_draft_holds_at_its_edge(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now)
    for fits, does_not in LIMITS:
        change_offer(offer.id, draft(**fits), by=by, now=now)
        with pytest.raises(Refused):
            change_offer(offer.id, draft(**does_not), by=by, now=now)


def test_a_title_is_shortened_between_words():
    assert short_title("Enamelled cast-iron pot, 22 cm") == "Enamelled cast-iron pot"
    assert short_title("Walnut desk lamp, dimmable") == "Walnut desk lamp, dimmable"
    assert short_title("珐" * 30) == "珐" * 26
    assert short_title("A " + "x" * 30) == "A " + "x" * 24


def test_the_dates_are_in_their_order(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now)
    change_offer(offer.id, draft(launch_not_before=now, launch_not_after=now), by=by, now=now)
    wrong = draft(launch_not_before=now, launch_not_after=now - timedelta(seconds=1))
    with pytest.raises(Refused, match="before the first"):
        change_offer(offer.id, wrong, by=by, now=now)


def test_every_field_is_in_the_hash_and_the_same_content_has_the_same_one(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now)
    first = offer.content_hash
    seen = {first}
    for change in (
        {"title": "Other"}, {"selling_line": "Other."}, {"list_price": 39901}, {"lowest_price_7_days": 39901},
        {"tiers": (Tier(10, 25899), Tier(20, 23900))}, {"tiers": (Tier(11, 25900), Tier(20, 23900))}, {"minimum": 9},
        {"maximum": None}, {"per_shopper": 11}, {"lead_days": 21}, {"pictures": ["demo/pot"]}, {"origin": "VN"},
        {"options": [{"name": "Colour", "values": ["Red", "Blue"]}]}, {"hs_code": "732399"}, {"regions": ["CN"]},
        {"certificates": [{"file": "doc/a", "name": "a", "kind": "other"}]},
        {"launch_not_before": now}, {"launch_not_after": now},
    ):  # fmt: skip
        change_offer(offer.id, draft(**change), by=by, now=now)
        assert offer.content_hash not in seen, change
        seen.add(offer.content_hash)
    change_offer(offer.id, draft(), by=by, now=now)
    assert offer.content_hash == first


def test_the_hash_is_the_same_when_read_back_whatever_zone_the_dates_came_in(campaign, merchant, by, now):
    here = now.astimezone(timezone(timedelta(hours=8)))
    offer = register(campaign, merchant, by, now, launch_not_before=here)
    kept, offer_id = offer.content_hash, offer.id
    db.session.commit()
    db.session.expunge_all()
    again = db.session.get(Offer, offer_id)
    assert again.launch_not_before.tzinfo is UTC
    assert hash_of(again) == kept


def test_a_tier_may_come_back_with_another_price(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now)
    change_offer(offer.id, draft(tiers=(Tier(10, 25000), Tier(20, 24000))), by=by, now=now)
    db.session.commit()
    assert [(tier.from_quantity, tier.unit_price) for tier in offer.tiers] == [(10, 25000), (20, 24000)]


def test_a_colleagues_change_is_not_overwritten_unseen(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now)
    seen = offer.content_hash
    change_offer(offer.id, draft(title="Mine"), by=by, now=now, seen=seen)
    with pytest.raises(Stale, match="colleague"):
        change_offer(offer.id, draft(title="Yours"), by=by, now=now, seen=seen)


def test_a_submitted_offer_is_judged_as_it_is(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now)
    submit_offer(offer.id, by=by, now=now)
    assert (offer.state, offer.submitted_at) == ("machine_review", now)
    with pytest.raises(Refused, match="judged as it is"):
        change_offer(offer.id, draft(title="Other"), by=by, now=now)
    with pytest.raises(Refused, match="already"):
        submit_offer(offer.id, by=by, now=now)
    judge_by_machine(offer.id, now=now)
    assert offer.state in ("sample", "final_review")


def test_an_offer_without_tiers_is_not_handed_in(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now, tiers=())
    with pytest.raises(Refused, match="price tier"):
        submit_offer(offer.id, by=by, now=now)


def test_nothing_is_handed_in_when_sign_up_is_closed_or_the_firm_is_suspended(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now)
    with pytest.raises(Refused, match="is closed"):
        submit_offer(offer.id, by=by, now=offer.batch.signup_closes_at)
    suspend(merchant.id, "The goods were not what the sample was.", by=None, now=now)
    with pytest.raises(Refused, match="certified"):
        submit_offer(offer.id, by=by, now=now)


def test_what_waits_can_be_mended_and_is_judged_anew(campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now, lead_days=91)
    submit_offer(offer.id, by=by, now=now)
    judge_by_machine(offer.id, now=now)
    assert offer.state == "machine_review"
    assert visit_of(offer).waiting_for == offer.content_hash
    judge_by_machine(offer.id, now=now)
    assert offer.state == "machine_review", "it is not judged twice for the same content"
    change_offer(offer.id, draft(lead_days=92), by=by, now=now)
    judge_by_machine(offer.id, now=now)
    change_offer(offer.id, draft(lead_days=91), by=by, now=now)
    change_offer(offer.id, draft(lead_days=92), by=by, now=now)
    change_offer(offer.id, draft(lead_days=90), by=by, now=now)
    judge_by_machine(offer.id, now=now)
    assert offer.state in ("sample", "final_review")


def test_the_machine_looks_again_when_demand_has_grown(make, campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now, tiers=(Tier(13, 25900),), minimum=13)
    submit_offer(offer.id, by=by, now=now)
    judge_by_machine(offer.id, now=now)
    assert offer.state == "machine_review"
    make.pledge(campaign, quantity=1)
    ask_again(offer.id, by=by, now=now)
    judge_by_machine(offer.id, now=now)
    assert offer.state in ("sample", "final_review")
    with pytest.raises(Refused, match="does not wait"):
        ask_again(offer.id, by=by, now=now)


def test_another_firm_touches_nothing(make, campaign, merchant, by, now):
    offer = register(campaign, merchant, by, now)
    other = make.merchant().staff[0].user_id
    for act in (
        lambda: change_offer(offer.id, draft(), by=other, now=now),
        lambda: submit_offer(offer.id, by=other, now=now),
        lambda: withdraw_offer(offer.id, by=other, now=now),
        lambda: ask_again(offer.id, by=other, now=now),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_offer_is_withdrawn_until_it_is_chosen(make, now):
    for stage, allowed in (("signup", True), ("final_review", True), ("scheduling", False)):
        offer = make.at_stage(sound(make, title=f"Pot {stage}"), stage)
        if allowed:
            withdraw_offer(offer.id, by=offer.created_by, now=now)
            assert (offer.state, visit_of(offer)) == ("withdrawn", None)
        else:
            with pytest.raises(Refused, match="cannot be withdrawn"):
                withdraw_offer(offer.id, by=offer.created_by, now=now)


def own_campaign(make, merchant, state=CampaignState.OPEN):
    return make.campaign(
        state,
        threshold=10,
        tiers=((10, 25900), (20, 23900)),
        origin=Origin.MERCHANT,
        merchant_id=merchant.id,
        starter_id=merchant.staff[0].user_id,
        title="A pot of our own that has a long name",
        capacity=500,
    )


def test_a_merchants_campaign_carries_its_own_offer_and_hands_it_in_when_it_tips(make, merchant, now):
    campaign = own_campaign(make, merchant)
    other = make.campaign()
    assert campaigns_to_give_own_offer(now) == [campaign.id]
    offer = give_own_offer(campaign.id, now=now)
    assert own_offer_of_campaign(campaign.id) is offer
    assert own_offer_of_campaign(other.id) is None
    assert (offer.state, offer.title, offer.maximum) == ("signup", "A pot of our own that has", 500)
    assert [(tier.from_quantity, tier.unit_price) for tier in offer.tiers] == [(10, 25900), (20, 23900)]
    assert give_own_offer(campaign.id, now=now).id == offer.id
    assert campaigns_to_give_own_offer(now) == []
    assert offers_to_submit(now) == []

    for _n in range(4):
        make.pledge(campaign, quantity=3)
    put_in_state(campaign, CampaignState.TIPPED, now, tipped_at=now)
    assert offers_to_submit(now) == [], "it has no batch yet"
    batch = make.batch()
    make.entry(campaign, batch)
    assert offers_to_submit(batch.signup_closes_at) == []
    assert offers_to_submit(now) == [offer.id]
    submit_own_offer(offer.id, now=now)
    assert (offer.state, offer.batch_id) == ("machine_review", batch.id)
    assert offers_to_submit(now) == []
    submit_own_offer(offer.id, now=now)
