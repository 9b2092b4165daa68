"""Batches open by themselves; campaigns join, are awarded, try again once, and fail."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.core.errors import Refused
from c2b.pipeline.batches import (
    award,
    campaigns_to_award,
    campaigns_to_join,
    campaigns_without_winner,
    ensure_batches,
    entry_of,
    join_batch,
    open_batch,
    replace_winner,
)
from c2b.pipeline.engine import end_offer, give_verdict
from c2b.pipeline.models import Award, Batch, BatchEntry, Place, Slot
from c2b.pipeline.rhythm import Rhythm, dates_of, latest_opening, slot_times
from c2b.pipeline.scheduling import book_place
from c2b.pipeline.stage import Ruling
from tests.factories import put_in_state

DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_batch_opens_on_monday_morning_of_the_site():
    monday = datetime(2025, 5, 19, 10, tzinfo=SHANGHAI)
    assert latest_opening(monday, SHANGHAI) == monday
    assert latest_opening(monday - timedelta(seconds=1), SHANGHAI) == monday - 7 * DAY
    assert latest_opening(datetime(2025, 5, 25, 16, tzinfo=UTC), SHANGHAI) == monday


def test_the_clock_change_moves_no_launch_hour():
    berlin = ZoneInfo("Europe/Berlin")
    opening = latest_opening(datetime(2025, 3, 12, tzinfo=UTC), berlin)
    hours = {at.astimezone(berlin).hour for at in slot_times(dates_of(opening), berlin)}
    assert hours == {10, 20}


def test_the_first_batch_has_its_dates_and_two_slots_a_day_with_six_places(app, now):
    batch = ensure_batches(now)
    assert batch.number == 1
    assert batch.opens_at <= now < batch.signup_closes_at
    assert batch.signup_closes_at - batch.opens_at == 7 * DAY
    assert (batch.review_at - batch.signup_closes_at, batch.launch_until - batch.launch_from) == (
        10 * DAY,
        7 * DAY,
    )
    slots = db.session.scalars(select(Slot).where(Slot.batch_id == batch.id)).all()
    assert len(slots) == 14
    assert all(batch.launch_from <= slot.opens_at < batch.launch_until for slot in slots)
    assert db.session.scalar(select(func.count()).select_from(Place)) == 14 * 6


def test_asking_twice_in_a_week_opens_one_batch(app, now):
    assert ensure_batches(now).id == ensure_batches(now + 2 * DAY).id


def test_a_month_without_a_clock_opens_one_batch_for_the_present_week_and_finishes_the_old_one(app, now):
    old = ensure_batches(now)
    new = ensure_batches(now + 30 * DAY)
    assert new.number == 2
    assert new.opens_at <= now + 30 * DAY < new.signup_closes_at
    assert old.state == "finished"


def test_a_batch_is_decided_only_when_each_of_its_campaigns_is(make, now):
    batch = ensure_batches(now)
    campaign = make.campaign(CampaignState.SOURCING)
    make.entry(campaign, batch)
    ensure_batches(batch.review_at)
    assert batch.state == "review"
    put_in_state(campaign, CampaignState.FAILED, now)
    ensure_batches(batch.review_at)
    assert batch.state == "decided"


def test_a_tipped_campaign_joins_the_open_batch_once(make, now, diary):
    batch = ensure_batches(now)
    campaign, still_open = make.campaign(CampaignState.TIPPED), make.campaign(CampaignState.OPEN)
    offer = make.offer(campaign)
    assert campaigns_to_join(now) == [campaign.id]
    entry = join_batch(campaign.id, now=now)
    assert join_batch(campaign.id, now=now).id == entry.id
    db.session.refresh(offer)
    assert offer.batch_id == batch.id
    assert campaigns_to_join(now) == []
    with pytest.raises(Refused):
        join_batch(still_open.id, now=now)


def test_a_campaign_that_tips_shortly_before_sign_up_closes_waits_for_the_next_batch(make, now):
    batch = ensure_batches(now)
    make.campaign(CampaignState.TIPPED)
    assert campaigns_to_join(batch.signup_closes_at - DAY) == []
    ensure_batches(batch.signup_closes_at)
    assert len(campaigns_to_join(batch.signup_closes_at)) == 1


@pytest.fixture
def contest(make, now):
    """A campaign in sourcing with three offers that passed the final review; the cheap one gains most."""
    batch = ensure_batches(now)
    campaign = make.campaign(CampaignState.SOURCING, threshold=4, expected_price=20000)
    for ceiling in (20000, 20000, 21000, 22000, 25000):
        make.pledge(campaign, ceiling=ceiling)
    make.entry(campaign, batch)
    offers = [
        make.at_stage(make.offer(campaign, tiers=((1, price),), batch=batch), "scheduling")
        for price in (19000, 15000, 17000)
    ]
    return campaign, batch, offers


def test_the_offer_that_shoppers_gain_most_from_wins_and_the_second_stands_by(contest, now):
    campaign, batch, (dear, cheap, middle) = contest
    assert campaigns_to_award(now) == []
    assert campaigns_to_award(batch.signup_closes_at) == [campaign.id]
    awarded = award(campaign.id, now=batch.signup_closes_at)
    assert (awarded.offer_id, awarded.runner_up_id) == (cheap.id, middle.id)
    assert [dear.state, cheap.state, middle.state] == ["not_chosen", "scheduling", "runner_up"]
    assert cheap.gain > middle.gain > dear.gain > 0
    assert (campaign.state, campaign.merchant_id) == ("awarded", cheap.merchant_id)
    assert campaigns_to_award(batch.review_at) == []


def test_while_an_offer_is_pending_the_award_waits_for_the_review_day(make, contest, now):
    campaign, batch, _offers = contest
    pending = make.at_stage(make.offer(campaign, batch=batch), "final_review")
    assert campaigns_to_award(batch.review_at - DAY) == []
    assert award(campaign.id, now=batch.review_at - DAY) is None
    assert campaigns_to_award(batch.review_at) == [campaign.id]
    award(campaign.id, now=batch.review_at)
    assert pending.state == "lapsed"


def test_late_reviewers_do_not_cost_a_campaign_its_only_offer(make, now):
    batch = ensure_batches(now)
    campaign = make.campaign(CampaignState.SOURCING)
    make.pledge(campaign)
    make.entry(campaign, batch)
    make.at_stage(make.offer(campaign, batch=batch), "final_review")
    assert campaigns_to_award(batch.review_at + DAY) == []
    assert campaigns_to_award(batch.launch_from) == [campaign.id]


def test_an_offer_whose_prices_nobody_meets_never_wins(make, now):
    batch = ensure_batches(now)
    campaign = make.campaign(CampaignState.SOURCING, threshold=1, expected_price=20000)
    make.pledge(campaign)
    make.entry(campaign, batch)
    out_of_reach = make.at_stage(make.offer(campaign, tiers=((50, 100),), batch=batch), "scheduling")
    ensure_batches(batch.signup_closes_at)
    assert award(campaign.id, now=batch.signup_closes_at) is None
    assert out_of_reach.state == "not_chosen"


def test_without_an_offer_it_tries_the_next_batch_once_and_then_fails(make, now):
    first = ensure_batches(now)
    campaign = make.campaign(CampaignState.SOURCING)
    pledge = make.pledge(campaign)
    join_batch(campaign.id, now=now)
    second = ensure_batches(first.signup_closes_at)
    award(campaign.id, now=first.signup_closes_at)
    assert entry_of(campaign.id).batch_id == second.id
    assert campaign.state == "sourcing"
    assert campaigns_to_award(first.signup_closes_at) == []
    ensure_batches(second.signup_closes_at)
    award(campaign.id, now=second.signup_closes_at)
    db.session.refresh(pledge)
    assert (campaign.state, pledge.state) == ("failed", "released")
    assert db.session.scalar(select(func.count()).select_from(BatchEntry)) == 2


def test_the_second_try_waits_until_a_batch_is_open(make, now):
    batch = ensure_batches(now)
    campaign = make.campaign(CampaignState.SOURCING)
    join_batch(campaign.id, now=now)
    assert open_batch(batch.signup_closes_at) is None
    award(campaign.id, now=batch.signup_closes_at)
    assert campaigns_to_award(batch.signup_closes_at) == [campaign.id]
    ensure_batches(batch.signup_closes_at)
    award(campaign.id, now=batch.signup_closes_at)
    assert campaigns_to_award(batch.signup_closes_at) == []


@pytest.mark.parametrize("booked", [False, True])
def test_when_the_winner_falls_out_the_runner_up_takes_over(make, contest, now, booked):
    campaign, batch, (_dear, cheap, middle) = contest
    when = batch.review_at
    award(campaign.id, now=when)
    if booked:
        slot = db.session.scalar(
            select(Slot).where(Slot.batch_id == batch.id).order_by(Slot.opens_at).limit(1)
        )
        book_place(slot.id, campaign.id, by=make.operator().id, now=when)
        assert campaign.state == "scheduled"
    end_offer(cheap, "withdrawn", by=cheap.created_by, now=when)
    assert campaigns_without_winner(when) == [campaign.id]
    replaced = replace_winner(campaign.id, now=when)
    assert (replaced.offer_id, replaced.runner_up_id) == (middle.id, None)
    assert (campaign.state, campaign.merchant_id, middle.state) == (
        "awarded",
        middle.merchant_id,
        "scheduling",
    )
    assert db.session.scalar(select(func.count()).where(Place.campaign_id.is_not(None))) == 0
    assert campaigns_without_winner(when) == []


def test_when_nobody_stands_by_it_goes_to_the_next_batch(contest, now):
    campaign, batch, (_dear, cheap, middle) = contest
    when = batch.review_at
    award(campaign.id, now=when)
    end_offer(middle, "withdrawn", by=None, now=when)
    end_offer(cheap, "withdrawn", by=None, now=when)
    ensure_batches(when)
    assert replace_winner(campaign.id, now=when) is None
    assert db.session.get(Award, campaign.id) is None
    assert campaign.state == "sourcing"
    assert entry_of(campaign.id).attempt == 2


def test_the_award_of_a_sound_winner_is_left_alone(make, contest, now):
    campaign, batch, (_dear, cheap, _middle) = contest
    award(campaign.id, now=batch.review_at)
    assert replace_winner(campaign.id, now=batch.review_at).offer_id == cheap.id


def test_another_rhythm_is_another_value():
    daily = Rhythm(signup=DAY, samples=DAY, review=DAY, pause=DAY, launches=DAY, slot_hours=(12,))
    dates = dates_of(datetime(2025, 5, 19, tzinfo=UTC), daily)
    assert dates.launch_until - dates.opens_at == 5 * DAY
    assert len(list(slot_times(dates, SHANGHAI, daily))) == 1


def test_an_offer_of_the_first_batch_is_judged_in_it_alone(make, contest, now):
    """Only the people of the final review send an offer on; the award then finds it."""
    campaign, batch, _offers = contest
    late = make.at_stage(make.offer(campaign, tiers=((1, 10000),), batch=batch), "final_review")
    for _reviewer in range(2):
        give_verdict(late.id, Ruling.PASS, "", by=make.reviewer().id, now=batch.review_at - DAY)
    assert award(campaign.id, now=batch.review_at).offer_id == late.id


def test_batches_are_numbered_in_their_order(app, now):
    for week in range(3):
        ensure_batches(now + week * 7 * DAY)
    assert db.session.scalars(select(Batch.number).order_by(Batch.opens_at)).all() == [1, 2, 3]
