"""The hour of a launch: one price, goods set aside by the declared rule, or nobody is charged."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Notice
from c2b.demand.allocation import Rule
from c2b.demand.curve import Wanted
from c2b.payments import windows
from c2b.pipeline.engine import end_offer, judge_by_machine
from c2b.pipeline.launching import Plan, open_launch, plan_launch
from c2b.pipeline.models import Award, Launch, Offer, OfferTier, PricePoint, VerdictLine
from c2b.pipeline.stage import Ruling
from tests.factories import Make
from tests.orders.conftest import eve as eve_fixture

eve = eve_fixture
Eve = Callable[..., Offer]


def pledges(offer: Offer) -> list[Pledge]:
    return list(
        db.session.scalars(select(Pledge).where(Pledge.campaign_id == offer.campaign_id).order_by(Pledge.id))
    )


def decide(offer: Offer, now: datetime) -> Ruling | None:
    """The stage's verdict, as the pipeline takes it."""
    with transaction():
        judge_by_machine(offer.id, now=now)
    last = db.session.scalars(
        select(VerdictLine)
        .where(VerdictLine.offer_id == offer.id, VerdictLine.stage == "launch")
        .order_by(VerdictLine.id.desc())
    ).first()
    return last.ruling if last else None


def test_nothing_happens_before_the_hour(eve: Eve, now: datetime) -> None:
    offer = eve()
    assert decide(offer, now - timedelta(seconds=1)) is None
    with pytest.raises(Refused, match="not come"), transaction():
        open_launch(offer.id, now=now - timedelta(seconds=1))


def test_at_the_hour_goods_are_set_aside_at_one_price_and_everyone_is_told(eve: Eve, now: datetime) -> None:
    offer = eve([(2, "ok"), (3, "ok")], tiers=((1, 25900), (5, 21900)))
    assert decide(offer, now) is Ruling.PASS

    launch = db.session.scalars(select(Launch)).one()
    assert (launch.unit_price, launch.allocated, launch.minimum) == (21900, 5, 1)
    assert launch.mend_until == now + windows.MEND
    assert db.session.get_one(Campaign, offer.campaign_id).state == CampaignState.LIVE
    assert [(p.state, p.allocated) for p in pledges(offer)] == [
        (PledgeState.ALLOCATED, 2),
        (PledgeState.ALLOCATED, 3),
    ]
    assert db.session.scalars(select(PricePoint.unit_price)).all() == [21900]
    told = db.session.scalars(
        select(Notice).where(Notice.kind == "campaign_launched").order_by(Notice.id)
    ).all()
    assert [notice.data["total"] for notice in told] == [43800, 65700]


def test_a_second_run_at_the_hour_changes_nothing(eve: Eve, now: datetime) -> None:
    offer = eve()
    decide(offer, now)
    decide(offer, now + timedelta(minutes=1))
    assert len(db.session.scalars(select(Launch)).all()) == 1


def test_pledges_that_cannot_afford_the_price_are_released(eve: Eve, now: datetime) -> None:
    offer = eve([(2, "ok", {"ceiling": 20000}), (3, "ok")], tiers=((1, 25900),))
    assert decide(offer, now) is Ruling.PASS
    assert [p.state for p in pledges(offer)] == [PledgeState.RELEASED, PledgeState.ALLOCATED]


def test_with_too_few_goods_the_first_to_come_are_served(eve: Eve, now: datetime) -> None:
    offer = eve([(2, "ok"), (2, "ok"), (2, "ok")], maximum=3)
    assert decide(offer, now) is Ruling.PASS
    assert [(str(p.state), p.allocated) for p in pledges(offer)] == [
        ("allocated", 2),
        ("allocated", 1),
        ("unfilled", 0),
    ]
    assert Counter(db.session.scalars(select(Notice.kind)))["pledge_unfilled"] == 1


def test_tolerance_is_used_only_as_far_as_the_price_needs_it(eve: Eve, now: datetime) -> None:
    offer = eve([(2, "ok", {"tolerance": 3})] * 2, tiers=((5, 21900),))
    assert decide(offer, now) is Ruling.PASS
    assert sum(p.allocated for p in pledges(offer)) == 5


