"""How a campaign ends its open time: late jobs, early closes, conditional demand, and who is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.campaigns import operations
from c2b.campaigns.categories import Category
from c2b.campaigns.closing import (
    campaigns_to_close,
    campaigns_to_warm,
    refresh_heat,
)
from c2b.campaigns.closing import close_campaigns as close_by_set
from c2b.campaigns.models import Pledge
from c2b.campaigns.operations import CampaignDraft, follow
from c2b.campaigns.pledging import place_pledge, place_pledges
from c2b.campaigns.states import Basis, CampaignState, Origin, PledgeState
from c2b.campaigns.telling import campaigns_closing_soon, campaigns_to_tell
from c2b.campaigns.terms import terms_hash, terms_of
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused
from c2b.core.outbox import Notice
from jobs import close_campaigns, remind_closing, tell_tipped
from jobs import refresh_heat as heat_job
from tests.campaigns.asking import ask

C = CampaignState
WEEK = timedelta(days=7, seconds=1)


def told(kind):
    """Who got a notice of this kind."""
    return sorted(db.session.scalars(select(Notice.user_id).where(Notice.kind == kind)).all())


def draft(**more):
    values = {
        "title": "咖啡机",
        "category": Category.HOME,
        "list_price": 39900,
        "expected_price": 25900,
        "threshold": 5,
    }
    return CampaignDraft(**{**values, "summary": "A small one.", **more})


def test_a_campaign_with_too_few_expires_releases_and_tells_everyone_once(make, now, diary):
    campaign, shopper, follower = make.campaign(threshold=5), make.shopper(), make.user()
    pledge = place_pledge(campaign.id, ask(campaign, shopper, 2), now=now)
    follow(campaign.id, follower.id, now=now)
    db.session.commit()
    for _again in range(2):
        close_campaigns.run(now + WEEK)
    assert (campaign.state, campaign.closed_at) == (C.EXPIRED, campaign.closes_at)
    assert pledge.state == PledgeState.RELEASED
    assert told("campaign_expired") == sorted([shopper.id, follower.id])
    assert (campaign.people, campaign.units) == (1, 2)
    assert [kind for kind, _ in diary()].count("campaign.expired") == 1


def test_a_tipped_campaign_is_sourced_at_its_deadline_and_not_before(make, now):
    campaign = make.campaign(threshold=1)
    place_pledge(campaign.id, ask(campaign, make.shopper()), now=now)
    assert campaigns_to_close(campaign.closes_at) == []
    close_by_set([campaign.id], now=campaign.closes_at)
    assert campaign.state == C.TIPPED
    close_by_set([campaign.id], now=now + WEEK)
    assert (campaign.state, campaign.closed_at) == (C.SOURCING, campaign.closes_at)
    assert campaigns_to_close(now + WEEK) == []


def test_conditional_demand_tips_a_campaign_at_its_deadline(make, now):
    campaign = make.campaign(threshold=2, tiers=((2, 25900), (6, 19900)))
    place_pledges(campaign.id, [ask(campaign, make.shopper(), 3, ceiling=20000) for _ in range(2)], now=now)
    close_by_set([campaign.id], now=now + WEEK)
    assert (campaign.state, campaign.tip_by_demand, campaign.tipped_at) == (
        C.SOURCING,
        True,
        campaign.closes_at,
    )


def test_what_shoppers_would_also_take_helps_at_the_deadline(make, now):
    campaign = make.campaign(threshold=5)
    place_pledge(campaign.id, ask(campaign, make.shopper(), 3, tolerance=2), now=now)
    assert campaign.state == C.OPEN
    close_by_set([campaign.id], now=now + WEEK)
    assert campaign.state == C.SOURCING


def test_a_threshold_of_people_is_not_met_by_units(make, now):
    campaign = make.campaign(threshold=3, basis=Basis.PEOPLE, tiers=((1, 25900),))
    place_pledges(campaign.id, [ask(campaign, make.shopper(), 9) for _ in range(2)], now=now)
    close_by_set([campaign.id], now=now + WEEK)
    assert campaign.state == C.EXPIRED


def test_everyone_is_told_once_that_it_is_on(make, now):
    campaign, follower = make.campaign(threshold=2), make.user()
    shoppers = [make.shopper() for _ in range(2)]
    follow(campaign.id, follower.id, now=now)
    place_pledges(campaign.id, [ask(campaign, shopper) for shopper in shoppers], now=now)
    db.session.commit()
    assert campaigns_to_tell(now) == [campaign.id]
    for _again in range(2):
        tell_tipped.run(now)
    assert told("campaign_tipped") == sorted([follower.id, *(shopper.id for shopper in shoppers)])
    assert campaigns_to_tell(now) == []


def test_everyone_is_reminded_once_48_hours_before_it_closes(make, now):
    campaign, short = make.campaign(), make.campaign(closes_at=now + timedelta(days=1))
    shopper = make.shopper()
    place_pledge(campaign.id, ask(campaign, shopper), now=now)
    place_pledge(short.id, ask(short, shopper), now=now)
    db.session.commit()
    soon = campaign.closes_at - timedelta(hours=48)
    assert campaigns_closing_soon(soon - timedelta(seconds=1)) == []
    for _again in range(2):
        remind_closing.run(soon)
    assert told("campaign_closing_soon") == [shopper.id]
    assert campaigns_closing_soon(soon) == []


def test_who_joined_is_led_to_the_change_and_who_follows_is_not(make, now):
    campaign, joined, following = make.campaign(threshold=9), make.shopper(), make.user()
    place_pledge(campaign.id, ask(campaign, joined), now=now)
    for user in (joined, following):
        follow(campaign.id, user.id, now=now)
    db.session.commit()
    remind_closing.run(campaign.closes_at - timedelta(hours=48))
    rows = db.session.execute(
        select(Notice.user_id, Notice.data).where(Notice.kind == "campaign_closing_soon").order_by(Notice.id)
    )
    leads = {user_id: data.get("change") for user_id, data in rows}
    assert leads == {joined.id: f"/c/{campaign.slug}/change", following.id: None}


def test_heat_is_counted_again_until_it_is_quiet(make, now):
    campaign = make.campaign(threshold=100)
    place_pledges(campaign.id, [ask(campaign, make.shopper(), 2) for _ in range(5)], now=now)
    db.session.commit()
    heat_job.run(now + timedelta(hours=1))
    assert (campaign.joined_last_day, campaign.heat_score) == (5, 50 + 500)
    heat_job.run(now + timedelta(hours=30))
    assert (campaign.joined_last_day, campaign.heat_score, campaign.heat) == (0, 50, 1)
    assert campaigns_to_warm(now + timedelta(days=3)) == []
    refresh_heat(10**9, now=now)


def test_a_wish_goes_from_draft_to_open_and_keeps_its_terms_in_the_diary(make, now, diary):
    starter, otto = make.user(), make.operator()
    campaign = operations.start_campaign(draft(), starter_id=starter.id, origin=Origin.SHOPPER, now=now)
    assert campaign.slug.startswith("wish-")
    assert [(tier.from_quantity, tier.unit_price) for tier in campaign.tiers] == [(5, 25900)]
    changed = draft(title="Coffee machine", threshold=7)
    operations.change_campaign(campaign.id, changed, by=starter.id, now=now)
    operations.submit_campaign(campaign.id, by=starter.id, now=now)
    operations.approve_campaign(campaign.id, by=otto.id, now=now)

    assert campaign.slug.startswith("coffee-machine-")
    assert (campaign.state, campaign.opened_at, campaign.closes_at) == (C.OPEN, now, now + timedelta(days=14))
    kind, data = diary()[-1]
    assert (kind, data["terms"]) == ("campaign.open", terms_of(campaign))
    db.session.expire_all()
    assert terms_hash(campaign) == terms_hash(campaign)
    assert told("campaign_approved") == [starter.id]


def test_a_draft_is_changed_by_its_starter_alone_and_only_while_it_is_one(make, now):
    starter = make.user()
    campaign = operations.start_campaign(draft(), starter_id=starter.id, origin=Origin.SHOPPER, now=now)
    with pytest.raises(NotFound):
        operations.change_campaign(campaign.id, draft(), by=make.user().id, now=now)
    with pytest.raises(Refused, match="no more than the list price"):
        operations.change_campaign(campaign.id, draft(expected_price=50000), by=starter.id, now=now)
    operations.submit_campaign(campaign.id, by=starter.id, now=now)
    with pytest.raises(Refused, match="Only a draft"):
        operations.change_campaign(campaign.id, draft(), by=starter.id, now=now)


def test_a_wish_is_sent_back_or_turned_down_with_a_reason(make, now):
    starter, otto = make.user(), make.operator()
    campaign = operations.start_campaign(draft(), starter_id=starter.id, origin=Origin.SHOPPER, now=now)
    operations.submit_campaign(campaign.id, by=starter.id, now=now)
    with pytest.raises(Refused, match="Give a reason"):
        operations.reject_campaign(campaign.id, " ", by=otto.id, now=now)
    operations.send_back(campaign.id, "Say which size.", by=otto.id, now=now)
    assert campaign.state == C.DRAFT
    operations.submit_campaign(campaign.id, by=starter.id, now=now + timedelta(hours=1))
    operations.reject_campaign(
        campaign.id, "Not for sale anywhere.", by=otto.id, now=now + timedelta(hours=2)
    )
    assert (campaign.state, campaign.reason) == (C.REJECTED, "Not for sale anywhere.")
    assert told("campaign_rejected") == [starter.id, starter.id]


def test_a_cancelled_campaign_releases_and_tells_everyone_why(make, now):
    campaign, shopper = make.campaign(), make.shopper()
    pledge = place_pledge(campaign.id, ask(campaign, shopper), now=now)
    with pytest.raises(NotFound):
        operations.cancel_campaign(campaign.id, "No.", by=shopper.id, now=now)
    operations.cancel_campaign(campaign.id, "I found one.", by=campaign.starter_id, now=now)
    assert (campaign.state, campaign.reason, campaign.closed_at) == (C.CANCELLED, "I found one.", now)
    assert pledge.state == PledgeState.RELEASED
    assert told("campaign_cancelled") == sorted([shopper.id, campaign.starter_id])


def test_only_an_operator_cancels_once_it_has_tipped(make, now):
    campaign = make.campaign(threshold=1)
    place_pledge(campaign.id, ask(campaign, make.shopper()), now=now)
    with pytest.raises(Refused, match="only our staff"):
        operations.cancel_campaign(campaign.id, "Oh.", by=campaign.starter_id, now=now)
    operations.cancel_campaign(campaign.id, "Recalled by its maker.", by=make.operator().id, now=now)
    assert campaign.state == C.CANCELLED


def test_a_failed_campaign_releases_what_was_set_aside_too(make, now):
    campaign = make.campaign(threshold=2)
    answers = place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(2)], now=now)
    close_by_set([campaign.id], now=now + WEEK)
    operations.advance(campaign.id, C.AWARDED, by=None, now=now, merchant_id=make.merchant().id)
    operations.advance(campaign.id, C.SCHEDULED, by=None, now=now)
    operations.set_aside(campaign.id, {answers[0].pledge_id: 1}, [], [], now=now)
    operations.fail_campaign(campaign.id, "Too few could pay.", by=None, now=now)
    assert campaign.state == C.FAILED
    states = db.session.scalars(select(Pledge.state).where(Pledge.campaign_id == campaign.id)).all()
    assert states == [PledgeState.RELEASED] * 2
    assert len(told("campaign_failed")) == 3
    assert (campaign.people, campaign.counted_units) == (2, 2)


def test_following_twice_is_following_once(make, now):
    campaign, user = make.campaign(), make.user()
    for _again in range(2):
        operations.follow(campaign.id, user.id, now=now)
    operations.cancel_campaign(campaign.id, "Gone.", by=None, now=now)
    assert user.id in told("campaign_cancelled")
    operations.unfollow(campaign.id, user.id)
    operations.unfollow(campaign.id, user.id)
