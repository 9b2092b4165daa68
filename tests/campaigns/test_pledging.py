"""Pledges as a list in one transaction: who gets in, who tips, and that counters, curve and diary agree."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from c2b.campaigns.closing import refresh_heat
from c2b.campaigns.models import Campaign, DemandPoint, Pledge
from c2b.campaigns.pledging import (
    PledgeChange,
    change_pledge,
    place_late,
    place_pledge,
    place_pledges,
    release_pledges,
    set_aside,
    withdraw_pledge,
)
from c2b.campaigns.queries import active_wanted, demand
from c2b.campaigns.states import Basis, CampaignState, CloseRule, PledgeState
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused
from c2b.core.outbox import Notice
from tests.campaigns.asking import ask

C = CampaignState


def codes(answers):
    return [answer.code for answer in answers]


def points(campaign):
    rows = db.session.execute(
        select(DemandPoint.ceiling, DemandPoint.units, DemandPoint.tolerance, DemandPoint.people)
        .where(DemandPoint.campaign_id == campaign.id, DemandPoint.people > 0)
        .order_by(DemandPoint.ceiling)
    )
    return [tuple(row) for row in rows]


def test_a_pledge_is_kept_counted_written_down_and_confirmed(make, now, diary):
    campaign, shopper = make.campaign(threshold=10), make.shopper()
    pledge = place_pledge(campaign.id, ask(campaign, shopper, 3, tolerance=1), now=now)

    assert (pledge.shopper_id, pledge.quantity, pledge.tolerance, pledge.counts) == (shopper.id, 3, 1, True)
    assert (campaign.people, campaign.units, campaign.counted_people, campaign.counted_units) == (1, 3, 1, 3)
    assert points(campaign) == [(campaign.first_price, 3, 1, 1)]
    assert diary()[-1] == (
        "pledge.placed",
        {"quantity": 3, "ceiling": campaign.first_price, "tolerance": 1},
    )
    [notice] = db.session.scalars(select(Notice)).all()
    assert (notice.kind, notice.user_id, notice.data["quantity"]) == ("pledge_placed", shopper.id, 3)


def test_the_pledge_that_fills_the_threshold_tips_the_campaign_and_is_named(make, now, diary):
    campaign = make.campaign(threshold=5)
    first, second, third = make.shopper(), make.shopper(), make.shopper()
    requests = [ask(campaign, first, 3), ask(campaign, second, 2), ask(campaign, third, 4)]
    answers = place_pledges(campaign.id, requests, now=now)

    assert campaign.state == C.TIPPED
    assert campaign.tipped_at == now
    tipped = [data for kind, data in diary() if kind == "campaign.tipped"]
    assert tipped == [{"old": "open", "pledge": answers[1].pledge_id, "counted": 5, "threshold": 5}]


def test_a_threshold_of_people_counts_people(make, now):
    campaign = make.campaign(threshold=2, basis=Basis.PEOPLE, tiers=((1, 25900),))
    place_pledge(campaign.id, ask(campaign, make.shopper(), 9), now=now)
    assert campaign.state == C.OPEN
    place_pledge(campaign.id, ask(campaign, make.shopper(), 1), now=now)
    assert campaign.state == C.TIPPED


def test_a_lower_ceiling_is_demand_but_does_not_count_towards_the_threshold(make, now):
    campaign = make.campaign(threshold=2, tiers=((2, 25900), (4, 19900)))
    place_pledge(campaign.id, ask(campaign, make.shopper(), 5, ceiling=20000), now=now)
    assert (campaign.state, campaign.units, campaign.counted_units) == (C.OPEN, 5, 0)
    assert demand(campaign.id).units_at(19900) == 5


@pytest.mark.parametrize("length", [1, 20, 300])
def test_the_number_of_statements_does_not_grow_with_the_list(make, now, length):
    campaign = make.campaign(threshold=length + 1, per_shopper=10)
    requests = [ask(campaign, make.shopper(), ceiling=campaign.first_price - i % 50) for i in range(length)]
    terms = {request.terms for request in requests}
    assert len(terms) == 1
    sent = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: sent.append(a[2]))
    answers = place_pledges(campaign.id, requests, now=now)
    assert all(answer.pledge_id for answer in answers)
    assert len(sent) <= 15, sent
    assert campaign.people == length


def test_answers_come_in_the_order_of_the_requests_and_pledges_in_the_order_of_arrival(make, now):
    campaign = make.campaign(threshold=50)
    shoppers = [make.shopper() for _ in range(12)]
    answers = place_pledges(
        campaign.id, [ask(campaign, one, 1 + i % 3) for i, one in enumerate(shoppers)], now=now
    )
    ids = [answer.pledge_id for answer in answers]
    kept = [db.session.get(Pledge, id_) for id_ in ids]
    assert [pledge.shopper_id for pledge in kept] == [shopper.id for shopper in shoppers]
    assert [wanted.key for wanted in active_wanted(campaign.id)] == ids


def test_the_capacity_is_never_exceeded_within_one_list(make, now):
    campaign = make.campaign(threshold=3, capacity=5)
    requests = [ask(campaign, make.shopper(), quantity) for quantity in (2, 2, 2, 1, 1)]
    answers = place_pledges(campaign.id, requests, now=now)
    assert codes(answers) == [None, None, "over_capacity", None, "over_capacity"]
    assert answers[2].reason == "Only 1 is left."
    assert answers[4].reason == "Every unit is taken."
    assert campaign.units == 5


def test_a_campaign_that_closes_on_tipping_refuses_those_after_in_the_same_list(make, now):
    campaign = make.campaign(threshold=2, close_rule=CloseRule.TIPS)
    answers = place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(4)], now=now)
    assert codes(answers) == [None, None, "closed", "closed"]
    assert (campaign.state, campaign.closed_at) == (C.SOURCING, now)


def test_a_campaign_that_closes_when_full_goes_on_after_tipping_until_the_last_unit(make, now):
    campaign = make.campaign(threshold=2, capacity=4, close_rule=CloseRule.FULL)
    place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(3)], now=now)
    assert campaign.state == C.TIPPED
    answers = place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(2)], now=now)
    assert codes(answers) == [None, "closed"]
    assert campaign.state == C.SOURCING


def test_a_repeated_request_gets_its_first_answer_and_changes_nothing(make, now):
    campaign, shopper = make.campaign(), make.shopper()
    request = ask(campaign, shopper, 2, request_key="once")
    first = place_pledge(campaign.id, request, now=now)
    again = place_pledges(campaign.id, [request, request], now=now)
    assert [answer.pledge_id for answer in again] == [first.id, first.id]
    assert (campaign.people, campaign.units) == (1, 2)


def test_a_request_that_stands_twice_in_one_list_is_one_pledge(make, now):
    campaign, shopper = make.campaign(), make.shopper()
    request = ask(campaign, shopper, 2, request_key="once")
    one, two = place_pledges(campaign.id, [request, request], now=now)
    assert one.pledge_id == two.pledge_id is not None
    assert campaign.people == 1


def test_the_key_of_somebody_elses_request_is_no_way_in(make, now):
    campaign, shopper, other = make.campaign(), make.shopper(), make.shopper()
    place_pledge(campaign.id, ask(campaign, shopper, request_key="mine"), now=now)
    [answer] = place_pledges(campaign.id, [ask(campaign, other, request_key="mine")], now=now)
    assert (answer.pledge_id, answer.code) == (None, "key_taken")


def test_a_second_pledge_of_one_shopper_is_refused_within_a_list_and_later(make, now):
    campaign, shopper = make.campaign(), make.shopper()
    answers = place_pledges(campaign.id, [ask(campaign, shopper), ask(campaign, shopper)], now=now)
    later = place_pledges(campaign.id, [ask(campaign, shopper)], now=now)
    assert codes(answers + later) == [None, "already", "already"]


def test_who_goes_round_the_rules_is_still_kept_out_by_the_index(make, now, monkeypatch):
    campaign, shopper = make.campaign(), make.shopper()
    place_pledge(campaign.id, ask(campaign, shopper), now=now)
    monkeypatch.setattr("c2b.campaigns.rules.why_not_pledge", lambda *_args, **_more: None)
    answers = place_pledges(campaign.id, [ask(campaign, shopper, 4), ask(campaign, make.shopper())], now=now)
    assert codes(answers) == ["already", None]
    assert (campaign.people, campaign.units) == (2, 2)


def test_a_late_pledge_is_refused_by_the_clock_however_late_the_job_is(make, now):
    campaign = make.campaign(closes_at=now + timedelta(hours=1))
    request = ask(campaign, make.shopper())
    [at_the_end] = place_pledges(campaign.id, [request], now=now + timedelta(hours=1))
    [too_late] = place_pledges(
        campaign.id, [ask(campaign, make.shopper())], now=now + timedelta(hours=1, seconds=1)
    )
    assert (at_the_end.code, too_late.code) == (None, "closed")


def test_the_facts_of_each_shopper_decide(make, now):
    campaign = make.campaign(threshold=50)
    plain, reviewer, unconfirmed = make.shopper(), make.reviewer(), make.shopper(confirmed=False)
    make.mandate(reviewer)
    revoked, disabled = make.shopper(), make.shopper(disabled_at=now)
    mandates = {r.shopper_id: r.mandate_id for r in (ask(campaign, revoked), ask(campaign, plain))}
    db.session.get(make.mandate(revoked).__class__, mandates[revoked.id]).revoked_at = now
    db.session.flush()
    answers = place_pledges(
        campaign.id,
        [
            ask(campaign, reviewer),
            ask(campaign, unconfirmed),
            ask(campaign, disabled),
            ask(campaign, revoked, mandate_id=mandates[revoked.id]),
            ask(campaign, make.shopper(), mandate_id=mandates[plain.id]),
            ask(campaign, plain, terms="of another day"),
            ask(campaign, plain, ceiling=campaign.list_price + 1),
        ],
        now=now,
    )
    assert codes(answers) == [
        "staff", "mail_not_confirmed", "mail_not_confirmed", "no_mandate", "no_mandate", "terms_changed",
        "ceiling_too_high",
    ]  # fmt: skip


def test_the_people_of_a_firm_that_supplies_the_campaign_cannot_join_it(make, now):
    starting, offering, past = make.merchant(), make.merchant(), make.merchant()
    campaign = make.campaign(threshold=50, merchant_id=starting.id)
    make.offer(campaign, offering)
    owners = [
        db.session.get_one(type(make.user()), firm.staff[0].user_id) for firm in (starting, offering, past)
    ]
    for owner in owners:
        make.mandate(owner)
    answers = place_pledges(campaign.id, [ask(campaign, owner) for owner in owners], now=now)
    assert codes(answers) == ["own_campaign", "own_campaign", None]


def test_a_change_moves_counters_and_curve_and_may_tip(make, now, diary):
    campaign, shopper = make.campaign(threshold=4), make.shopper()
    pledge = place_pledge(campaign.id, ask(campaign, shopper, 2, ceiling=20000), now=now)
    change_pledge(pledge.id, PledgeChange(quantity=4, tolerance=1, ceiling=26000), by=shopper.id, now=now)
    assert (campaign.units, campaign.counted_units, campaign.counted_people) == (4, 4, 1)
    assert points(campaign) == [(26000, 4, 1, 1)]
    assert pledge.counts is True
    assert campaign.state == C.TIPPED
    [line] = [data for kind, data in diary() if kind == "pledge.changed"]
    assert line == {"quantity": [2, 4], "ceiling": [20000, 26000], "tolerance": [0, 1]}


def test_once_tipped_a_pledge_can_be_raised_but_not_lowered_nor_withdrawn(make, now):
    campaign, shopper = make.campaign(threshold=3), make.shopper()
    pledge = place_pledge(campaign.id, ask(campaign, shopper, 3), now=now)
    change_pledge(pledge.id, PledgeChange(quantity=5), by=shopper.id, now=now)
    for lower in (PledgeChange(quantity=4), PledgeChange(ceiling=100)):
        with pytest.raises(Refused, match="not lower it"):
            change_pledge(pledge.id, lower, by=shopper.id, now=now)
    with pytest.raises(Refused, match="binding"):
        withdraw_pledge(pledge.id, by=shopper.id, now=now)


def test_a_change_cannot_exceed_what_is_left(make, now):
    campaign, shopper = make.campaign(threshold=9, capacity=9), make.shopper()
    pledge = place_pledge(campaign.id, ask(campaign, shopper, 3), now=now)
    place_pledge(campaign.id, ask(campaign, make.shopper(), 4), now=now)
    with pytest.raises(Refused, match="Only 2 are left"):
        change_pledge(pledge.id, PledgeChange(quantity=6), by=shopper.id, now=now)
    change_pledge(pledge.id, PledgeChange(quantity=5), by=shopper.id, now=now)
    assert campaign.units == 9


def test_who_leaves_is_no_longer_counted_and_may_come_back(make, now):
    campaign, shopper = make.campaign(), make.shopper()
    pledge = place_pledge(campaign.id, ask(campaign, shopper, 2, tolerance=1), now=now)
    withdraw_pledge(pledge.id, by=shopper.id, now=now)
    assert pledge.state == PledgeState.WITHDRAWN
    assert (campaign.people, campaign.units, campaign.counted_units, points(campaign)) == (0, 0, 0, [])
    again = place_pledge(campaign.id, ask(campaign, shopper, 1), now=now)
    assert again.id != pledge.id
    assert campaign.people == 1


def test_somebody_elses_pledge_does_not_exist(make, now):
    campaign, shopper = make.campaign(), make.shopper()
    pledge = place_pledge(campaign.id, ask(campaign, shopper), now=now)
    with pytest.raises(NotFound):
        withdraw_pledge(pledge.id, by=make.shopper().id, now=now)
    with pytest.raises(NotFound):
        change_pledge(pledge.id, PledgeChange(quantity=2), by=make.shopper().id, now=now)


def test_a_refusal_is_raised_with_its_sentence_where_one_pledge_is_placed(make, now):
    campaign = make.campaign(state=C.SUBMITTED)
    with pytest.raises(Refused, match="not open yet"):
        place_pledge(campaign.id, ask(campaign, make.shopper()), now=now)


def test_goods_are_set_aside_and_the_counters_keep_what_was_pledged(make, now):
    campaign = make.campaign(threshold=4, close_rule=CloseRule.TIPS, tiers=((4, 25900),))
    answers = place_pledges(
        campaign.id, [ask(campaign, make.shopper(), 1, ceiling=c) for c in (19900, 25900)], now=now
    ) + place_pledges(campaign.id, [ask(campaign, make.shopper(), n) for n in (1, 2)], now=now)
    poor, first, second, third = [answer.pledge_id for answer in answers]
    set_aside(campaign.id, {first: 1, third: 1}, [second], [poor], now=now)
    states = dict(db.session.execute(select(Pledge.id, Pledge.state)).all())
    assert [str(states[id_]) for id_ in (poor, first, second, third)] == [
        "released", "allocated", "unfilled", "allocated",
    ]  # fmt: skip
    assert db.session.get(Pledge, third).allocated == 1
    assert (campaign.people, campaign.units) == (4, 5)
    kinds = db.session.scalars(select(Notice.kind).order_by(Notice.id)).all()
    assert kinds[-2:] == ["pledge_unfilled", "pledge_released"]
    assert release_pledges([first, second], by=None, now=now) == [first]


def test_setting_aside_a_pledge_that_is_gone_is_stale(make, now):
    campaign, shopper = make.campaign(), make.shopper()
    pledge = place_pledge(campaign.id, ask(campaign, shopper), now=now)
    withdraw_pledge(pledge.id, by=shopper.id, now=now)
    with pytest.raises(Refused, match="have changed"):
        set_aside(campaign.id, {pledge.id: 1}, [], [], now=now)


def test_what_a_launch_left_over_can_be_bought_once_by_each_and_counts_for_nothing(make, now):
    campaign, shopper = make.campaign(state=C.LIVE), make.shopper()
    request = ask(campaign, shopper, 2, request_key="late")
    pledge = place_late(campaign.id, request, 23900, now=now)
    assert (pledge.state, pledge.late, pledge.ceiling, pledge.allocated) == ("allocated", True, 23900, 2)
    assert (campaign.people, campaign.units, points(campaign)) == (0, 0, [])
    assert place_late(campaign.id, request, 23900, now=now).id == pledge.id
    with pytest.raises(Refused, match="already"):
        place_late(campaign.id, ask(campaign, shopper), 23900, now=now)
    assert db.session.scalar(select(func.count()).select_from(Pledge)) == 1


def test_who_leaves_within_a_day_has_not_joined_since_yesterday(make, now):
    campaign, early, late = make.campaign(threshold=10), make.shopper(), make.shopper()
    old = place_pledge(campaign.id, ask(campaign, early), now=now - timedelta(hours=25))
    new = place_pledge(campaign.id, ask(campaign, late), now=now - timedelta(hours=1))
    refresh_heat(campaign.id, now=now)
    assert campaign.joined_last_day == 1
    withdraw_pledge(old.id, by=early.id, now=now)
    assert campaign.joined_last_day == 1, "that one joined before"
    assert campaign.last_joined_at == new.placed_at
    withdraw_pledge(new.id, by=late.id, now=now)
    assert campaign.joined_last_day == 0
    assert campaign.last_joined_at is None


def test_joining_warms_a_campaign(make, now):
    campaign = make.campaign(threshold=10)
    place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(8)], now=now)
    assert (campaign.joined_last_day, campaign.last_joined_at) == (8, now)
    assert campaign.heat == 5
    assert db.session.get(Campaign, campaign.id).heat_score == 900