def test_a_draw_can_be_recomputed_from_its_seed(eve: Eve, now: datetime) -> None:
    offer = eve([(1, "ok")] * 8, maximum=3, allocation="lottery")
    assert decide(offer, now) is Ruling.PASS
    launch = db.session.scalars(select(Launch)).one()
    campaign = db.session.get_one(Campaign, offer.campaign_id)
    wanted = [Wanted(p.id, p.quantity, p.ceiling, p.tolerance) for p in pledges(offer)]
    again = plan_launch(campaign, offer, wanted)
    assert isinstance(again, Plan)
    assert again.seed == launch.seed
    assert {id_ for id_, units in again.units.items() if units} == {
        p.id for p in pledges(offer) if p.state == PledgeState.ALLOCATED
    }


def test_when_no_price_is_met_the_campaign_fails_and_nobody_is_charged(eve: Eve, now: datetime) -> None:
    offer = eve([(2, "ok")], tiers=((100, 25900),))
    assert decide(offer, now) is Ruling.REJECT
    campaign = db.session.get_one(Campaign, offer.campaign_id)
    assert campaign.state == CampaignState.FAILED
    assert "No price" in (campaign.reason or "")
    assert [p.state for p in pledges(offer)] == [PledgeState.RELEASED]
    assert db.session.scalars(select(Notice.kind).where(Notice.kind == "campaign_failed")).all()


def test_when_the_minimum_is_not_met_the_campaign_fails(eve: Eve, now: datetime) -> None:
    offer = eve([(2, "ok")], tiers=((1, 25900),), minimum=3)
    assert decide(offer, now) is Ruling.REJECT
    assert db.session.get_one(Campaign, offer.campaign_id).state == CampaignState.FAILED


def test_a_runner_up_that_would_work_keeps_the_campaign_alive(eve: Eve, make: Make, now: datetime) -> None:
    offer = eve([(2, "ok")], tiers=((100, 25900),))
    campaign = db.session.get_one(Campaign, offer.campaign_id)
    other = make.offer(campaign, tiers=((1, 24900),))
    make.at_stage(other, "scheduling")
    end_offer(other, "runner_up", by=None, now=now)
    db.session.add(Award(campaign_id=campaign.id, offer_id=offer.id, runner_up_id=other.id, at=now))
    db.session.commit()
    assert decide(offer, now) is Ruling.REJECT
    assert db.session.get_one(Campaign, offer.campaign_id).state == CampaignState.SCHEDULED


wanted_lists = st.lists(
    st.tuples(st.integers(1, 9), st.integers(1, 40), st.integers(0, 4)), min_size=1, max_size=30
)


@given(wanted_lists, st.integers(1, 60), st.none() | st.integers(1, 80), st.sampled_from(list(Rule)))
def test_no_plan_breaks_a_promise(
    rows: list[tuple[int, int, int]], threshold: int, maximum: int | None, rule: Rule
) -> None:
    """One price, nobody above their ceiling, never more than there is nor than anyone agreed to."""
    wanted = [
        Wanted(n, quantity, ceiling, tolerance) for n, (quantity, ceiling, tolerance) in enumerate(rows, 100)
    ]
    campaign = Campaign(slug="x", allocation=rule)
    offer = Offer(minimum=1, maximum=maximum)
    offer.tiers = [
        OfferTier(from_quantity=threshold, unit_price=20),
        OfferTier(from_quantity=threshold * 2, unit_price=9),
    ]
    plan = plan_launch(campaign, offer, wanted)
    if isinstance(plan, str):
        return
    by_key = {w.key: w for w in wanted}
    assert plan.units.keys() | set(plan.unaffordable) == by_key.keys()
    assert maximum is None or plan.allocated <= maximum
    for key, units in plan.units.items():
        assert by_key[key].ceiling >= plan.unit_price
        assert units <= by_key[key].quantity + by_key[key].tolerance
    assert all(by_key[key].ceiling < plan.unit_price for key in plan.unaffordable)
