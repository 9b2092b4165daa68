"""Places in slots: booked by an operator, given back, proposed with reasons."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.core.errors import Refused
from c2b.core.outbox import Notice
from c2b.merchants.models import MerchantStaff
from c2b.merchants.states import Post
from c2b.pipeline.batches import award, ensure_batches
from c2b.pipeline.engine import give_verdict
from c2b.pipeline.judging import visit_of
from c2b.pipeline.models import Place, Slot
from c2b.pipeline.schedule_options import conflicts, open_slots
from c2b.pipeline.schedule_queries import slots_between
from c2b.pipeline.scheduling import (
    backlog,
    book_place,
    give_back_place,
    move_place,
    propose,
    propose_all,
    wish_of,
)
from c2b.pipeline.stage import Ruling

DAY = timedelta(days=1)


@pytest.fixture
def batch(app, now):
    return ensure_batches(now)


@pytest.fixture
def awarded(make, batch, now):
    """Make campaigns with a chosen offer and no date."""

    def one(category="home", *, price=15000, **dates):
        campaign = make.campaign(CampaignState.SOURCING, threshold=1, expected_price=20000, category=category)
        make.pledge(campaign)
        make.entry(campaign, batch)
        offer = make.at_stage(make.offer(campaign, tiers=((1, price),), batch=batch, **dates), "scheduling")
        award(campaign.id, now=batch.signup_closes_at)
        db.session.commit()
        return offer

    return one


@pytest.fixture
def slots(batch):
    return db.session.scalars(select(Slot).where(Slot.batch_id == batch.id).order_by(Slot.opens_at)).all()


def held(slot):
    return db.session.scalar(
        select(func.count()).where(Place.slot_id == slot.id, Place.campaign_id.is_not(None))
    )


def test_a_booking_is_the_verdict_that_sends_the_offer_to_its_launch(make, awarded, slots, now, diary):
    offer, otto = awarded(), make.operator()
    place = book_place(slots[0].id, offer.campaign_id, by=otto.id, now=now)
    assert (place.campaign_id, place.booked_by) == (offer.campaign_id, otto.id)
    assert (offer.state, offer.campaign.state) == ("launch", "scheduled")
    assert ("slot.booked", {"campaign_id": offer.campaign_id, "place": 1}) in diary()
    kinds = set(db.session.scalars(select(Notice.kind)))
    assert {"campaign_scheduled", "offer_scheduled"} <= kinds
    assert backlog() == []


def test_only_an_awarded_campaign_without_a_date_can_be_placed(make, awarded, slots, now):
    otto, offer = make.operator(), awarded()
    other = make.campaign(CampaignState.SOURCING)
    with pytest.raises(Refused, match="merchant is chosen"):
        book_place(slots[0].id, other.id, by=otto.id, now=now)
    book_place(slots[0].id, offer.campaign_id, by=otto.id, now=now)
    with pytest.raises(Refused, match="no date yet"):
        book_place(slots[1].id, offer.campaign_id, by=otto.id, now=now)


def test_nobody_schedules_goods_of_their_own_firm(make, awarded, slots, now):
    otto, offer = make.operator(), awarded()
    db.session.add(MerchantStaff(merchant_id=offer.merchant_id, user_id=otto.id, post=Post.EDITOR, since=now))
    db.session.commit()
    with pytest.raises(Refused, match="firm that competes"):
        book_place(slots[0].id, offer.campaign_id, by=otto.id, now=now)
    db.session.rollback()
    assert held(slots[0]) == 0


def test_a_reviewer_cannot_give_a_date(make, awarded, slots, now):
    offer = awarded()
    with pytest.raises(Refused, match="Operator"):
        book_place(slots[0].id, offer.campaign_id, by=make.reviewer().id, now=now)


def test_the_verdict_page_cannot_pass_it_without_a_place(make, awarded, now):
    offer = awarded()
    with pytest.raises(Refused, match="Give it a place"):
        give_verdict(offer.id, Ruling.PASS, "", by=make.operator().id, now=now)


def test_a_slot_that_has_opened_takes_nobody(make, awarded, slots):
    offer = awarded()
    with pytest.raises(Refused, match="opened already"):
        book_place(slots[0].id, offer.campaign_id, by=make.operator().id, now=slots[0].opens_at)


def test_the_merchants_dates_are_kept(make, awarded, slots, now):
    offer = awarded(launch_not_before=slots[3].opens_at, launch_not_after=slots[5].opens_at)
    for slot, words in ((slots[2], "can launch from"), (slots[6], "can launch until")):
        with pytest.raises(Refused, match=words):
            book_place(slot.id, offer.campaign_id, by=make.operator().id, now=now)
        db.session.rollback()
    book_place(slots[4].id, offer.campaign_id, by=make.operator().id, now=now)


def test_one_category_gets_at_most_half_of_a_slot(make, awarded, slots, now):
    otto = make.operator()
    for _n in range(3):
        book_place(slots[0].id, awarded("food").campaign_id, by=otto.id, now=now)
    fourth = awarded("food")
    with pytest.raises(Refused, match="Half of its places"):
        book_place(slots[0].id, fourth.campaign_id, by=otto.id, now=now)
    book_place(slots[0].id, awarded("home").campaign_id, by=otto.id, now=now)
    assert held(slots[0]) == 4


def test_a_place_that_is_given_back_can_be_had_again(make, awarded, slots, now):
    otto, offer = make.operator(), awarded()
    book_place(slots[0].id, offer.campaign_id, by=otto.id, now=now)
    give_back_place(offer.campaign_id, by=otto.id, now=now)
    assert (offer.state, offer.campaign.state, visit_of(offer).stage) == (
        "scheduling",
        "awarded",
        "scheduling",
    )
    assert held(slots[0]) == 0
    assert book_place(slots[0].id, offer.campaign_id, by=otto.id, now=now).number == 1
    assert offer.state == "launch"


def test_a_date_is_not_taken_back_once_the_slot_has_opened(make, awarded, slots, now):
    otto, offer = make.operator(), awarded()
    book_place(slots[0].id, offer.campaign_id, by=otto.id, now=now)
    with pytest.raises(Refused, match="launch has begun"):
        give_back_place(offer.campaign_id, by=otto.id, now=slots[0].opens_at)
    db.session.rollback()
    with pytest.raises(Refused, match="no launch date"):
        give_back_place(awarded().campaign_id, by=otto.id, now=now)


def test_a_proposal_changes_nothing_and_can_be_booked_as_it_is(make, awarded, batch, now):
    offers = [awarded("home", price=10000), awarded("home", price=19000), awarded("food")]
    plan = propose(batch.id, now)
    assert [one.campaign_id for one in plan] == [offers[i].campaign_id for i in (0, 2, 1)]
    assert len({one.slot_id for one in plan}) == 3
    assert all(one.reason for one in plan)
    assert db.session.scalar(select(func.count()).where(Place.campaign_id.is_not(None))) == 0
    for one in plan:
        book_place(one.slot_id, one.campaign_id, by=make.operator().id, now=now)
    assert propose(batch.id, now) == []


def test_when_the_batch_has_no_slot_left_later_ones_are_proposed(awarded, batch):
    awarded()
    later = ensure_batches(batch.launch_until)
    [one] = propose(batch.id, batch.launch_until)
    assert db.session.get(Slot, one.slot_id).batch_id == later.id


@pytest.mark.parametrize("week", ["9999-12-31", "0001-01-01", "2025-13-40", "x", "１"])
def test_a_week_that_nobody_can_mean_shows_one_that_can_be(client, make, sign_in, week):
    sign_in(client, make.operator())
    assert client.get(f"/schedule?w={week}").status_code == 200


def test_all_batches_are_looked_at_together_and_no_place_is_proposed_twice(make, awarded, now, slots):
    offers = [awarded(category=category) for category in ("home", "home", "bags")]
    plan = propose_all(now)
    assert {one.campaign_id for one in plan} == {offer.campaign_id for offer in offers}
    assert len({one.slot_id for one in plan}) == 3  # an empty slot for each
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(Place.campaign_id.is_not(None))) == 0


def test_a_launch_is_moved_whole_or_not_at_all(make, awarded, slots, now):
    offer, otto = awarded(), make.operator()
    book_place(slots[0].id, offer.campaign_id, by=otto.id, now=now)
    move_place(offer.campaign_id, slots[3].id, by=otto.id, now=now)
    db.session.commit()
    assert (held(slots[0]), held(slots[3]), offer.campaign.state) == (0, 1, "scheduled")
    with pytest.raises(Refused):
        move_place(offer.campaign_id, slots[1].id, by=otto.id, now=slots[2].opens_at)
    db.session.rollback()
    assert (held(slots[1]), held(slots[3])) == (0, 1)


def test_twins_in_one_slot_are_named_with_a_better_date_for_the_later_one(make, awarded, slots, now):
    first, second, otto = awarded(), awarded(), make.operator()
    for offer in (first, second):
        book_place(slots[0].id, offer.campaign_id, by=otto.id, now=now)
    db.session.commit()
    views = slots_between(slots[0].opens_at, slots[-1].opens_at, now)
    [found] = conflicts(views, now)
    assert [one.id for one in found.campaigns] == [first.campaign_id, second.campaign_id]
    assert (found.moved.id, found.to.id) == (second.campaign_id, slots[1].id)
    third = awarded()
    offered = open_slots(wish_of(third), now)
    assert [one.best for one in offered].count(True) == 1
    assert all(one.free for one in offered)
