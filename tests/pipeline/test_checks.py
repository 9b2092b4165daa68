"""Each promise of the pipeline is proven able to fail: sound data has no broken one, corrupted data has it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from c2b.campaigns.states import CampaignState
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.core.events import Event
from c2b.merchants.models import MerchantStaff
from c2b.pipeline.batches import award, ensure_batches
from c2b.pipeline.models import Launch, Offer, Place, Sample, Slot, StageVisit, VerdictLine
from c2b.pipeline.samples import inspect_sample, receive_sample, sample_of, send_sample
from c2b.pipeline.scheduling import book_place

DAY = timedelta(days=1)
pytestmark = [pytest.mark.breaks_promises, pytest.mark.parametrize("database", ["sqlite"])]


@pytest.fixture
def offer(make, now):
    """An offer that waits for its launch, with a place in a slot."""
    batch = ensure_batches(now)
    campaign = make.campaign(CampaignState.SOURCING, threshold=1)
    make.pledge(campaign)
    make.entry(campaign, batch)
    offer = make.at_stage(make.offer(campaign, batch=batch), "scheduling")
    award(campaign.id, now=batch.signup_closes_at)
    slot = db.session.scalar(select(Slot).order_by(Slot.opens_at).limit(1))
    book_place(slot.id, campaign.id, by=make.operator().id, now=now)
    db.session.commit()
    assert broken_promises() == []
    return offer


@pytest.fixture
def sample(make, now):
    campaign = make.campaign(CampaignState.SOURCING)
    offer = make.at_stage(make.offer(campaign), "sample")
    sample, rita = sample_of(offer.id), make.reviewer()
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=now)
    receive_sample(sample.id, by=rita.id, now=now)
    inspect_sample(sample.id, passed=True, checklist={"sound": True}, note="", by=rita.id, now=now)
    db.session.commit()
    assert broken_promises() == []
    return sample


def corrupt(statement):
    db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.commit()


def said(number):
    return " ".join(broken_promises(number))


def test_a_state_that_no_move_led_to(offer):
    corrupt(update(Offer).values(state="final_review"))
    assert "its diary ends with launch" in said("I-28")


def test_a_move_that_is_no_arrow(offer):
    corrupt(update(Event).where(Event.kind == "offer.machine_review").values(kind="offer.scheduling"))
    assert "went from signup to scheduling" in said("I-28")


def test_a_diary_with_a_hole(offer):
    db.session.delete(db.session.scalar(select(Event).where(Event.kind == "offer.sample")))
    db.session.commit()
    assert "was machine_review, then left sample" in said("I-28")


def test_an_offer_without_its_open_visit(offer, now):
    corrupt(update(StageVisit).values(left_at=now))
    assert "its open visit is of None" in said("I-28")


def test_a_judge_who_belongs_to_the_merchant(offer):
    corrupt(update(VerdictLine).where(VerdictLine.stage == "scheduling").values(by=offer.created_by))
    assert "belongs to its merchant" in said("I-29")


def test_a_judge_who_joined_the_merchant_before(make, offer, now):
    line = db.session.scalar(select(VerdictLine).where(VerdictLine.stage == "final_review"))
    early = MerchantStaff(merchant_id=offer.merchant_id, user_id=line.by, post="editor", since=now - DAY)
    db.session.add(early)
    db.session.commit()
    assert f"by user {line.by}" in said("I-29")


def test_content_that_nobody_approved(offer):
    corrupt(update(Offer).values(content_hash="changed behind everybody's back"))
    assert "without a valid approval of final_review" in said("I-30")


def test_one_reviewer_where_two_are_needed(offer):
    line = db.session.scalar(select(VerdictLine).where(VerdictLine.stage == "final_review"))
    db.session.delete(line)
    db.session.commit()
    assert "without a valid approval of final_review" in said("I-30")


def test_a_sample_with_a_result_that_was_never_received(sample):
    corrupt(update(Sample).values(received_at=None))
    assert "was not received" in said("I-31")


def test_a_sample_that_was_looked_at_before_it_was_posted(sample, now):
    corrupt(update(Sample).values(sent_at=now + DAY))
    assert "wrong order" in said("I-31")


@pytest.mark.parametrize("column", ["inspected_by", "received_by"])
def test_a_sample_handled_by_the_merchants_own_people(sample, column):
    owner = db.session.get(Offer, sample.offer_id).created_by
    corrupt(update(Sample).values({column: owner}))
    assert "belongs to its merchant" in said("I-31")


def test_a_place_held_by_a_campaign_that_is_not_approved(make, offer):
    stranger = make.campaign(CampaignState.OPEN)
    corrupt(update(Place).where(Place.campaign_id.is_not(None)).values(campaign_id=stranger.id))
    assert "which is open" in said("I-32")
    assert "but no place" in said("I-32")


def test_a_place_booked_when_its_slot_had_opened(offer, now):
    corrupt(update(Place).where(Place.campaign_id.is_not(None)).values(booked_at=now + 90 * DAY))
    assert "when the slot had opened" in said("I-32")


def test_a_slot_outside_its_batch(offer):
    first = db.session.scalar(select(Slot).order_by(Slot.opens_at).limit(1))
    corrupt(
        update(Slot)
        .where(Slot.id == first.id)
        .values(opens_at=first.opens_at + 30 * DAY, closes_at=first.closes_at + 30 * DAY)
    )
    assert "outside the launch window" in said("I-32")


def test_a_launch_before_its_slot(offer, now):
    slot = db.session.scalar(select(Slot).order_by(Slot.opens_at).limit(1))
    db.session.add(
        Launch(
            campaign_id=offer.campaign_id, offer_id=offer.id, slot_id=slot.id, unit_price=1, currency="CNY",
            minimum=1, allocated=1, opened_at=slot.opens_at - DAY, mend_until=slot.opens_at,
            closes_at=slot.closes_at, state_since=now,
        )
    )  # fmt: skip
    db.session.commit()
    assert "opened before its slot" in said("I-32")


def test_a_stage_added_later_breaks_no_promise_about_those_who_passed_before(offer, monkeypatch):
    """Its first visit is later than their moves."""
    from c2b.core.access import Role
    from c2b.pipeline import stages
    from c2b.pipeline.stage import Stage
    from tests.pipeline.helpers import use_pipeline

    new = Stage("photo_check", "Photo check", owner=Role.REVIEWER, due=DAY)
    use_pipeline(monkeypatch, [*stages.PIPELINE[:3], new, *stages.PIPELINE[3:]])
    assert broken_promises("I-28") + broken_promises("I-30") == []
    db.session.add(
        StageVisit(
            offer_id=offer.id, stage="photo_check", entered_at=offer.created_at - DAY, due_at=offer.created_at,
            left_at=offer.created_at,
        )
    )  # fmt: skip
    db.session.commit()
    assert "went from sample to final_review" in said("I-28")
    assert "valid approval of photo_check" in said("I-30")
