"""Samples: who must send one and why, the parcel's way, and what keeps an offer alive."""

from datetime import timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from c2b.campaigns.states import CampaignState, Fulfilment
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused
from c2b.core.events import history
from c2b.core.outbox import Notice
from c2b.merchants.models import MerchantStaff
from c2b.merchants.states import Grade, Post
from c2b.pipeline.engine import due_for_machine, judge_by_machine
from c2b.pipeline.models import Sample, VerdictLine
from c2b.pipeline.reminders import lapse_offer, offers_to_lapse
from c2b.pipeline.sample_rules import WHYS, checklist, why_in_words, why_none, why_sample
from c2b.pipeline.samples import (
    ON_ITS_WAY,
    inspect_sample,
    receive_sample,
    remind_sample,
    sample_of,
    samples_to_remind,
    send_sample,
)

DAY = timedelta(days=1)
FINE = {"as_described": True}


@pytest.fixture
def offer(make):
    batch = make.batch()
    campaign = make.campaign(CampaignState.SOURCING)
    make.entry(campaign, batch)
    return make.at_stage(make.offer(campaign, batch=batch), "sample")


@pytest.fixture
def sample(offer):
    return sample_of(offer.id)


def offer_of(make, *, category="home", grade=Grade.ADVANCED, kept=9, broken=0, fulfilment=Fulfilment.SHIPPED):
    campaign = make.campaign(CampaignState.SOURCING, category=category, fulfilment=fulfilment)
    return make.offer(campaign, make.merchant(grade=grade, kept=kept, broken=broken))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"category": "food"}, "always looked at"),
        ({"category": "appliances"}, "always looked at"),
        ({"broken": 1}, "broken a promise"),
        ({"grade": Grade.BASIC}, "basic certification"),
        ({"kept": 2}, "fewer than 3"),
    ],
)
@pytest.mark.breaks_promises  # a record without the launches that made it
@pytest.mark.parametrize("database", ["sqlite"])
def test_a_sample_is_asked_for_where_the_risk_is_and_the_reason_is_said(make, facts, words):
    offer = offer_of(make, **facts)
    assert words in why_in_words(why_sample(offer), offer.campaign.category)


@pytest.mark.parametrize("database", ["sqlite"])
def test_why_a_sample_is_asked_for_is_read_in_the_readers_language_and_own_words_stay(app):
    with app.test_request_context(), force_locale("zh_Hans"):
        for why in WHYS:
            assert not why_in_words(why, "food").isascii()
    assert why_in_words("Goods with 100 % wool", "food") == "Goods with 100 % wool"


@pytest.mark.breaks_promises  # a record without the launches that made it
@pytest.mark.parametrize("database", ["sqlite"])
def test_a_voucher_has_nothing_to_send(make):
    offer = offer_of(make, category="food", fulfilment=Fulfilment.VOUCHER)
    assert why_sample(offer) is None
    assert "nothing to look at" in why_none(offer)


@pytest.mark.breaks_promises  # a record without the launches that made it
@pytest.mark.parametrize("database", ["sqlite"])
def test_proven_merchants_are_sampled_less_and_always_the_same_way(make):
    offers = [offer_of(make) for _n in range(24)]
    asked = [why_sample(offer) for offer in offers]
    assert asked == [why_sample(offer) for offer in offers]
    assert 0 < sum(why is not None for why in asked) < 14


@pytest.mark.breaks_promises  # a record without the launches that made it
@pytest.mark.parametrize("database", ["sqlite"])
def test_without_a_sample_the_stage_passes_at_once_and_says_why(make, now):
    offer = next(one for one in (offer_of(make) for _n in range(9)) if why_sample(one) is None)
    make.at_stage(offer, "sample")
    assert due_for_machine(now) == [offer.id]
    judge_by_machine(offer.id, now=now)
    assert offer.state == "final_review"
    line = db.session.scalar(select(VerdictLine).where(VerdictLine.stage == "sample"))
    assert "advanced certification" in line.reason


def test_entering_the_stage_asks_for_a_parcel_with_a_code_of_its_own(make, offer, sample):
    assert sample.state == "requested"
    assert len(sample.code) == 14
    assert sample.due_at >= offer.batch.samples_due_at
    other = make.at_stage(make.offer(offer.campaign, batch=offer.batch), "sample")
    assert sample_of(other.id).code != sample.code
    [notice] = db.session.scalars(
        select(Notice).where(Notice.kind == "sample_requested", Notice.user_id == offer.created_by)
    )
    assert notice.data["code"] == sample.code


def test_nothing_is_asked_of_the_machine_while_the_parcel_is_away(offer, now):
    assert due_for_machine(now) == []


def test_the_parcels_way_is_its_chain_of_custody(make, offer, sample, now):
    rita = make.reviewer()
    send_sample(sample.id, "SF Express", "SF1", by=offer.created_by, now=now)
    receive_sample(sample.id, by=rita.id, now=now + DAY)
    inspect_sample(sample.id, passed=True, checklist=FINE, note="4.18 kg.", by=rita.id, now=now + 2 * DAY)
    told = [(line.kind, line.by) for line in history(sample)]
    assert told == [
        ("sample.requested", None),
        ("sample.sent", offer.created_by),
        ("sample.received", rita.id),
        ("sample.passed", rita.id),
    ]
    assert due_for_machine(now) == [offer.id]
    judge_by_machine(offer.id, now=now + 2 * DAY)
    assert offer.state == "final_review"


