"""Pages of reviewers, the sample room and operators."""

import re
from datetime import timedelta

import html5lib
import pytest
from flask import url_for
from sqlalchemy import event, select

from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.pipeline.batches import award, ensure_batches
from c2b.pipeline.engine import give_verdict
from c2b.pipeline.models import Place, Slot, VerdictLine
from c2b.pipeline.queries import slot_of
from c2b.pipeline.samples import receive_sample, sample_of, send_sample
from c2b.pipeline.stage import Ruling
from c2b.pipeline.staging import staged_by
from tests.forgetting import forget_kept

DAY = timedelta(days=1)
pytestmark = pytest.mark.parametrize("database", ["sqlite"])


@pytest.fixture
def at_now(monkeypatch, now):
    """Views read the clock; here it stands still."""
    for name in ("review_views", "sample_views", "schedule_views", "staging_views"):
        monkeypatch.setattr(f"c2b.pipeline.{name}.utcnow", lambda: now)
    return now


@pytest.fixture
def batch(app, now):
    batch = ensure_batches(now)
    db.session.commit()
    return batch


@pytest.fixture
def contest(make, batch):
    """Two offers for one campaign in the final review."""
    campaign = make.campaign(CampaignState.SOURCING, threshold=3, expected_price=20000, title="Oak stool")
    for ceiling in (20000, 21000, 24000, 26000):
        make.pledge(campaign, ceiling=ceiling)
    make.entry(campaign, batch)
    return [
        make.at_stage(make.offer(campaign, tiers=((1, price),), batch=batch), "final_review")
        for price in (19000, 15000)
    ]


@pytest.fixture
def rita(make, client, sign_in, at_now):
    rita = make.reviewer("Rita")
    sign_in(client, rita)
    return rita


@pytest.fixture
def otto(make, client, sign_in, at_now):
    otto = make.operator("Otto")
    sign_in(client, otto)
    return otto


def send_all(client, reviewer):
    """Press "Send" on the page of what is not sent."""
    client.post("/review/send", data={"one": [one.id for one in staged_by(reviewer.id)]})


