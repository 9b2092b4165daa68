"""Races between reviewers and between operators, as real processes; each has a twin whose guard is off."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.config import ROOT
from c2b.core.db import db
from c2b.core.events import Event
from c2b.pipeline.batches import award, ensure_batches
from c2b.pipeline.models import Offer, Place, Slot, VerdictLine
from c2b.pipeline.stage import Ruling
from c2b.pipeline.staging import stage_verdict, staged_by
from tests.factories import Make

OFFICES = 2
Act = dict[str, Any]


class Race:
    """Some offices, which act at once."""

    def __init__(self, url: str, now: datetime, *more: str) -> None:
        command = [sys.executable, "-m", "tests.races.one_office", url, now.isoformat(), *more]
        pipes: dict[str, Any] = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
        }
        self.offices = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(OFFICES)]
        self.ready = False

    def run(self, *acts: Act) -> list[str]:
        """One act for each process; what became of them."""
        db.session.commit()  # lets go of the database
        if not self.ready:
            assert [self._read(office) for office in self.offices] == ["ready"] * OFFICES
            self.ready = True
        for office, act in zip(self.offices, acts, strict=True):
            assert office.stdin is not None
            office.stdin.write(json.dumps(act) + "\n")
            office.stdin.flush()
        answers = [json.loads(self._read(office)) for office in self.offices]
        db.session.expire_all()
        return answers

    def _read(self, office: subprocess.Popen[str]) -> str:
        assert office.stdout is not None
        return office.stdout.readline().strip()

    def end(self) -> None:
        """End the processes that were started here."""
        for office in self.offices:
            office.kill()
            office.communicate()


@pytest.fixture
def race(database_url: str, now: datetime, tmp_path: Path) -> Iterator[Callable[..., Race]]:
    """Start the processes, with the guards or without them."""
    started: list[Race] = []
    (tmp_path / "meeting").mkdir()

    def start(*, guarded: bool) -> Race:
        started.append(Race(database_url, now, *([] if guarded else [str(tmp_path / "meeting")])))
        return started[-1]

    yield start
    for one in started:
        one.end()


def two_reviewers_on_one_offer(make: Make, race: Race) -> None:
    """Both pass it at the same moment: it has its two passes, so it goes on, exactly once."""
    batch = make.batch()
    campaign = make.campaign(CampaignState.SOURCING)
    make.entry(campaign, batch)
    offer = make.at_stage(make.offer(campaign, batch=batch), "final_review")
    answers = race.run(*({"offer": offer.id, "by": make.reviewer().id} for _ in range(OFFICES)))
    assert answers == ["done", "done"]
    assert offer.state == "scheduling"
    moves = select(func.count()).where(Event.kind == "offer.scheduling", Event.subject_id == offer.id)
    assert db.session.scalar(moves) == 1


def two_operators_on_one_slot(make: Make, race: Race) -> None:
    """One place is left; two campaigns want it. One gets it, the other one hears why not."""
    slot = make_slot(make)
    campaigns = [make_awarded(make, slot, category) for category in ("home", "food")]
    acts = [{"slot": slot.id, "campaign": campaign.id, "by": make.operator().id} for campaign in campaigns]
    answers = race.run(*acts)
    assert sorted(answer.partition(":")[0] for answer in answers) == ["done", "refused"]
    [holder] = db.session.scalars(select(Place.campaign_id).where(Place.campaign_id.is_not(None)))
    states = {campaign.id: campaign.state for campaign in campaigns}
    assert states.pop(holder) == CampaignState.SCHEDULED
    assert list(states.values()) == [CampaignState.AWARDED]


def one_staged_verdict_sent_from_two_windows(make: Make, race: Race) -> None:
    """It is given once; the other window finds it gone."""
    campaign = make.campaign(CampaignState.SOURCING)
    offer = make.at_stage(make.offer(campaign, batch=make.batch()), "final_review")
    rita = make.reviewer()
    stage_verdict(offer.id, Ruling.PASS, [], "", by=rita.id, now=make.now, content_hash=offer.content_hash)
    [staged] = staged_by(rita.id)
    answers = race.run(*({"staged": staged.id, "by": rita.id} for _ in range(OFFICES)))
    assert sorted(answers) == ["done", "gone"]
    given = select(func.count()).where(VerdictLine.offer_id == offer.id, VerdictLine.by == rita.id)
    assert db.session.scalar(given) == 1


def two_staged_verdicts_on_one_offer(make: Make, race: Race) -> None:
    """Two reviewers send at the same moment: both count, and the offer goes on once."""
    campaign = make.campaign(CampaignState.SOURCING)
    offer = make.at_stage(make.offer(campaign, batch=make.batch()), "final_review")
    acts = []
    for reviewer in (make.reviewer(), make.reviewer()):
        seen = offer.content_hash
        stage_verdict(offer.id, Ruling.PASS, [], "", by=reviewer.id, now=make.now, content_hash=seen)
        acts.append({"staged": staged_by(reviewer.id)[0].id, "by": reviewer.id})
    assert race.run(*acts) == ["done", "done"]
    assert offer.state == "scheduling"


def make_slot(make: Make) -> Slot:
    """A slot with one place."""
    batch = ensure_batches(make.now)
    opens = batch.launch_from + timedelta(hours=3)
    slot = Slot(
        batch_id=batch.id,
        shown_from=opens - timedelta(days=1),
        opens_at=opens,
        closes_at=opens + timedelta(days=1),
    )
    slot.places = [Place(number=1)]
    db.session.add(slot)
    db.session.commit()
    return slot


def make_awarded(make: Make, slot: Slot, category: str) -> Campaign:
    """A campaign whose merchant is chosen."""
    campaign = make.campaign(CampaignState.SOURCING, threshold=1, category=category)
    make.pledge(campaign)
    batch = ensure_batches(make.now)
    make.entry(campaign, batch)
    offer: Offer = make.at_stage(make.offer(campaign, batch=batch), "scheduling")
    assert award(campaign.id, now=batch.signup_closes_at).offer_id == offer.id  # type: ignore[union-attr]
    db.session.commit()
    return campaign


RACES = (two_reviewers_on_one_offer, two_operators_on_one_slot)


def test_of_two_that_act_at_once_each_finds_what_the_other_did(
    app: Flask, make: Make, race: Callable[..., Race]
) -> None:
    """Two reviewers on one offer; two operators on one slot."""
    offices = race(guarded=True)
    for act in (*RACES, one_staged_verdict_sent_from_two_windows, two_staged_verdicts_on_one_offer):
        act(make, offices)


@pytest.mark.breaks_promises
def test_without_the_guards_each_of_these_races_goes_wrong(
    app: Flask, make: Make, race: Callable[..., Race]
) -> None:
    """The twin: looking and writing are not held together."""
    offices = race(guarded=False)
    for act in RACES:
        with pytest.raises(AssertionError):
            act(make, offices)
