"""Each promise of campaigns and pledges is able to fail: the data is spoilt behind the product's back, and it shows."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from c2b.campaigns.pledging import place_pledges
from c2b.campaigns.states import CampaignState
from c2b.core.access import Role
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.payments.models import Attempt
from c2b.payments.states import Purpose
from c2b.pipeline.models import Launch, Slot
from tests.campaigns.asking import ask

pytestmark = pytest.mark.breaks_promises
PLEDGE = "UPDATE pledge SET {} WHERE id = :first"
CAMPAIGN = "UPDATE campaign SET {} WHERE id = :campaign"

SPOILT = [
    ("I-10", ["UPDATE campaign SET people = people + 1 WHERE id = :campaign"], "its pledges say"),
    ("I-10", ["UPDATE campaign SET counted_units = 0 WHERE id = :campaign"], "its pledges say"),
    ("I-10", [PLEDGE.format("quantity = 9")], "its pledges say"),
    ("I-10", ["UPDATE demand_point SET units = units + 1"], "is not the sum"),
    ("I-10", ["UPDATE demand_point SET tolerance = 7"], "is not the sum"),
    ("I-10", ["DELETE FROM demand_point"], "missing in the demand curve"),
    ("I-10", [PLEDGE.format("counts = NOT counts")], "is marked wrongly"),
    (
        "I-11",
        ["DROP INDEX uq_pledge_one_standing", PLEDGE.format("shopper_id = :second_shopper")],
        "several standing",
    ),
    (
        "I-12",
        ['UPDATE "user" SET email_confirmed_at = NULL WHERE id = :first_shopper'],
        "without a confirmed address",
    ),
    ("I-12", [PLEDGE.format("mandate_id = :second_mandate")], "no live card of the shopper's own"),
    (
        "I-12",
        ["UPDATE mandate SET revoked_at = :yesterday WHERE id = :first_mandate"],
        "no live card of the shopper's own",
    ),
    (
        "I-12",
        ["DELETE FROM event WHERE kind = 'pledge.placed' AND subject_id = :first"],
        "no line in the diary",
    ),
    ("I-12", ["UPDATE event SET \"by\" = NULL WHERE kind = 'pledge.placed'"], "no line in the diary"),
    (
        "I-13",
        ["UPDATE event SET kind = 'campaign.tipped', subject = 'campaign', subject_id = :campaign"],
        "tipped 5 times",
    ),
    ("I-13", [CAMPAIGN.format("threshold = 99")], "with less than its threshold"),
    ("I-13", [CAMPAIGN.format("closes_at = :yesterday")], "after its deadline"),
    ("I-13", [CAMPAIGN.format("state = 'open'")], "never tipped"),
    ("I-14", [CAMPAIGN.format("state = 'expired'")], "expired with enough pledges"),
    ("I-14", [CAMPAIGN.format("state = 'cancelled'")], "which is over"),
    (
        "I-16",
        [CAMPAIGN.format("units = 1, counted_units = 1, capacity = 2")],
        "3 units are pledged, its capacity is 2",
    ),
    ("I-17", [CAMPAIGN.format("close_rule = 'tips'")], "under other terms"),
    ("I-17", ["UPDATE price_tier SET unit_price = unit_price + 1"], "under other terms"),
    ("I-17", [PLEDGE.format("terms = 'others'")], "1 active pledges were made under other terms"),
    ("I-28", [CAMPAIGN.format("state = 'sourcing'")], "but the diary says campaign.tipped"),
    ("I-28", [PLEDGE.format("state = 'withdrawn'")], "but the diary says pledge.active"),
    ("I-28", ["DELETE FROM event WHERE kind = 'campaign.tipped'"], "but the diary says campaign.open"),
]


@pytest.fixture
def sound(make, now):
    """A campaign that three pledges tipped, and the numbers of its parts."""
    campaign = make.campaign(threshold=3, capacity=50)
    shoppers = [make.shopper() for _ in range(3)]
    requests = [ask(campaign, shopper) for shopper in shoppers]
    answers = place_pledges(campaign.id, requests, now=now)
    db.session.commit()
    assert campaign.state == CampaignState.TIPPED
    assert broken_promises() == []
    return {
        "campaign": campaign.id,
        "first": answers[0].pledge_id,
        "first_shopper": shoppers[0].id,
        "second_shopper": shoppers[1].id,
        "first_mandate": requests[0].mandate_id,
        "second_mandate": requests[1].mandate_id,
        "yesterday": (now - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }


def spoil(statement, numbers):
    """Write behind the product's back."""
    names = {name: value for name, value in numbers.items() if f":{name}" in statement}
    if "yesterday" in names and db.engine.dialect.name == "postgresql":
        statement = statement.replace(":yesterday", "CAST(:yesterday AS timestamptz)")
    db.session.execute(text(statement), names)


