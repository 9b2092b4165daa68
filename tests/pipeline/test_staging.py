"""Staged verdicts: nothing happens before they are sent, and then each one on its own."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused, Stale
from c2b.core.outbox import Notice
from c2b.mailing.render import Reader, put_into_words
from c2b.pipeline.changes import changes
from c2b.pipeline.engine import give_verdict
from c2b.pipeline.models import Offer, VerdictLine
from c2b.pipeline.offer_content import content_of, hash_of
from c2b.pipeline.review_models import StagedVerdict
from c2b.pipeline.stage import Ruling
from c2b.pipeline.staging import send_staged, stage_verdict, staged_by, take_back

ONE = pytest.mark.parametrize("database", ["sqlite"])


@pytest.fixture(autouse=True)
def at_now(monkeypatch, now):
    for name in ("review_views", "staging_views"):
        monkeypatch.setattr(f"c2b.pipeline.{name}.utcnow", lambda: now)


@pytest.fixture
def batch(make):
    return make.batch()


@pytest.fixture
def offers(make, batch):
    """Three offers for one campaign, in the final review."""
    campaign = make.campaign(CampaignState.SOURCING, threshold=3, title="Oak stool")
    make.pledge(campaign, ceiling=26000)
    make.entry(campaign, batch)
    made = [
        make.at_stage(make.offer(campaign, tiers=((1, price),), batch=batch), "final_review")
        for price in (19000, 17000, 15000)
    ]
    db.session.commit()
    return made


@pytest.fixture
def rita(make):
    return make.reviewer("Rita")


def keep(offer, who, now, ruling=Ruling.PASS, reasons=(), note=""):
    stage_verdict(offer.id, ruling, reasons, note, by=who.id, now=now, content_hash=offer.content_hash)
    db.session.commit()
    return db.session.scalar(select(StagedVerdict).filter_by(offer_id=offer.id, reviewer_id=who.id))


def of_people():
    return db.session.scalars(
        select(VerdictLine).where(VerdictLine.by.is_not(None), VerdictLine.stage == "final_review")
    ).all()


def mended(offer, **values):
    for name, value in values.items():
        setattr(offer, name, value)
    offer.content_hash = hash_of(offer)
    db.session.commit()


def test_a_staged_verdict_does_nothing_until_it_is_sent_and_then_counts_once(make, offers, rita, now):
    first = keep(offers[0], rita, now)
    again = keep(offers[0], rita, now, Ruling.WAIT, ["photo"])
    assert first.id == again.id
    assert (of_people(), offers[0].state, again.ruling) == ([], "final_review", Ruling.WAIT)
    kept = again.id
    line = send_staged(kept, by=rita.id, now=now)
    db.session.commit()
    assert (line.ruling, line.evidence) == (Ruling.WAIT, {"reasons": ["photo"], "note": ""})
    with pytest.raises(NotFound):  # a second press, or a second window
        send_staged(kept, by=rita.id, now=now)
    assert staged_by(rita.id) == []
    assert len(of_people()) == 1


def test_nobody_sends_what_another_one_has_staged(make, offers, rita, now):
    kept = keep(offers[0], rita, now)
    with pytest.raises(NotFound):
        send_staged(kept.id, by=make.reviewer().id, now=now)
    db.session.rollback()
    assert staged_by(rita.id) == [kept]


def test_two_reviewers_of_one_offer_are_told_apart_by_the_operation_itself(make, offers, rita, now):
    rob, last = make.reviewer("Rob"), make.reviewer("Last")
    kept = {who.id: keep(offers[0], who, now).id for who in (rita, rob, last)}
    for who in (rita, rob):
        send_staged(kept[who.id], by=who.id, now=now)
        db.session.commit()
    assert offers[0].state == "scheduling"
    with pytest.raises(Stale):
        send_staged(kept[last.id], by=last.id, now=now)
    db.session.rollback()
    assert len(of_people()) == 2


def test_what_was_staged_is_taken_back_one_by_one_last_first(offers, rita, now):
    for minute, offer in enumerate(offers[:2]):
        keep(offer, rita, now + timedelta(minutes=minute))
    assert take_back(None, by=rita.id) == offers[1].id
    assert take_back(offers[0].id, by=rita.id) == offers[0].id
    assert take_back(None, by=rita.id) is None


def test_a_verdict_is_staged_only_by_whoever_could_give_it_with_a_reason_on_what_stands_there(
    make, offers, rita, now
):
    with pytest.raises(Refused, match="Say why"):
        keep(offers[0], rita, now, Ruling.REJECT)
    with pytest.raises(Stale):
        stage_verdict(offers[0].id, Ruling.PASS, [], "", by=rita.id, now=now, content_hash="old")
    owner = db.session.get(User, offers[0].created_by)
    with pytest.raises(Refused):
        keep(offers[0], owner, now)
    assert staged_by(rita.id) == []


def send(client, *ids):
    return client.post("/review/send", data={"one": [str(id_) for id_ in ids]})


@ONE
def test_one_refusal_stops_no_other_verdict_and_says_what_has_changed(
    client, sign_in, make, offers, rita, now
):
    kept = [keep(offer, rita, now, Ruling.REJECT, ["price"], "Too dear.") for offer in offers]
    ids = [one.id for one in kept]
    mended(offers[1], list_price=33000, title="Mended stool")
    give_verdict(offers[2].id, Ruling.REJECT, "No.", by=make.reviewer("Rob").id, now=now)
    db.session.commit()
    sign_in(client, rita)
    before = client.get("/review/send").text
    assert "1 mail goes out" in before
    assert "Too dear." in before
    page = send(client, *ids, 99999, "nonsense").text
    assert "1 verdict sent" in page
    assert [line.offer_id for line in of_people() if line.by == rita.id] == [offers[0].id]
    assert "Your verdict is kept below" in page
    assert "Rob: Reject" in page
    assert "Mended stool" in page
    assert [one.offer_id for one in staged_by(rita.id)] == [offers[1].id]
    told = db.session.scalars(select(Notice).where(Notice.kind == "offer_verdict")).all()
    assert {notice.data["path"] for notice in told} == {
        f"/sell/a/{offer.id}" for offer in (offers[0], offers[2])
    }


@ONE
def test_without_a_script_a_batch_is_judged_by_plain_forms(client, sign_in, offers, batch, rita):
    sign_in(client, rita)
    data = {"ruling": "wait", "reasons": ["photo", "size_table"], "seen": offers[0].content_hash}
    assert client.post(f"/review/a/{offers[0].id}", data=data).status_code == 302
    ticked = {"offer": [offers[1].id, offers[2].id, 999], "ruling": "pass"}
    ticked |= {f"seen-{one.id}": one.content_hash for one in offers[1:]}
    assert client.post(f"/review/b/{batch.number}", data=ticked).status_code == 302
    page = client.get(f"/review/b/{batch.number}").text
    assert "3 verdicts not sent yet" in page
    assert of_people() == []
    undone = client.post("/review/undo", data={"batch": batch.number}, follow_redirects=True).text
    assert "2 verdicts not sent yet" in undone
    assert (
        "Handover"
        in client.post(
            f"/review/b/{batch.number}/note", data={"words": "Ask for B."}, follow_redirects=True
        ).text
    )
    assert "Ask for B." in client.get(f"/review/b/{batch.number}").text
    send(client, *[one.id for one in staged_by(rita.id)])
    assert len(of_people()) == 2


@ONE
def test_the_script_gets_marks_bar_and_a_sentence(client, sign_in, offers, rita):
    sign_in(client, rita)
    json = {"Accept": "application/json"}
    data = {"ruling": "pass", "seen": offers[0].content_hash}
    said = client.post(f"/review/a/{offers[0].id}", data=data, headers=json).json
    assert (said["total"], said["refused"], said["said"]) == (1, False, "1 verdict not sent yet.")
    assert "Pass" in said["rows"][str(offers[0].id)]
    stale = client.post(f"/review/a/{offers[1].id}", data={"ruling": "pass", "seen": "old"}, headers=json)
    assert (stale.status_code, stale.json["refused"]) == (409, True)
    wordless = client.post(f"/review/a/{offers[1].id}", data={"ruling": "reject"}, headers=json)
    assert (wordless.status_code, "Say why" in wordless.json["said"]) == (422, True)
    gone = client.post("/review/undo", headers=json).json
    assert (gone["total"], gone["rows"]) == (0, {str(offers[0].id): ""})
    assert client.post("/review/undo", headers=json).json["said"] == "There is nothing to undo."
    assert client.get(f"/review/a/{offers[0].id}?part=pane").text.count("<h2") == 1


@ONE
def test_bad_input_is_answered(client, sign_in, offers, batch, rita):
    sign_in(client, rita)
    for address in ("/review/undo", "/review/send", f"/review/b/{batch.number}/note"):
        for value in ("x", "-1", "9" * 40, "\x00", "٣"):
            answer = client.post(address, data={"one": value, "offer": value, "batch": value, "words": value})
            assert answer.status_code in (200, 302), (address, value)
    for query in ("view=x&q=%00&category=x&offer=x", "q=stool&category=home", "format=csv&blind=1"):
        assert client.get(f"/review/b/{batch.number}?{query}").status_code == 200
    table = client.get(f"/review/b/{batch.number}?format=csv&blind=1").get_data().decode("utf-8-sig")
    assert "Oak stool" in table
    assert offers[0].merchant.name not in table


@ONE
def test_merchants_read_the_reasons_in_their_own_language(make, offers, rita, now):
    owner = db.session.get(User, offers[0].created_by)
    kept = keep(offers[0], rita, now, Ruling.REJECT, ["sample"], "Weighs 3 kg.")
    send_staged(kept.id, by=rita.id, now=now)
    db.session.commit()
    notice = db.session.scalar(select(Notice).where(Notice.kind == "offer_verdict"))
    english, chinese = (
        put_into_words(notice, Reader(owner.id, owner.email, owner.name, locale)).text
        for locale in ("en", "zh-Hans")
    )
    assert "The sample is not what the offer describes." in english
    assert "The sample is not what" not in chinese
    assert "Weighs 3 kg." in chinese


@ONE
def test_a_change_is_told_field_by_field(app, offers):
    before = content_of(offers[0])
    after = before | {"title": "New", "tiers": [[5, 12000]], "pictures": ["a", "b"], "hs_code": ""}
    with app.test_request_context():
        told = {one.label: (one.before, one.after) for one in changes(before, after)}
    assert told["Title"] == (before["title"], "New")
    assert told["Price tiers"] == ("1: ¥190", "5: ¥120")
    assert changes(before, before) == []


def test_an_offer_may_vanish_from_the_pipeline_while_its_verdict_waits(offers, rita, now):
    kept = keep(offers[0], rita, now)
    give_verdict(offers[0].id, Ruling.REJECT, "No.", by=rita.id, now=now)
    db.session.commit()
    with pytest.raises(Stale):
        send_staged(kept.id, by=rita.id, now=now)
    db.session.rollback()
    assert db.session.get(Offer, offers[0].id).state == "rejected"
