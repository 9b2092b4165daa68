"""Races for a campaign between real processes; each has a twin whose lock is off, and which must go wrong."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.queries import demand
from c2b.campaigns.states import CampaignState
from c2b.config import ROOT
from c2b.core.db import db
from c2b.core.events import Event
from c2b.payments.models import Mandate
from tests.factories import Make

Acts = list[dict[str, Any]]
SHOPS = 3


class Race:
    """Some processes of the shop, which act at once."""

    def __init__(self, url: str, now: datetime, *, guarded: bool) -> None:
        more = [] if guarded else ["unguarded"]
        command = [sys.executable, "-m", "tests.races.one_shop", url, now.isoformat(), *more]
        pipes: dict[str, Any] = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
        }
        self.shops = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(SHOPS)]
        self.ready = False

    def run(self, *each: Acts) -> list[list[str]]:
        """One list of acts for each process; what became of them."""
        db.session.commit()  # lets go of the database
        if not self.ready:
            if [self._read(shop) for shop in self.shops] != ["ready"] * SHOPS:
                raise RuntimeError("the processes did not start")  # which proves nothing about the race
            self.ready = True
        racing = self.shops[: len(each)]
        for shop, acts in zip(racing, each, strict=True):
            assert shop.stdin is not None
            shop.stdin.write(json.dumps(acts) + "\n")
            shop.stdin.flush()
        answers = [json.loads(self._read(shop)) for shop in racing]
        db.session.expire_all()
        return answers

    def _read(self, shop: subprocess.Popen[str]) -> str:
        assert shop.stdout is not None
        return shop.stdout.readline().strip()

    def end(self) -> None:
        """End the processes that were started here."""
        for shop in self.shops:
            shop.kill()
            shop.communicate()


@pytest.fixture
def race(database_url: str, now: datetime) -> Iterator[Callable[..., Race]]:
    """Start the processes, with the lock or without it."""
    started: list[Race] = []

    def start(*, guarded: bool) -> Race:
        started.append(Race(database_url, now, guarded=guarded))
        return started[-1]

    yield start
    for one in started:
        one.end()


def join(campaign: Campaign, shopper: Any) -> dict[str, Any]:
    """One unit for this shopper, at the first tier's price."""
    card = db.session.scalar(select(Mandate.id).where(Mandate.user_id == shopper.id))
    return {"campaign": campaign.id, "shopper": shopper.id, "mandate": card, "ceiling": campaign.first_price}


def times_tipped(campaign: Campaign) -> int:
    kinds = select(func.count()).where(Event.kind == "campaign.tipped", Event.subject_id == campaign.id)
    return int(db.session.scalar(kinds) or 0)


def sixty_for_fifty(make: Make, race: Race) -> None:
    campaign = make.campaign(threshold=20, capacity=50)
    shoppers = [make.shopper() for _ in range(60)]
    acts = [join(campaign, shopper) for shopper in shoppers]
    answers = race.run(*(acts[n::SHOPS] for n in range(SHOPS)))
    assert Counter(chain(*answers)) == {"placed": 50, "over_capacity": 10}
    assert (campaign.units, campaign.people, campaign.state) == (50, 50, CampaignState.TIPPED)
    assert demand(campaign.id).units_at(1) == 50
    assert times_tipped(campaign) == 1


def two_that_would_tip(make: Make, race: Race) -> None:
    campaign = make.campaign(threshold=10)
    make.pledge(campaign, quantity=9)
    acts = [[join(campaign, make.shopper())] for _ in range(2)]
    answers = race.run(*acts)
    assert answers == [["placed"], ["placed"]]
    assert (campaign.state, campaign.counted_units) == (CampaignState.TIPPED, 11)
    assert times_tipped(campaign) == 1


def leaving_against_tipping(make: Make, race: Race) -> None:
    campaign = make.campaign(threshold=10)
    make.pledge(campaign, quantity=8)
    leaver = make.pledge(campaign)
    leave = {"withdraw": leaver.id, "by": leaver.shopper_id}
    [left], [joined] = race.run([leave], [join(campaign, make.shopper())])
    assert joined == "placed"
    standing = db.session.scalar(select(func.count()).where(Pledge.id == leaver.id, Pledge.state == "active"))
    if left == "withdrawn":
        assert (campaign.state, campaign.counted_units, standing) == (CampaignState.OPEN, 9, 0)
    else:
        assert "binding" in left
        assert (campaign.state, campaign.counted_units, standing) == (CampaignState.TIPPED, 10, 1)


CONTESTS = (sixty_for_fifty, two_that_would_tip, leaving_against_tipping)


def test_whoever_acts_at_once_acts_one_after_the_other(
    app: Flask, make: Make, race: Callable[..., Race]
) -> None:
    """Sixty shoppers for fifty units; two pledges that would both tip; one leaves while another tips."""
    processes = race(guarded=True)
    for contest in (*CONTESTS, *CONTESTS[1:] * 4):
        contest(make, processes)


@pytest.mark.breaks_promises
def test_without_the_lock_each_of_these_races_goes_wrong(
    app: Flask, make: Make, race: Callable[..., Race]
) -> None:
    """The twin of the test above, its guard switched off.

    Leaving against tipping is not among them: the counter is added to and the state is moved from the one it has,
    so that without the lock the books may hold even so, and at worst somebody is refused.
    """
    processes = race(guarded=False)
    for contest in (sixty_for_fifty, two_that_would_tip):
        with pytest.raises(AssertionError):
            contest(make, processes)
