"""Joining, changing one's mind, leaving; the pledge that tips; the end of the open time."""

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import (
    PledgeChange,
    PledgeRequest,
    cancel_campaign,
    change_pledge,
    place_pledge,
    withdraw_pledge,
)
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db, transaction
from jobs import close_campaigns
from tests.crash.states import Ids, mandate_of
from tests.crash.world import World, scenario
from tests.factories import Make


def open_campaign(make: Make, *, pledged: int = 1, **more: Any) -> Ids:
    """Some have joined, somebody is about to."""
    campaign = make.campaign(threshold=10, **more)
    pledge = make.pledge(campaign, quantity=pledged)
    shopper = make.shopper()
    return {
        "campaign": campaign.id, "slug": campaign.slug, "shopper": shopper.id, "mandate": mandate_of(shopper.id),
        "terms": terms_hash(campaign), "pledge": pledge.id, "owner": pledge.shopper_id,
    }  # fmt: skip


def nearly_there(make: Make) -> Ids:
    """One unit is missing."""
    return open_campaign(make, pledged=9)


def time_is_up(make: Make) -> Ids:
    """Two campaigns are over, one with enough demand."""
    over = make.now - timedelta(minutes=1)
    return {
        "missed": open_campaign(make, closes_at=over),
        "reached": open_campaign(make, closes_at=over, pledged=9),
    }


def demand_decides(make: Make) -> Ids:
    """Those who would pay less are enough for the lower tier."""
    ids = open_campaign(make, closes_at=make.now - timedelta(minutes=1), tiers=((10, 25900), (12, 20000)))
    make.pledge(db.session.get_one(Campaign, ids["campaign"]), quantity=14, ceiling=20000)
    return ids


def request(ids: Ids, **more: Any) -> PledgeRequest:
    """What the shopper asks for; the key comes with the form."""
    return PledgeRequest(
        shopper_id=ids["shopper"], quantity=1, ceiling=25900, mandate_id=ids["mandate"], terms=ids["terms"],
        request_key=f"{ids['shopper']}:form", **more,
    )  # fmt: skip


def signed_in(world: World, user_id: int) -> FlaskClient:
    """Their browser."""
    with transaction():
        name = db.session.get_one(User, user_id).get_id()
    client = world.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = name, True
    return client


@scenario("pledge: create", open_campaign, repeat=True)
def create(world: World) -> None:
    with transaction():
        place_pledge(world.ids["campaign"], request(world.ids), now=world.now)


@scenario("pledge: create by the form", open_campaign, repeat=True)
def create_by_form(world: World) -> None:
    ids = world.ids
    form = {"max": "259", "max_other": "259", "quantity": "1", "tolerance": "0", "region": "CN", "request_key": "once",
            "terms": ids["terms"], "card": str(ids["mandate"])}  # fmt: skip
    answer = signed_in(world, ids["shopper"]).post(f"/c/{ids['slug']}/join", data=form)
    assert answer.location == f"/c/{ids['slug']}/joined", answer.text


@scenario("pledge: the one that tips", nearly_there, repeat=True)
def tip(world: World) -> None:
    with transaction():
        place_pledge(world.ids["campaign"], request(world.ids), now=world.now)
    with transaction():
        assert db.session.get_one(Campaign, world.ids["campaign"]).tipped_at == world.now


@scenario("pledge: change", open_campaign)
def change(world: World) -> None:
    with transaction():
        change_pledge(
            world.ids["pledge"], PledgeChange(quantity=3, ceiling=20000), by=world.ids["owner"], now=world.now
        )


@scenario("pledge: withdraw", open_campaign)
def withdraw(world: World) -> None:
    with transaction():
        withdraw_pledge(world.ids["pledge"], by=world.ids["owner"], now=world.now)


@scenario("pledge: withdraw by the form", open_campaign)
def withdraw_by_form(world: World) -> None:
    answer = signed_in(world, world.ids["owner"]).post(f"/c/{world.ids['slug']}/leave")
    assert answer.location == f"/c/{world.ids['slug']}", answer.text


@scenario("campaign: close by deadline", time_is_up)
def close(world: World) -> None:
    close_campaigns.run(world.now)


@scenario("campaign: close where all of the demand decides", demand_decides)
def close_by_demand(world: World) -> None:
    close_campaigns.run(world.now)


@scenario("campaign: cancel", nearly_there)
def cancel(world: World) -> None:
    with transaction():
        cancel_campaign(world.ids["campaign"], "It cannot be made.", by=None, now=world.now)