PAGES = ["/review", "/review/send", "/review/samples", "/review/q/final_review"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_reviewers_open_when_there_is_nothing(client, rita, page):
    answer = client.get(page)
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("page", [*PAGES, "/schedule"])
def test_shoppers_and_merchants_see_none_of_it(client, make, sign_in, page):
    sign_in(client, make.merchant().staff[0] and make.shopper())
    assert client.get(page).status_code == 403


def test_the_batch_shows_the_offers_of_a_campaign_best_first(client, rita, batch, contest):
    dear, cheap = contest
    page = client.get(f"/review/b/{batch.number}").text
    assert page.index(cheap.merchant.name) < page.index(dear.merchant.name)
    assert "0 of 2 with a verdict" in page
    assert page.count("<h1") == 1


def test_a_queue_names_an_offer_by_the_letter_of_its_panel(client, make, rita, batch, contest):
    better, shown = contest[1], contest[0]
    make.at_stage(better, "sample")
    page = client.get(f"/review/q/final_review?offer={shown.id}").text
    assert re.findall(r'class="rk[^"]*">([^<]+)<', page) == ["B"]
    assert "Offer B: " in page


def test_names_can_be_hidden_on_every_page_of_the_review(client, rita, batch, contest):
    dear, _cheap = contest
    for address in (f"/review/b/{batch.number}", f"/review/a/{dear.id}", "/review/q/final_review"):
        hidden = client.get(f"{address}?blind=1").text
        assert not [name for name in (one.merchant.name for one in contest) if name in hidden]
        assert dear.merchant.name in client.get(address).text


def test_a_verdict_is_given_on_the_page_and_the_second_reviewer_sees_one_of_two(
    client, make, sign_in, rita, batch, contest
):
    dear, _cheap = contest
    answer = client.post(f"/review/a/{dear.id}", data={"ruling": "pass", "seen": dear.content_hash})
    assert answer.status_code == 302
    send_all(client, rita)
    rob = make.reviewer("Rob")
    sign_in(client, rob)
    page = client.get(f"/review/a/{dear.id}").text
    assert "1 of 2" in page
    assert "Rita passed" in page
    client.post(f"/review/a/{dear.id}", data={"ruling": "pass", "seen": dear.content_hash})
    send_all(client, rob)
    db.session.refresh(dear)
    assert dear.state == "scheduling"


@pytest.mark.parametrize("ruling", ["wait", "reject", "", "nonsense"])
def test_a_verdict_without_what_it_needs_keeps_what_was_typed(client, rita, contest, ruling):
    data = {
        "ruling": ruling,
        "seen": contest[0].content_hash,
        "note": "" if ruling in ("wait", "reject") else "Kept words",
    }
    answer = client.post(f"/review/a/{contest[0].id}", data=data)
    assert answer.status_code == 422
    assert data["note"] in answer.text
    assert (
        db.session.scalar(
            select(VerdictLine).where(VerdictLine.by.is_not(None), VerdictLine.stage == "final_review")
        )
        is None
    )


def test_reasons_become_sentences_that_the_merchant_can_act_on(client, rita, contest):
    data = {
        "ruling": "wait",
        "seen": contest[0].content_hash,
        "reasons": ["photo", "paper"],
        "note": "Photo 4.",
    }
    client.post(f"/review/a/{contest[0].id}", data=data)
    send_all(client, rita)
    line = db.session.scalar(select(VerdictLine).where(VerdictLine.ruling == Ruling.WAIT))
    assert line.evidence == {"reasons": ["photo", "paper"], "note": "Photo 4."}
    assert "sharper photo" in line.reason
    assert line.reason.endswith("Photo 4.")


def test_a_verdict_on_what_has_changed_meanwhile_is_refused_with_a_sentence(client, rita, contest):
    answer = client.post(f"/review/a/{contest[0].id}", data={"ruling": "pass", "seen": "old"})
    assert answer.status_code == 409
    assert "changed this offer" in answer.text


def test_several_offers_are_judged_in_one_go_each_with_its_own_outcome(
    client, make, rita, batch, contest, now
):
    first, second = contest
    give_verdict(second.id, Ruling.REJECT, "No.", by=make.reviewer().id, now=now)
    db.session.commit()
    data = {"offer": [first.id, second.id, 999], "ruling": "pass"}
    data |= {f"seen-{one.id}": one.content_hash for one in contest}
    answer = client.post(f"/review/b/{batch.number}", data=data)
    assert answer.status_code == 200
    assert "These were not kept" in answer.text
    assert "not in the pipeline any more" in answer.text
    assert [one.offer_id for one in staged_by(rita.id)] == [first.id]


def test_one_go_with_nothing_ticked_says_so(client, rita, batch, contest):
    answer = client.post(f"/review/b/{batch.number}", data={"ruling": "pass"})
    assert answer.status_code == 422
    assert "Tick at least one offer" in answer.text


def test_whoever_belongs_to_a_competing_firm_does_not_see_the_others_prices(
    client, make, sign_in, batch, contest, at_now
):
    from c2b.core.access import Role

    both = make.user(roles=(Role.REVIEWER,))
    make.offer(contest[0].campaign, make.merchant(owner=both), batch=batch)
    sign_in(client, both)
    assert client.get(f"/review/a/{contest[0].id}").status_code == 409


def test_a_batch_sends_as_many_statements_for_many_offers_as_for_few(client, make, rita, batch, contest):
    def statements():
        seen = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        db.session.expire_all()
        forget_kept(client.application)
        client.get(f"/review/b/{batch.number}")
        return len(seen)

    client.get(f"/review/b/{batch.number}")
    few = statements()
    for _n in range(4):
        campaign = make.campaign(CampaignState.SOURCING)
        make.pledge(campaign)
        make.entry(campaign, batch)
        make.at_stage(make.offer(campaign, batch=batch), "final_review")
    assert statements() <= few


def test_every_page_is_valid_has_one_heading_and_no_twin_ids(
    client, make, sign_in, batch, contest, sample, awarded, at_now
):
    rita, otto, owner = make.reviewer(), make.operator(), sample_owner(sample)
    late = make.at_stage(make.offer(make.campaign(CampaignState.SOURCING), batch=batch), "final_review")
    pages = {
        rita: [
            "/review",
            "/review/q/final_review",
            f"/review/b/{batch.number}?view=all",
            f"/review/a/{late.id}",
        ],
        otto: [
            "/review/samples",
            f"/review/samples/{sample.id}",
            f"/schedule?campaign={awarded.id}",
            "/schedule?suggest=1",
        ],
        owner: [f"/sell/a/{sample.offer_id}/sample", f"/sell/a/{sample.offer_id}/label"],
    }
    for person, addresses in pages.items():
        sign_in(client, person)
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, address
            html5lib.HTMLParser(strict=True).parse(answer.text)
            ids = re.findall(r'\sid="([^"]+)"', answer.text)
            assert len(ids) == len(set(ids)), (address, sorted(one for one in ids if ids.count(one) > 1))
            assert answer.text.count("<h1") == 1, address


@pytest.fixture
def sample(make, batch):
    campaign = make.campaign(CampaignState.SOURCING, category="food")
    make.entry(campaign, batch)
    return sample_of(make.at_stage(make.offer(campaign, batch=batch), "sample").id)


def test_the_merchant_prints_the_label_and_enters_the_number(
    app, client, make, sign_in, sample, at_now, monkeypatch
):
    owner = sample_owner(sample)
    sign_in(client, owner)
    assert "Ask for the present address" in client.get(f"/sell/a/{sample.offer_id}/label").text
    monkeypatch.setitem(app.jinja_env.globals, "sample_room", ["1 Test Road", "Shanghai"])
    assert "1 Test Road<br>Shanghai" in client.get(f"/sell/a/{sample.offer_id}/sample").text
    label = client.get(f"/sell/a/{sample.offer_id}/label").text
    assert "1 Test Road<br>Shanghai" in label
    assert re.search(r"<svg", label)
    assert sample.code.split("-")[0] in label
    wrong = client.post(f"/sell/a/{sample.offer_id}/sample", data={"carrier": "SF Express", "tracking": " "})
    assert wrong.status_code == 422
    assert "SF Express" in wrong.text
    client.post(f"/sell/a/{sample.offer_id}/sample", data={"carrier": "SF Express", "tracking": "SF1"})
    db.session.refresh(sample)
    assert (sample.state, sample.tracking) == ("sent", "SF1")


def sample_owner(sample):
    from c2b.accounts.models import User
    from c2b.pipeline.models import Offer

    return db.session.get(User, db.session.get(Offer, sample.offer_id).created_by)


def test_another_firm_finds_neither_label_nor_sample(client, make, sign_in, sample, at_now):
    stranger = make.merchant()
    sign_in(client, sample_owner_of(stranger))
    for page in ("label", "sample"):
        assert client.get(f"/sell/a/{sample.offer_id}/{page}").status_code == 404


def sample_owner_of(merchant):
    from c2b.accounts.models import User

    return db.session.get(User, merchant.staff[0].user_id)


def test_the_scan_field_finds_a_parcel_however_the_code_is_typed(client, rita, sample):
    typed = sample.code.replace("-", "").lower()
    answer = client.get("/review/samples", query_string={"code": f" {typed} "})
    assert answer.location.endswith(f"/review/samples/{sample.id}")
    unknown = client.get("/review/samples", query_string={"code": "NOPE"})
    assert "No parcel has this code" in unknown.text
    assert 'value="NOPE"' in unknown.text


def test_a_parcel_is_received_inspected_and_its_offer_goes_on(client, rita, sample, now):
    send_sample(sample.id, "SF", "1", by=sample_owner(sample).id, now=now)
    db.session.commit()
    client.post(f"/review/samples/{sample.id}/receive")
    page = client.get(f"/review/samples/{sample.id}").text
    keys = re.findall(r'name="found"[^>]*value="(\w+)"', page)
    assert "taste" in keys
    missing = client.post(f"/review/samples/{sample.id}", data={"result": "pass", "found": keys[1:]})
    assert missing.status_code == 422
    assert "every point of the list" in missing.text
    done = client.post(
        f"/review/samples/{sample.id}", data={"result": "pass", "found": keys, "note": "Sweet."}
    )
    assert done.status_code == 302
    db.session.refresh(sample)
    back = client.get(f"/review/samples/{sample.id}/label").text
    assert "Sample goes back" in back
    assert sample.code.split("-")[2] in back
    from c2b.pipeline.models import Offer

    assert (sample.state, db.session.get(Offer, sample.offer_id).state) == ("passed", "final_review")
    told = client.get(f"/review/a/{sample.offer_id}").text
    [line] = [line for line in told.split("<li>") if "Sample: Pass" in line]
    assert rita.name in line and "the machine" not in line


def test_a_sample_that_fails_needs_words(client, rita, sample, now):
    send_sample(sample.id, "SF", "1", by=sample_owner(sample).id, now=now)
    receive_sample(sample.id, by=rita.id, now=now)
    db.session.commit()
    assert client.post(f"/review/samples/{sample.id}", data={"result": "fail"}).status_code == 422
    client.post(f"/review/samples/{sample.id}", data={"result": "fail", "note": "Sour."})
    db.session.refresh(sample)
    assert sample.state == "failed"


@pytest.fixture
def awarded(make, batch, contest, now):
    """A campaign with its merchant chosen and no date."""
    for offer in contest:
        for _n in range(2):
            give_verdict(offer.id, Ruling.PASS, "", by=make.reviewer().id, now=now)
    award(contest[0].campaign_id, now=batch.review_at)
    db.session.commit()
    return contest[0].campaign


@pytest.fixture
def at_review(monkeypatch, batch):
    monkeypatch.setattr("c2b.pipeline.schedule_views.utcnow", lambda: batch.review_at)


def batch_week(campaign):
    """The day on which the campaign launches, as the address of the schedule has it."""
    return f"{slot_of(campaign.id).opens_at:%F}"


def test_the_schedule_shows_open_slots_for_the_chosen_campaign_and_places_it(
    client, otto, awarded, at_review
):
    page = client.get("/schedule").text
    assert "Approved, no date" in page
    chosen = client.get(f"/schedule?campaign={awarded.id}").text
    assert "Best fit" in chosen
    slot = re.search(r'name="slot" value="(\d+)"', chosen)[1]
    assert client.post("/schedule/place", data={"slot": slot, "campaign": awarded.id}).status_code == 302
    db.session.refresh(awarded)
    assert awarded.state == "scheduled"
    assert "Oak stool" in client.get("/schedule.ics").text
    placed = client.get(f"/schedule?placed={awarded.id}").text
    assert placed.count("Everyone who joined was told.") == placed.count("note-ok") == 1
    for view in ("month", "list", "nonsense"):
        assert "Oak stool" in client.get(f"/schedule?view={view}&w={batch_week(awarded)}").text
    client.post("/schedule/give-back", data={"campaign": awarded.id})
    db.session.refresh(awarded)
    assert awarded.state == "awarded"
    assert db.session.scalar(select(Place).where(Place.campaign_id.is_not(None))) is None


def test_suggested_dates_are_explained_and_booked_in_one_go(client, otto, awarded, at_review):
    assert "The earliest slot that is empty" in client.get("/schedule?suggest=1").text
    client.post("/schedule/accept")
    db.session.refresh(awarded)
    assert awarded.state == "scheduled"
    assert "1 date is set" in client.get("/schedule").text


@pytest.mark.parametrize("bad", ["", "x", "9" * 30, "-1", "999999"])
def test_bad_numbers_are_not_found(client, otto, awarded, at_review, bad):
    assert client.post("/schedule/place", data={"slot": bad, "campaign": bad}).status_code == 404
    assert client.get(f"/schedule?campaign={bad}&w={bad}").status_code == 200


def test_a_taken_slot_is_refused_with_its_reason(client, otto, awarded, at_review, make, now):
    slot = db.session.scalar(select(Slot).order_by(Slot.opens_at).limit(1))
    monkey = client.post("/schedule/place", data={"slot": slot.id, "campaign": awarded.id})
    assert monkey.status_code == 302
    again = client.post("/schedule/place", data={"slot": slot.id, "campaign": awarded.id})
    assert again.status_code == 409
    assert "no date yet" in again.text
    moved = client.post("/schedule/move", data={"slot": slot.id, "campaign": awarded.id})
    assert moved.status_code == 302
    assert client.post("/schedule/move", data={"slot": "9", "campaign": "999999"}).status_code == 404


def test_every_page_has_its_address(app):
    with app.test_request_context():
        assert url_for("pipeline.review") == "/review"
        assert url_for("pipeline.review_batch", number=4) == "/review/b/4"
        assert url_for("pipeline.review_offer", offer_id=4) == "/review/a/4"
        assert url_for("pipeline.samples") == "/review/samples"
        assert url_for("pipeline.schedule") == "/schedule"
        assert url_for("pipeline.offer_label", offer_id=4) == "/sell/a/4/label"
