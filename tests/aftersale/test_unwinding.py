"""Sales that are taken back: called off by an operator, or never delivered."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import cancel_campaign
from c2b.campaigns.states import CampaignState, PledgeState
from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused
from c2b.merchants.models import Merchant
from c2b.orders.charging import charge_launch
from c2b.orders.models import Order
from c2b.orders.states import OrderState
from c2b.orders.unwinding import cancel_late, out_of_stock
from c2b.payments.models import Attempt
from c2b.payments.states import Purpose, RefundCause, RefundState
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from tests.aftersale.conftest import DAY, minute, owner_of, refunds, send, told


def call_off(make, campaign_id, now):
    with transaction():
        cancel_campaign(campaign_id, "Recalled by its maker.", by=make.operator().id, now=now)


def test_a_sale_that_is_called_off_before_anybody_is_charged_lets_everybody_go(make, launch, now):
    opened = launch(((1, "ok"), (1, "declined"), (1, "ok")))
    launch_id, campaign_id = opened.id, opened.campaign_id
    minute(now)
    assert db.session.get_one(Launch, launch_id).state == LaunchState.MENDING
    call_off(make, campaign_id, now)
    assert db.session.get_one(Launch, launch_id).state == LaunchState.VOIDING
    minute(now)
    assert db.session.get_one(Launch, launch_id).state == LaunchState.FAILED
    assert db.session.get_one(Campaign, campaign_id).state == CampaignState.CANCELLED
    assert set(db.session.scalars(select(Pledge.state))) == {PledgeState.RELEASED}
    asked = db.session.scalars(select(Attempt.purpose)).all()
    assert (asked.count(Purpose.VOID), asked.count(Purpose.CAPTURE)) == (2, 0)


def test_a_sale_that_is_called_off_later_pays_everybody_back_but_for_what_was_sent(make, sold, now):
    one, two, three = sold(((1, "ok"), (2, "ok"), (1, "ok")))
    send(two, now)
    call_off(make, one.campaign_id, now)
    launch = db.session.get_one(Launch, one.launch_id)
    assert launch.state == LaunchState.UNWINDING
    minute(now)
    assert [(r.capture_id, r.amount, r.cause, r.state) for r in refunds()] == [
        (order.attempt_id, order.total, RefundCause.CANCELLED, RefundState.PAID) for order in (one, three)
    ]
    states = [db.session.get_one(Order, order.id).state for order in (one, two, three)]
    assert states == [OrderState.CANCELLED, OrderState.SHIPPED, OrderState.CANCELLED]
    minute(now)
    assert db.session.get_one(Launch, one.launch_id).state == LaunchState.FAILED
    assert set(told("refund_paid")) == {one.shopper_id, three.shopper_id}
    assert told("launch_called_off") == [owner_of(one)]


def test_running_the_jobs_again_refunds_nobody_twice(make, sold, now):
    [order] = sold()
    call_off(make, order.campaign_id, now)
    for hour in range(3):
        minute(now + timedelta(hours=hour))
    assert len(refunds()) == 1


def test_what_was_never_sent_is_paid_back_three_weeks_after_the_promised_day(sold, now):
    one, _two = sold(((1, "ok"), (1, "ok")))
    late = one.ship_by + timedelta(days=21)
    minute(late - timedelta(seconds=1))
    assert refunds() == []
    minute(late)
    assert [(r.cause, r.state) for r in refunds()] == [(RefundCause.UNDELIVERED, RefundState.PAID)] * 2
    assert db.session.get_one(Merchant, one.merchant_id).broken == 1
    assert len(told("launch_called_off")) == 1


def test_who_waits_for_a_week_too_long_may_cancel(sold, now):
    [order] = sold()
    week = order.ship_by + timedelta(days=7)
    with pytest.raises(Refused), transaction():
        cancel_late(order.id, by=order.shopper_id, now=week - timedelta(seconds=1))
    with pytest.raises(NotFound), transaction():
        cancel_late(order.id, by=owner_of(order), now=week)
    with transaction():
        cancel_late(order.id, by=order.shopper_id, now=week)
    assert [(r.cause, r.amount) for r in refunds()] == [(RefundCause.LATE, order.total)]
    assert told("order_called_off") == [owner_of(order)]
    with pytest.raises(Refused), transaction():
        cancel_late(order.id, by=order.shopper_id, now=week)


def test_a_merchant_without_goods_pays_chosen_orders_back(make, sold, now):
    one, two, three = sold(((1, "ok"), (1, "ok"), (1, "ok")))
    send(three, now)
    who = {"merchant_id": one.merchant_id, "by": owner_of(one), "now": now + DAY}
    with pytest.raises(Refused), transaction():
        out_of_stock([one.id, three.id], "The kiln broke.", **who)
    assert refunds() == []
    with pytest.raises(NotFound), transaction():
        out_of_stock([one.id], "The kiln broke.", **{**who, "merchant_id": make.merchant().id})
    with transaction():
        assert out_of_stock([one.id], "The kiln broke.", **who) == 1
    minute(now + DAY)
    assert [(r.cause, r.note, r.state) for r in refunds()] == [
        (RefundCause.OUT_OF_STOCK, "The kiln broke.", RefundState.PAID)
    ]
    assert db.session.get_one(Order, two.id).state == OrderState.PLACED


def test_a_charge_whose_answer_was_lost_when_it_was_called_off_is_found_and_paid_back(make, launch, now):
    opened = launch(((1, "ok"), (1, "capture_lost")))
    launch_id, campaign_id = opened.id, opened.campaign_id
    db.session.rollback()
    charge_launch(launch_id, now=now)
    assert db.session.get_one(Launch, launch_id).state == LaunchState.CAPTURING
    call_off(make, campaign_id, now)
    minute(now)
    assert db.session.get_one(Launch, launch_id).state == LaunchState.UNWINDING
    later = now + timedelta(hours=1)
    minute(later)
    minute(later)
    assert [(r.cause, r.state) for r in refunds()] == [(RefundCause.CANCELLED, RefundState.PAID)] * 2
    assert db.session.get_one(Launch, launch_id).state == LaunchState.FAILED
    assert set(db.session.scalars(select(Order.state))) == {OrderState.CANCELLED}


def test_nothing_is_sold_any_more_once_it_is_called_off(make, sold, now):
    [order] = sold(((1, "ok"),), maximum=5)
    launch = db.session.get_one(Launch, order.launch_id)
    assert (launch.state, launch.leftover) == (LaunchState.SELLING, 4)
    call_off(make, order.campaign_id, now)
    launch = db.session.get_one(Launch, order.launch_id)
    assert (launch.state, launch.leftover) == (LaunchState.UNWINDING, 0)
