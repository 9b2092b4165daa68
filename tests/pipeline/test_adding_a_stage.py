"""The worked example of docs/adding-a-stage.md, followed to the letter."""

import importlib.util
import re
from datetime import timedelta

import pytest

from c2b.campaigns.states import CampaignState
from c2b.config import ROOT
from c2b.core.db import db
from c2b.core.outbox import Notice
from c2b.pipeline import stages
from c2b.pipeline.engine import give_verdict, judge_by_machine
from c2b.pipeline.models import Offer
from c2b.pipeline.reminders import offers_to_remind, remind_owner
from c2b.pipeline.stage import Ruling
from tests.pipeline.helpers import use_pipeline

PAGE = (ROOT / "docs" / "adding-a-stage.md").read_text()
FILE, LINE = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)


@pytest.fixture
def pipeline(app, monkeypatch, tmp_path):
    """The one file, written down as it stands there, and the one line."""
    path = tmp_path / "photo_check.py"
    path.write_text(FILE)
    spec = importlib.util.spec_from_file_location("photo_check", path)
    photo_check = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(photo_check)
    names = {
        "photo_check": photo_check,
        "Stage": stages.Stage,
        **{s.key: _Module(s) for s in stages.PIPELINE},
    }
    exec(LINE, names)
    use_pipeline(monkeypatch, names["PIPELINE"])
    return names["PIPELINE"]


class _Module:
    """Stands for the module that a stage comes from."""

    def __init__(self, stage):
        self.stage = stage


@pytest.fixture
def offer(make, pipeline):
    batch = make.batch()
    campaign = make.campaign(CampaignState.SOURCING)
    make.entry(campaign, batch)
    return make.at_stage(make.offer(campaign, batch=batch), "sample")


def test_the_line_of_the_example_is_the_real_list_and_one_more(pipeline, monkeypatch):
    monkeypatch.undo()
    assert [s.key for s in pipeline if s.key != "photo_check"] == [s.key for s in stages.PIPELINE]


def test_the_arrows_lead_through_it(pipeline):
    assert "photo_check" in Offer.machine.arrows["sample"]
    assert "final_review" not in Offer.machine.arrows["sample"]
    assert {"final_review", "rejected", "withdrawn", "machine_review"} <= Offer.machine.arrows["photo_check"]


def test_an_offer_walks_through_it_with_queue_page_due_date_and_reminder(
    make, offer, client, sign_in, monkeypatch, now
):
    from c2b.pipeline.samples import inspect_sample, receive_sample, sample_of, send_sample
    from c2b.pipeline.staging import staged_by

    rita, sample = make.reviewer("Rita"), sample_of(offer.id)
    send_sample(sample.id, "SF", "1", by=offer.created_by, now=now)
    receive_sample(sample.id, by=rita.id, now=now)
    inspect_sample(sample.id, passed=True, checklist={"all": True}, note="Fine.", by=rita.id, now=now)
    judge_by_machine(offer.id, now=now)
    db.session.commit()
    assert (offer.state, offer.due_at) == ("photo_check", now + timedelta(days=2))

    soon = now + timedelta(days=1, hours=1)
    assert offer.id in offers_to_remind(soon)
    remind_owner(offer.id, now=soon)
    db.session.commit()
    assert [
        n.data["stage"] for n in db.session.query(Notice).filter_by(kind="queue_due_soon", user_id=rita.id)
    ] == ["Photo check"]

    for views in ("review_views", "staging_views"):
        monkeypatch.setattr(f"c2b.pipeline.{views}.utcnow", lambda: now)
    sign_in(client, rita)
    assert "Photo check" in client.get("/review").text
    assert offer.merchant.name in client.get("/review/q/photo_check").text
    assert "Photo check" in client.get(f"/review/a/{offer.id}").text
    client.post(
        f"/review/a/{offer.id}", data={"ruling": "pass", "seen": offer.content_hash, "stage": "photo_check"}
    )
    client.post("/review/send", data={"one": [one.id for one in staged_by(rita.id)]})
    db.session.refresh(offer)
    assert offer.state == "final_review"

    for _reviewer in range(2):
        give_verdict(offer.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    assert offer.state == "scheduling"


def test_without_its_approval_nothing_goes_past_it(make, offer, now):
    """An offer that was mended after the photo check has to pass it again."""
    make.at_stage(offer, "final_review")
    offer.content_hash = "other photos"
    db.session.commit()
    for _reviewer in range(2):
        give_verdict(offer.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    assert offer.state == "machine_review"
