"""How offers go through the stages: verdicts, four eyes, content that changes, time that runs out."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.campaigns.states import CampaignState
from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused, Stale
from c2b.core.outbox import Notice
from c2b.merchants.models import MerchantStaff
from c2b.merchants.states import Post
from c2b.pipeline.engine import (
    due_for_machine,
    end_offer,
    enter_stage,
    give_verdict,
    hand_in,
    judge_by_machine,
    open_visit,
)
from c2b.pipeline.judging import stage_of, visit_of, why_not_judge
from c2b.pipeline.models import StageVisit, VerdictLine
from c2b.pipeline.reminders import (
    drop_offer,
    lapse_offer,
    offers_to_drop,
    offers_to_lapse,
    offers_to_remind,
    remind_owner,
)
from c2b.pipeline.samples import sample_of
from c2b.pipeline.stage import Ruling, Stage, Verdict
from c2b.pipeline.states import SampleState
from tests.pipeline.helpers import use_pipeline

DAY = timedelta(days=1)


@pytest.fixture
def offer(make):
    """An offer for a campaign that has tipped, in a batch."""
    batch = make.batch()
    campaign = make.campaign(CampaignState.SOURCING)
    make.entry(campaign, batch)
    return make.offer(campaign, batch=batch)


@pytest.fixture
def in_review(make, offer):
    return make.at_stage(offer, "final_review")


def notices(kind):
    return list(db.session.scalars(select(Notice).where(Notice.kind == kind)))


def test_a_registered_offer_has_a_visit_and_a_due_date_in_its_first_stage(offer):
    visit = open_visit(offer)
    assert (visit.stage, offer.state) == ("signup", "signup")
    assert offer.due_at == visit.due_at


def test_entering_the_stage_it_is_in_changes_nothing(offer, now):
    before = open_visit(offer).id
    assert enter_stage(offer, "signup", now=now + DAY).id == before


def test_handing_in_is_the_merchants_own_approval_and_leads_to_the_next_stage(offer, now, diary):
    hand_in(offer, by=offer.created_by, now=now)
    assert offer.state == "machine_review"
    line = db.session.scalar(select(VerdictLine))
    assert (line.stage, line.by, line.content_hash) == ("signup", offer.created_by, offer.content_hash)
    assert ("offer.machine_review") in [kind for kind, _data in diary()]
    visits = db.session.scalars(select(StageVisit).order_by(StageVisit.id)).all()
    assert [(v.stage, v.left_at is None) for v in visits] == [("signup", False), ("machine_review", True)]


def test_one_of_two_reviewers_is_not_enough_and_the_second_sends_it_on(make, in_review, now):
    give_verdict(in_review.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    assert in_review.state == "final_review"
    give_verdict(in_review.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    assert in_review.state == "scheduling"


def test_nobody_passes_the_same_content_twice(make, in_review, now):
    rita = make.reviewer()
    give_verdict(in_review.id, Ruling.PASS, "", by=rita.id, now=now)
    with pytest.raises(Refused, match="judged this already"):
        give_verdict(in_review.id, Ruling.PASS, "", by=rita.id, now=now)
    assert in_review.state == "final_review"


def test_whoever_created_the_offer_never_judges_it(make, in_review, now):
    rita = make.reviewer()
    in_review.created_by = rita.id
    db.session.commit()
    with pytest.raises(Refused, match="firm that competes"):
        give_verdict(in_review.id, Ruling.PASS, "", by=rita.id, now=now)


@pytest.mark.parametrize("firm", ["own", "rival"])
def test_people_of_a_competing_firm_never_judge(make, in_review, now, firm):
    rita = make.reviewer()
    merchant = in_review.merchant if firm == "own" else make.offer(in_review.campaign).merchant
    db.session.add(MerchantStaff(merchant_id=merchant.id, user_id=rita.id, post=Post.EDITOR, since=now))
    db.session.commit()
    with pytest.raises(Refused, match="firm that competes"):
        give_verdict(in_review.id, Ruling.REJECT, "No.", by=rita.id, now=now)


@pytest.mark.parametrize("role", [Role.MERCHANT, Role.OPERATOR])
def test_only_the_role_that_owns_the_stage_judges(make, in_review, now, role):
    someone = make.user(roles=(role,))
    with pytest.raises(Refused, match="Reviewer"):
        give_verdict(in_review.id, Ruling.PASS, "", by=someone.id, now=now)


def test_a_stage_that_decides_by_itself_takes_no_verdict_by_hand(make, offer, now):
    make.at_stage(offer, "sample")
    with pytest.raises(Refused, match="nobody gives a verdict by hand"):
        give_verdict(offer.id, Ruling.PASS, "", by=make.reviewer().id, now=now)


@pytest.mark.parametrize("ruling", [Ruling.WAIT, Ruling.REJECT])
def test_whoever_stops_an_offer_says_why(make, in_review, now, ruling):
    with pytest.raises(Refused, match="Say why"):
        give_verdict(in_review.id, ruling, "  ", by=make.reviewer().id, now=now)


def test_a_verdict_on_content_that_has_changed_since_is_stale(make, in_review, now):
    seen = in_review.content_hash
    in_review.content_hash = "changed meanwhile"
    db.session.commit()
    with pytest.raises(Stale, match="changed this offer"):
        give_verdict(in_review.id, Ruling.PASS, "", by=make.reviewer().id, now=now, content_hash=seen)


def test_a_verdict_for_a_stage_that_it_has_left_is_stale(make, in_review, now):
    with pytest.raises(Stale, match="left the stage"):
        give_verdict(in_review.id, Ruling.PASS, "", by=make.reviewer().id, now=now, stage="sample")


def test_rejecting_ends_the_offer_closes_its_visit_and_tells_the_merchant(make, in_review, now):
    give_verdict(in_review.id, Ruling.REJECT, "The price is not credible.", by=make.reviewer().id, now=now)
    assert in_review.state == "rejected"
    assert visit_of(in_review) is None
    assert stage_of(in_review) is None
    [notice] = notices("offer_verdict")
    assert notice.data["ruling"] == "reject"
    assert notice.data["reason"] == "The price is not credible."


def test_a_wait_blocks_every_judge_until_the_merchant_has_mended_it(make, in_review, now):
    give_verdict(in_review.id, Ruling.WAIT, "A better photo.", by=make.reviewer().id, now=now)
    assert in_review.state == "final_review"
    assert "asked to mend" in why_not_judge(in_review, make.reviewer(), now)


def test_a_mended_offer_goes_through_every_gate_again(make, in_review, now):
    rita, rob = make.reviewer(), make.reviewer()
    give_verdict(in_review.id, Ruling.PASS, "", by=rob.id, now=now)
    give_verdict(in_review.id, Ruling.WAIT, "A better photo.", by=rita.id, now=now)
    in_review.content_hash = "mended"
    hand_in(in_review, by=in_review.created_by, now=now)
    assert in_review.state == "machine_review"
    stages_seen = [v.stage for v in db.session.scalars(select(StageVisit).order_by(StageVisit.id))]
    assert stages_seen[-2:] == ["final_review", "machine_review"]


def test_an_approval_of_other_content_does_not_count(make, in_review, now):
    give_verdict(in_review.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    in_review.content_hash = "other"
    db.session.commit()
    give_verdict(in_review.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    assert in_review.state == "final_review"
    give_verdict(in_review.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    assert in_review.state == "machine_review"  # the machine has not seen this content either


def test_the_machine_goes_on_through_all_stages_that_can_decide(make, offer, now, monkeypatch):
    passes = [
        Stage(key, key, owner=Role.OPERATOR, due=DAY, decide=lambda offer, now: Verdict(Ruling.PASS, "fine"))
        for key in ("one", "two")
    ]
    use_pipeline(monkeypatch, [*use_pipeline.signup, *passes, *use_pipeline.people])
    hand_in(offer, by=offer.created_by, now=now)
    judge_by_machine(offer.id, now=now)
    assert offer.state == "final_review"


def test_the_machine_does_not_repeat_a_wait_until_the_content_changes(offer, now, monkeypatch):
    asked = []
    waiting = Stage(
        "one", "one", owner=Role.OPERATOR, due=DAY,
        decide=lambda offer, now: asked.append(offer.content_hash) or Verdict(Ruling.WAIT, "Mend it."),
    )  # fmt: skip
    use_pipeline(monkeypatch, [*use_pipeline.signup, waiting, *use_pipeline.people])
    hand_in(offer, by=offer.created_by, now=now)
    db.session.commit()
    assert due_for_machine(now) == [offer.id]
    judge_by_machine(offer.id, now=now)
    judge_by_machine(offer.id, now=now)
    assert len(asked) == 1
    assert due_for_machine(now) == []
    offer.content_hash = "mended"
    db.session.flush()
    assert due_for_machine(now) == [offer.id]


def test_the_machine_leaves_alone_what_it_cannot_say_yet(make, offer, now):
    make.at_stage(offer, "sample")
    assert sample_of(offer.id).state == SampleState.REQUESTED
    judge_by_machine(offer.id, now=now)
    assert offer.state == "sample"


def test_ending_an_offer_closes_its_visit_and_its_sample_is_not_needed_any_more(make, offer, now):
    make.at_stage(offer, "sample")
    end_offer(offer, "withdrawn", by=offer.created_by, now=now)
    assert visit_of(offer) is None
    assert offer.due_at is None
    assert sample_of(offer.id).state == SampleState.LAPSED
    with pytest.raises(NotFound):
        open_visit(offer)


def test_the_owner_is_reminded_once_and_operators_hear_once_that_it_is_overdue(make, in_review, now):
    make.reviewer()
    otto = make.operator()
    due = in_review.due_at
    assert offers_to_remind(due - 2 * DAY) == []
    for moment in (due - timedelta(hours=3), due - timedelta(hours=2)):
        for id_ in offers_to_remind(moment):
            remind_owner(id_, now=moment)
    reminded = notices("queue_due_soon")
    assert {n.user_id for n in reminded} >= {otto.id - 1}
    assert otto.id not in {n.user_id for n in reminded}
    assert offers_to_remind(due - timedelta(hours=1)) == []
    for _again in range(2):
        for id_ in offers_to_remind(due + timedelta(minutes=1)):
            remind_owner(id_, now=due + timedelta(minutes=1))
    assert otto.id in [n.user_id for n in notices("queue_overdue")]
    assert offers_to_remind(due + DAY) == []


def test_a_merchant_is_reminded_of_an_offer_not_handed_in(offer):
    soon = offer.due_at - timedelta(hours=1)
    assert offers_to_remind(soon) == [offer.id]
    remind_owner(offer.id, now=soon)
    assert [n.user_id for n in notices("offer_due_soon")] == [offer.created_by]


def test_a_sample_that_never_comes_lets_the_offer_lapse_after_its_due_date(make, offer):
    make.at_stage(offer, "sample")
    assert offers_to_lapse(offer.due_at) == []
    late = offer.due_at + timedelta(seconds=1)
    assert offers_to_lapse(late) == [offer.id]
    lapse_offer(offer.id, now=late)
    assert offer.state == "lapsed"
    assert sample_of(offer.id).state == SampleState.LAPSED
    assert notices("offer_lapsed")


def test_an_offer_does_not_lapse_before_its_time_or_in_a_stage_that_waits(make, in_review):
    late = in_review.due_at + 30 * DAY
    assert offers_to_lapse(late) == []
    lapse_offer(in_review.id, now=late)
    assert in_review.state == "final_review"


def test_when_the_campaign_is_gone_its_offers_fall_through(make, now):
    gone = make.offer(make.campaign(CampaignState.CANCELLED))
    stays = make.offer(make.campaign(CampaignState.SOURCING))
    assert offers_to_drop(now) == [gone.id]
    for id_ in (gone.id, stays.id):
        drop_offer(id_, now=now)
    assert (gone.state, stays.state) == ("fell_through", "signup")