def test_a_sample_that_fails_ends_the_offer_with_its_reason(make, offer, sample, now):
    rita = make.reviewer()
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=now)
    receive_sample(sample.id, by=rita.id, now=now)
    inspect_sample(
        sample.id, passed=False, checklist={"sound": False}, note="It smells.", by=rita.id, now=now
    )
    judge_by_machine(offer.id, now=now)
    assert offer.state == "rejected"
    line = db.session.scalar(select(VerdictLine).where(VerdictLine.stage == "sample"))
    assert line.reason == "It smells."


def test_only_the_merchants_own_people_post_it(make, sample, now):
    with pytest.raises(NotFound):
        send_sample(sample.id, "SF", "1", by=make.reviewer().id, now=now)


@pytest.mark.parametrize(("carrier", "tracking"), [("", "1"), ("SF", " ")])
def test_a_parcel_on_its_way_can_be_followed(offer, sample, now, carrier, tracking):
    with pytest.raises(Refused, match="carrier and the tracking number"):
        send_sample(sample.id, carrier, tracking, by=offer.created_by, now=now)


def test_the_merchants_people_neither_receive_nor_judge_their_own_sample(make, offer, sample, now):
    rita = make.reviewer()
    db.session.add(MerchantStaff(merchant_id=offer.merchant_id, user_id=rita.id, post=Post.EDITOR, since=now))
    db.session.commit()
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=now)
    with pytest.raises(Refused, match="firm that competes"):
        receive_sample(sample.id, by=rita.id, now=now)
    receive_sample(sample.id, by=make.reviewer().id, now=now)
    with pytest.raises(Refused, match="firm that competes"):
        inspect_sample(sample.id, passed=True, checklist=FINE, note="", by=rita.id, now=now)


def test_a_result_fits_its_list_and_a_bad_one_has_words(make, offer, sample, now):
    rita = make.reviewer()
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=now)
    with pytest.raises(Refused):  # it is not here yet
        inspect_sample(sample.id, passed=True, checklist=FINE, note="", by=rita.id, now=now)
    db.session.rollback()
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=now)
    receive_sample(sample.id, by=rita.id, now=now)
    with pytest.raises(Refused, match="every point"):
        inspect_sample(sample.id, passed=True, checklist={"sound": False}, note="", by=rita.id, now=now)
    with pytest.raises(Refused, match="what is wrong"):
        inspect_sample(sample.id, passed=False, checklist=FINE, note=" ", by=rita.id, now=now)


def test_the_merchant_is_reminded_once_before_it_is_due(offer, sample):
    soon = sample.due_at - DAY
    assert samples_to_remind(sample.due_at - 3 * DAY) == []
    assert samples_to_remind(soon) == [sample.id]
    remind_sample(sample.id, now=soon)
    remind_sample(sample.id, now=soon)
    assert samples_to_remind(soon) == []
    kinds = select(Notice.user_id).where(Notice.kind == "sample_due_soon")
    assert db.session.scalars(kinds).all() == [offer.created_by]


def test_a_parcel_posted_in_time_may_arrive_late_but_not_never(offer, sample, now):
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=sample.due_at - DAY)
    lapse_offer(offer.id, now=sample.due_at + DAY)
    assert offer.state == "sample"
    lapse_offer(offer.id, now=sample.due_at + ON_ITS_WAY + DAY)
    assert (offer.state, sample.state) == ("lapsed", "lapsed")


def test_a_parcel_posted_too_late_does_not_count(offer, sample):
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=sample.due_at + timedelta(hours=1))
    lapse_offer(offer.id, now=sample.due_at + DAY)
    assert offer.state == "lapsed"


def test_a_parcel_on_our_shelf_never_lapses(make, offer, sample, now):
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=now)
    receive_sample(sample.id, by=make.reviewer().id, now=now)
    late = sample.due_at + 30 * DAY
    assert offers_to_lapse(late) == [offer.id]
    lapse_offer(offer.id, now=late)
    assert offer.state == "sample"


@pytest.mark.parametrize("database", ["sqlite"])
def test_each_category_has_a_list_with_its_own_points(make):
    from c2b.campaigns.categories import Category

    keys = {category: [item.key for item in checklist(category)] for category in Category}
    assert all(len(keys[category]) == len(set(keys[category])) >= 6 for category in Category)
    assert "taste" in keys[Category.FOOD]
    assert "taste" not in keys[Category.HOME]


def test_a_second_stay_in_the_stage_asks_for_no_second_parcel(make, offer, sample, now):
    make.at_stage(offer, "final_review")
    from c2b.pipeline.engine import enter_stage

    enter_stage(offer, "machine_review", now=now)
    enter_stage(offer, "sample", now=now)
    assert db.session.scalars(select(Sample)).all() == [sample]
    judge_by_machine(offer.id, now=now)
    assert offer.state == "final_review"
