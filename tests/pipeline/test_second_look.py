"""A second look at one passed offer in twenty, by somebody who has not judged it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused, Stale
from c2b.merchants.models import MerchantStaff
from c2b.merchants.states import Post
from c2b.operators.worklist import needs
from c2b.pipeline import second_look as second
from c2b.pipeline.engine import give_verdict
from c2b.pipeline.models import VerdictLine
from c2b.pipeline.second_look import is_drawn, look_again, waiting_looks
from c2b.pipeline.stage import Ruling

ONE = pytest.mark.parametrize("database", ["sqlite"])


def test_the_draw_takes_about_one_in_twenty_and_always_the_same(now):
    drawn = [is_drawn(visit, now) for visit in range(4000)]
    assert 140 < sum(drawn) < 260
    assert drawn == [is_drawn(visit, now) for visit in range(4000)]
    assert drawn != [is_drawn(visit, now + timedelta(microseconds=1)) for visit in range(4000)]


@pytest.fixture
def judges(make):
    return make.reviewer("Rita"), make.reviewer("Rob")


@pytest.fixture
def passed(make, now, judges, monkeypatch):
    """An offer that two have passed, and on which the draw has fallen."""
    monkeypatch.setattr(second, "is_drawn", lambda *_review: True)
    campaign, batch = make.campaign(CampaignState.SOURCING, title="Oak stool"), make.batch()
    make.entry(campaign, batch)
    offer = make.at_stage(make.offer(campaign, make.merchant(name="Works"), batch=batch), "final_review")
    for judge in judges:
        give_verdict(offer.id, Ruling.PASS, "", by=judge.id, now=now)
    db.session.commit()
    return offer


def look(offer, who, now, ruling=Ruling.PASS, note=""):
    return look_again(offer.id, ruling, (), note, by=who.id, now=now, content_hash=offer.content_hash)


def test_somebody_who_has_not_judged_it_looks_once_and_nothing_follows_by_itself(make, passed, judges, now):
    third = make.reviewer()
    assert waiting_looks(judges[0].id) == []
    with pytest.raises(NotFound):
        look(passed, judges[0], now)
    assert waiting_looks(third.id) == [passed]
    with pytest.raises(Refused, match="Say why"):
        look(passed, third, now, Ruling.REJECT)
    with pytest.raises(Stale):
        look_again(passed.id, Ruling.PASS, (), "", by=third.id, now=now, content_hash="old")
    look(passed, third, now, Ruling.REJECT, "The list price is made up.")
    db.session.commit()
    assert passed.state == "scheduling"
    assert waiting_looks(third.id) == []
    with pytest.raises(NotFound):  # one look is enough
        look(passed, make.reviewer(), now)
    assert [(need.kind, need.count) for need in needs(now) if need.kind == "doubted"] == [("doubted", 1)]


@ONE
def test_without_the_draw_and_for_a_rivals_people_there_is_no_second_look(make, passed, now, monkeypatch):
    rival = make.reviewer()
    firm = make.merchant()
    db.session.add(MerchantStaff(merchant_id=firm.id, user_id=rival.id, post=Post.EDITOR, since=now))
    make.offer(passed.campaign, firm)
    db.session.commit()
    assert waiting_looks(rival.id) == []
    with pytest.raises(Refused, match="firm that competes"):
        look(passed, rival, now)
    monkeypatch.setattr(second, "is_drawn", lambda *_review: False)
    assert waiting_looks(make.reviewer().id) == []


@ONE
def test_the_page_is_blind_and_its_verdict_is_shown_to_those_who_can_act(client, make, sign_in, passed):
    otto = make.operator("Otto")
    sign_in(client, otto)
    assert "Second look" in client.get("/review").text
    page = client.get("/review/second").text
    assert "Oak stool" in page
    assert not [word for word in ("Rita", "Rob", "Works", "Four eyes") if word in page]
    address = f"/review/second/{passed.id}"
    assert client.post(address, data={"ruling": "reject", "seen": passed.content_hash}).status_code == 422
    said = {"ruling": "reject", "seen": passed.content_hash, "reasons": ["price"], "note": "Seen at ¥90."}
    assert "Seen at ¥90." in client.post(address, data=said, follow_redirects=True).text
    assert client.post(address, data=said).status_code == 404
    assert "Second look: Reject" in client.get(f"/review/a/{passed.id}").text
    assert "1 passed offer is in doubt" in client.get("/ops").text
    assert db.session.scalars(select(VerdictLine.stage).where(VerdictLine.by == otto.id)).all() == [
        "second_look"
    ]
