"""Whoever belongs to a firm that has something to win neither sees nor judges what is offered for it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.campaigns.states import CampaignState
from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.errors import Refused
from c2b.merchants.models import MerchantStaff
from c2b.merchants.states import Post
from c2b.pipeline.batches import award, ensure_batches
from c2b.pipeline.engine import end_offer, give_verdict
from c2b.pipeline.models import Place, Slot, VerdictLine
from c2b.pipeline.offer_content import hash_of
from c2b.pipeline.samples import receive_sample, sample_of
from c2b.pipeline.scheduling import book_place
from c2b.pipeline.stage import Ruling
from c2b.pipeline.staging import stage_verdict, staged_by

pytestmark = pytest.mark.parametrize("database", ["sqlite"])
RIVAL, TITLE = "Rival works", "Rival stool"


@pytest.fixture(autouse=True)
def at_now(monkeypatch, now):
    for name in ("review_views", "sample_views", "schedule_views", "staging_views"):
        monkeypatch.setattr(f"c2b.pipeline.{name}.utcnow", lambda: now)


@pytest.fixture
def batch(app, now):
    return ensure_batches(now)


@pytest.fixture
def campaign(make, batch):
    made = make.campaign(CampaignState.SOURCING, threshold=1, category="food", title="Oak stool")
    make.pledge(made, ceiling=26000)
    make.entry(made, batch)
    return made


@pytest.fixture
def rival(make, batch, campaign):
    """The offer that the firm of the reviewer competes with, in the final review."""
    paper = {"file": "doc/" + "0" * 64 + ".pdf", "name": "paper.pdf", "kind": "ccc"}
    offer = make.offer(
        campaign,
        make.merchant(name=RIVAL),
        tiers=((1, 19000),),
        batch=batch,
        title=TITLE,
        certificates=[paper],
    )
    return make.at_stage(offer, "final_review")


@pytest.fixture
def both(make):
    """Reviewer and operator, and at work in a firm."""
    return make.user("Both", roles=(Role.REVIEWER, Role.OPERATOR))


def belong(make, person, *, since):
    """A firm of which the person is an editor."""
    firm = make.merchant()
    db.session.add(MerchantStaff(merchant_id=firm.id, user_id=person.id, post=Post.EDITOR, since=since))
    db.session.commit()
    return firm


@pytest.mark.parametrize("how", ["other stage", "other batch", "over", "started it"])
def test_an_offer_of_the_own_firm_anywhere_hides_the_rivals_everywhere(
    client, make, sign_in, batch, campaign, rival, both, now, how
):
    firm = belong(make, both, since=now)
    if how == "started it":
        campaign.merchant_id = firm.id
    else:
        own = make.offer(campaign, firm, batch=make.batch() if how == "other batch" else batch)
        if how == "over":
            end_offer(own, "rejected", by=None, now=now)
    elsewhere = make.campaign(CampaignState.SOURCING, category="food", title="Ash stool")
    like = make.at_stage(make.offer(elsewhere, batch=batch, title="Like it"), "final_review")
    parcel = sample_of(rival.id)
    db.session.commit()
    sign_in(client, both)
    for page in (
        "/review",
        "/review/q/final_review",
        f"/review/q/final_review?offer={rival.id}",
        f"/review/b/{batch.number}?view=all&offer={rival.id}",
        f"/review/b/{batch.number}?view=all&q=rival",
        f"/review/b/{batch.number}?view=all&format=csv",
        f"/review/a/{like.id}",
        "/review/send",
        "/review/samples",
    ):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert not [word for word in (RIVAL, TITLE, "19000", "¥190") if word in answer.text], page
    for page in (
        f"/review/a/{rival.id}",
        f"/review/a/{rival.id}?part=pane",
        f"/sell/a/{rival.id}/papers/1",
        f"/review/samples/{parcel.id}",
        f"/review/samples/{parcel.id}/label",
    ):
        answer = client.get(page)
        assert (answer.status_code, RIVAL in answer.text) == (409, False), page
    sign_in(client, make.reviewer())
    assert RIVAL in client.get("/review/q/final_review").text  # others see it


def test_no_way_leads_to_a_verdict_on_the_own_campaign(
    client, make, sign_in, batch, campaign, rival, both, now
):
    make.offer(campaign, belong(make, both, since=now), batch=batch)
    sign_in(client, both)
    seen = {"ruling": "pass", "seen": rival.content_hash}
    assert client.post(f"/review/a/{rival.id}", data=seen).status_code == 409
    script = client.post(f"/review/a/{rival.id}", data=seen, headers={"Accept": "application/json"})
    assert (script.status_code, script.json["refused"]) == (409, True)
    ticked = {"offer": [rival.id], "ruling": "pass", f"seen-{rival.id}": rival.content_hash}
    assert "somebody else must judge it" in client.post(f"/review/b/{batch.number}", data=ticked).text
    with pytest.raises(Refused, match="somebody else"):
        receive_sample(sample_of(rival.id).id, by=both.id, now=now)
    db.session.rollback()
    assert staged_by(both.id) == []


def test_a_verdict_kept_before_the_person_joined_a_rival_is_not_sent_and_tells_nothing_new(
    client, make, sign_in, batch, campaign, rival, both, now
):
    stage_verdict(
        rival.id, Ruling.PASS, [], "", by=both.id, now=now, content_hash=rival.content_hash, stage=rival.state
    )
    make.offer(campaign, belong(make, both, since=now), batch=batch)
    rival.list_price = 87600
    rival.content_hash = hash_of(rival)
    give_verdict(rival.id, Ruling.PASS, "", by=make.reviewer("Rita").id, now=now)
    db.session.commit()
    sign_in(client, both)
    page = client.get("/review/send").text
    assert "somebody else must judge it" in page
    assert not [word for word in ("876", "Rita") if word in page]
    sent = client.post("/review/send", data={"one": [one.id for one in staged_by(both.id)]}).text
    assert not [word for word in ("876", "Rita") if word in sent]
    assert db.session.scalar(select(VerdictLine).where(VerdictLine.by == both.id)) is None


def test_an_operator_neither_gives_nor_takes_the_date_of_an_offer_that_beat_their_own_firm(
    client, make, sign_in, batch, campaign, rival, both, now
):
    for _n in range(2):
        give_verdict(rival.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    award(campaign.id, now=batch.review_at)
    slot = db.session.scalar(select(Slot).order_by(Slot.id))
    own = make.offer(campaign, belong(make, both, since=now))
    end_offer(own, "rejected", by=None, now=now)
    db.session.commit()
    sign_in(client, both)
    data = {"slot": slot.id, "campaign": campaign.id}
    assert client.post("/schedule/place", data=data).status_code == 409
    book_place(slot.id, campaign.id, by=make.operator().id, now=now + timedelta(hours=1))
    db.session.commit()
    assert client.post("/schedule/give-back", data=data).status_code == 409
    assert client.post("/schedule/move", data=data).status_code == 409
    assert db.session.scalar(select(Place.campaign_id).where(Place.campaign_id.is_not(None))) == campaign.id
