"""Campaigns are closed many at once, and nothing tells them from campaigns that were closed one by one."""

from datetime import timedelta

from sqlalchemy import select, text

import jobs
from bench.one_by_one import close_campaign
from c2b.campaigns.closing import campaigns_to_close, close_campaigns
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import follow
from c2b.campaigns.pledging import place_pledges
from c2b.campaigns.states import Basis, CampaignState
from c2b.core.claims import Claim
from c2b.core.db import db
from c2b.core.events import Event
from c2b.core.outbox import Notice
from jobs import by_set
from tests.campaigns.asking import ask

C = CampaignState
NAMES = ("title", "path", "pledge")
WEEK = timedelta(days=7, seconds=1)
KINDS = (
    ({"threshold": 5}, [(2, {})], 1),  # too few
    ({"threshold": 1}, [(1, {}), (2, {})], 0),  # tipped
    ({"threshold": 2, "tiers": ((2, 25900), (6, 19900))}, [(3, {"ceiling": 20000})] * 2, 1),  # by demand
    ({"threshold": 5}, [(3, {"tolerance": 2})], 0),  # by what they would also take
    ({"threshold": 3, "basis": Basis.PEOPLE, "tiers": ((1, 25900),)}, [(9, {})] * 2, 0),  # too few people
    ({"threshold": 4}, [], 2),  # nobody but followers
    ({"threshold": 4, "closes_at": timedelta(days=99)}, [(1, {})], 0),  # its time is not up
)


def some(make, now):
    """A campaign of each kind, always with the same numbers."""
    for wish, pledges, followers in KINDS:
        ends = {"closes_at": now + wish["closes_at"]} if "closes_at" in wish else {}
        campaign = make.campaign(**{**wish, **ends})
        wanted = [ask(campaign, make.shopper(), quantity, **more) for quantity, more in pledges]
        place_pledges(campaign.id, wanted, now=now)
        for _ in range(followers):
            follow(campaign.id, make.user().id, now=now)
    db.session.commit()
    return list(db.session.scalars(select(Campaign.id).order_by(Campaign.id)))


def rows(first):
    """What closing leaves, by the order of the campaigns, whatever their numbers are."""
    db.session.expire_all()
    campaigns = db.session.execute(
        select(Campaign.id - first, Campaign.state, Campaign.state_since, Campaign.closed_at, Campaign.tipped_at,
               Campaign.tip_by_demand, Campaign.people, Campaign.units).order_by(Campaign.id)
    ).all()  # fmt: skip
    pledges = db.session.execute(
        select(Pledge.campaign_id - first, Pledge.quantity, Pledge.state, Pledge.state_since).order_by(
            Pledge.id
        )
    ).all()
    events = db.session.execute(
        select(Event.subject, Event.kind, Event.by.is_(None), Event.at, Event.data).where(
            Event.kind.in_(["campaign.expired", "campaign.sourcing", "campaign.tipped", "pledge.released"])
        )
    ).all()
    notices = db.session.execute(
        select(Notice.kind, Notice.data, Notice.created_at, Notice.due_at, Notice.delivery, Notice.tries,
               Notice.user_id.is_not(None), Notice.address).where(Notice.kind == "campaign_expired")
    ).all()  # fmt: skip
    return [list(map(tuple, campaigns)), list(map(tuple, pledges)), said(events), said(notices)]


def said(found):
    """Lines without the names that differ from one campaign to the next, in any order."""
    lines = [
        tuple(sorted(v for v in one.items() if v[0] not in NAMES) if isinstance(one, dict) else one for one in row)
        for row in found
    ]  # fmt: skip
    return sorted(lines, key=repr)


def test_a_set_leaves_the_same_rows_as_one_by_one(make, now):
    ids = some(make, now)
    for id_ in ids:
        close_campaign(id_, now=now + WEEK)
    db.session.commit()
    plain = rows(ids[0])
    for campaign in db.session.scalars(select(Campaign)):
        campaign.title += " "
    for table in ("notice", "event", "follow", "pledge", "demand_point", "price_tier", "campaign"):
        db.session.execute(text(f"DELETE FROM {table}"))
    db.session.commit()
    db.session.expunge_all()

    again = some(make, now)
    close_campaigns(again, now=now + WEEK)
    db.session.commit()
    assert rows(again[0]) == plain
    states = [row[1] for row in plain[0]]
    assert states == [C.EXPIRED, C.SOURCING, C.SOURCING, C.SOURCING, C.EXPIRED, C.EXPIRED, C.OPEN]
    close_campaigns(again, now=now + 2 * WEEK)
    db.session.commit()
    assert rows(again[0]) == plain


def test_one_bad_campaign_stops_no_other_of_its_set(make, now):
    ids = some(make, now)

    def close(some_ids, *, now):
        if ids[0] in some_ids:
            raise RuntimeError("boom")
        close_campaigns(some_ids, now=now)

    later = now + WEEK
    assert by_set(campaigns_to_close(later), close, now=later, work="x") == {
        "done": 5,
        "refused": 0,
        "failed": 1,
    }
    assert campaigns_to_close(later) == [ids[0]]
    (left,) = db.session.scalars(select(Claim))
    assert (left.item, left.error) == (ids[0], "RuntimeError: boom")


def test_a_set_whose_lease_was_lost_is_undone(make, now):
    ids = some(make, now)

    def sleep_and_close(some_ids, *, now):
        db.session.execute(Claim.__table__.update().values(holder="another"))
        db.session.commit()
        close_campaigns(some_ids, now=now)

    later = now + WEEK
    assert jobs.by_set(campaigns_to_close(later), sleep_and_close, now=later)["done"] == 0
    assert len(campaigns_to_close(later)) == len(ids) - 1
