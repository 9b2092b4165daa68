"""The one door for state changes."""

import pytest
from sqlalchemy.orm import configure_mappers

from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.core.errors import Refused, Stale
from c2b.core.machine import Machine
from c2b.core.states import move, move_many
from tests.factories import put_in_state


def test_a_state_cannot_be_assigned(make):
    campaign = make.campaign()
    with pytest.raises(AttributeError):
        campaign.state = CampaignState.TIPPED


def test_nobody_is_born_half_way():
    from c2b.campaigns.models import Campaign

    configure_mappers()  # as the first query of every process does: the guard is set up then
    with pytest.raises(AttributeError):
        Campaign(state=CampaignState.OPEN)


def test_a_move_without_an_arrow_is_refused(make, now):
    campaign = make.campaign(CampaignState.DRAFT)
    with pytest.raises(Refused):
        move(campaign, CampaignState.LIVE, by=None, now=now)


def test_a_move_writes_the_diary(make, now, diary):
    campaign = make.campaign(CampaignState.DRAFT)
    move(campaign, CampaignState.SUBMITTED, by=7, now=now)
    assert campaign.state == CampaignState.SUBMITTED
    assert diary()[-1] == ("campaign.submitted", {"old": "draft"})


def test_the_slower_of_two_is_told_so(make, now):
    campaign = make.campaign(CampaignState.DRAFT)
    db.session.refresh(campaign)
    db.session.expunge(campaign)  # what the slower one has in hand
    other = db.session.get(type(campaign), campaign.id)
    move(other, CampaignState.SUBMITTED, by=None, now=now)
    with pytest.raises(Stale):
        move(campaign, CampaignState.SUBMITTED, by=None, now=now)


def test_many_move_at_once_and_the_moved_ones_are_named(make, now, diary):
    campaign = make.campaign()
    one, two = make.pledge(campaign), make.pledge(campaign)
    put_in_state(two, "withdrawn", now)
    campaign.people -= 1
    campaign.units -= 1
    campaign.counted_people -= 1
    campaign.counted_units -= 1
    moved = move_many(type(one), [one.id, two.id], "active", "released", by=None, now=now)
    assert moved == [one.id]
    assert diary()[-1] == ("pledge.released", {"old": "active"})
    db.session.rollback()


def test_a_state_that_nothing_reaches_fails_at_import():
    with pytest.raises(ValueError, match="lost"):
        Machine(initial="a", arrows={"a": {"b"}, "lost": {"b"}})
