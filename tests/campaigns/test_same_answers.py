"""One by one, as one set, combined, or each in a transaction of its own: the same answers and the same books."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from c2b.campaigns.models import Campaign, DemandPoint, Pledge
from c2b.campaigns.placing import place
from c2b.campaigns.pledging import place_many
from c2b.campaigns.states import Basis, CloseRule
from c2b.campaigns.tally import COUNTERS
from c2b.core.db import db, transaction
from c2b.core.events import Event
from c2b.core.outbox import Notice
from tests.campaigns.asking import ask
from tests.factories import Make

CAMPAIGNS, SHOPPERS = 3, 5
A_CAMPAIGN = st.fixed_dictionaries(
    {
        "threshold": st.integers(1, 6),
        "capacity": st.sampled_from([None, 6, 7, 9]),
        "close_rule": st.sampled_from(list(CloseRule)),
        "basis": st.sampled_from(list(Basis)),
        "over": st.sampled_from([False, False, False, True]),
    }
)
A_REQUEST = st.tuples(
    st.integers(0, CAMPAIGNS - 1),
    st.integers(0, SHOPPERS - 1),
    st.fixed_dictionaries(
        {
            "quantity": st.sampled_from([1, 1, 2, 3, 11]),
            "ceiling": st.sampled_from([25900, 20000, 39900, 40000]),
            "tolerance": st.integers(0, 1),
            "request_key": st.sampled_from([None, None, "a", "b", "c"]),
        },
        optional={"terms": st.just("older")},
    ),
)


def a_copy(make: Make, plans: list[dict[str, Any]], now: datetime) -> list[Campaign]:
    """Campaigns as they are planned; "full" needs a capacity."""
    made = []
    for planned in plans:
        plan = dict(planned)
        if plan.pop("over"):
            plan["closes_at"] = now - timedelta(minutes=1)
        if plan["close_rule"] == CloseRule.FULL and plan["capacity"] is None:
            plan["capacity"] = 8
        made.append(make.campaign(title="A thing", expected_price=25900, per_shopper=10, **plan))
    return made


def books(campaigns: list[Campaign], answers: list[Any]) -> dict[str, Any]:
    """All that was left behind, without the numbers that differ between copies."""
    db.session.expire_all()
    place = {campaign.id: n for n, campaign in enumerate(campaigns)}
    pledges = db.session.scalars(
        select(Pledge).where(Pledge.campaign_id.in_(place)).order_by(Pledge.id)
    ).all()
    number = {pledge.id: n for n, pledge in enumerate(pledges)}
    points = db.session.scalars(select(DemandPoint).where(DemandPoint.campaign_id.in_(place)))
    return {
        "answers": [(number.get(one.pledge_id), one.code, one.reason) for one in answers],
        "campaigns": [
            (str(c.state), c.tipped_at, c.closed_at, c.heat, c.joined_last_day, c.last_joined_at,
             *(getattr(c, name) for name in COUNTERS))
            for c in campaigns
        ],
        "pledges": [
            (place[p.campaign_id], p.shopper_id, p.quantity, p.tolerance, p.ceiling, p.counts, p.options, p.region,
             p.mandate_id, p.placed_at, str(p.state), p.allocated, p.late)
            for p in pledges
        ],
        "points": sorted((place[p.campaign_id], p.ceiling, p.units, p.tolerance, p.people) for p in points),
        "diary": [_lines(one.__tablename__, one.id, number) for one in (*campaigns, *pledges)],
        "notices": [_notice(pledge.id) for pledge in pledges],
    }  # fmt: skip


def _notice(pledge_id: int) -> Any:
    notice = db.session.scalars(select(Notice).where(Notice.key == f"pledge_placed:{pledge_id}")).one()
    return {**notice.data, "path": "", "to": notice.user_id, "due": notice.due_at}


def _lines(subject: str, id_: int, number: dict[int, int]) -> list[Any]:
    lines = select(Event).where(Event.subject == subject, Event.subject_id == id_).order_by(Event.id)
    return [
        (line.kind, line.by, line.at, {**line.data, "pledge": number.get(line.data.get("pledge", 0))})
        for line in db.session.scalars(lines)
    ]


@settings(max_examples=8)
@given(
    plans=st.lists(A_CAMPAIGN, min_size=CAMPAIGNS, max_size=CAMPAIGNS),
    wanted=st.lists(A_REQUEST, min_size=1, max_size=14),
)
def test_one_by_one_and_together_are_the_same(
    app: Flask, make: Make, now: datetime, plans: list[dict[str, Any]], wanted: list[Any]
) -> None:
    shoppers = [make.shopper() for _ in range(SHOPPERS)]
    found = []
    for way in ("one by one", "together", "combined", "each its own transaction"):
        campaigns = a_copy(make, plans, now)
        db.session.commit()
        requests = []
        for campaign, shopper, more in wanted:
            key = more["request_key"] and f"{campaigns[0].id}:{more['request_key']}"
            asked = ask(campaigns[campaign], shoppers[shopper], **{**more, "request_key": key})
            requests.append((campaigns[campaign].id, asked))
        if way in ("one by one", "together"):
            sets = [requests] if way == "together" else [[one] for one in requests]
            answers = []
            for some in sets:
                with transaction():
                    answers += place_many(some, now=now)
        else:
            before = app.config["C2B"]
            app.config["C2B"] = replace(before, combine=way == "combined")
            answers = [place(campaign_id, request, now=now) for campaign_id, request in requests]
            app.config["C2B"] = before
        found.append(books(campaigns, answers))
    assert found[1:] == found[:1] * 3