def test_every_promise_of_campaigns_is_able_to_fail(sound):
    for promise, statements, words in SPOILT:
        for statement in statements:
            spoil(statement, sound)
        db.session.expire_all()
        found = broken_promises(promise)
        assert any(words in problem for problem in found), (promise, statements, found)
        db.session.rollback()
    assert broken_promises() == []


def test_counters_that_stand_still_after_the_launch_are_still_checked(make, now):
    campaign = make.campaign(threshold=1)
    [answer] = place_pledges(campaign.id, [ask(campaign, make.shopper(), 2)], now=now)
    for statement in (
        "UPDATE pledge SET state = 'allocated', allocated = 2 WHERE id = :first",
        "UPDATE campaign SET state = 'live' WHERE id = :campaign",
    ):
        spoil(statement, {"first": answer.pledge_id, "campaign": campaign.id})
    assert broken_promises("I-10") == []
    spoil("UPDATE campaign SET units = 3 WHERE id = :campaign", {"campaign": campaign.id})
    assert any("its pledges say" in problem for problem in broken_promises("I-10"))


def test_money_asked_for_an_expired_campaign_is_found(make, now):
    campaign = make.campaign(threshold=9)
    pledge = make.pledge(campaign)
    batch = make.batch()
    offer = make.offer(campaign, batch=batch)
    times = {"shown_from": now, "opens_at": now + timedelta(days=1), "closes_at": now + timedelta(days=2)}
    slot = Slot(batch_id=batch.id, **times)
    db.session.add(slot)
    db.session.flush()
    launch = Launch(
        campaign_id=campaign.id, offer_id=offer.id, slot_id=slot.id, unit_price=1, currency="CNY", minimum=1,
        allocated=1, opened_at=now, mend_until=now, closes_at=now, state_since=now,
    )  # fmt: skip
    db.session.add(launch)
    db.session.flush()
    db.session.add(
        Attempt(
            pledge_id=pledge.id,
            launch_id=launch.id,
            mandate_id=pledge.mandate_id,
            purpose=Purpose.AUTHORISE,
            key="k",
            amount=1,
            currency="CNY",
            started_at=now,
            state_since=now,
        )
    )  # fmt: skip
    db.session.flush()
    assert broken_promises("I-14") == []
    spoil("UPDATE campaign SET state = 'expired' WHERE id = :campaign", {"campaign": campaign.id})
    assert any("asks for money" in problem for problem in broken_promises("I-14"))


@pytest.mark.parametrize("who", ["staff", "starter's people", "supplier's people"])
def test_pledges_of_those_who_must_not_count_are_found(make, now, who):
    firm = make.merchant()
    origin = "merchant" if who == "starter's people" else "shopper"
    campaign = make.campaign(
        threshold=9, origin=origin, merchant_id=firm.id if origin == "merchant" else None
    )
    if who == "supplier's people":
        make.offer(campaign, firm)
    shopper = make.user(roles=(Role.REVIEWER,)) if who == "staff" else None
    pledge = make.pledge(campaign, shopper)
    if who != "staff":
        assert broken_promises("I-48") == []
        numbers = {"owner": pledge.shopper_id}
        spoil("UPDATE merchant_staff SET user_id = :owner", numbers)
    assert len(broken_promises("I-48")) == 1
