"""The console's pages: who may see them, what they say, and that long lists cost no more than short ones."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from c2b.campaigns.states import CampaignState
from c2b.core import runs
from c2b.core.claims import claim, fail
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.events import record
from c2b.core.outbox import Delivery, Notice, notify
from c2b.core.runs import Run
from c2b.merchants.states import MerchantState

PAGES = (
    "/ops", "/ops/jobs", "/ops/users", "/ops/batches", "/ops/campaigns", "/ops/mail", "/ops/audit", "/ops/checks",
)  # fmt: skip
NONSENSE = (
    "?page=-1&state=nothing&sort=nothing&role=king&delivery=lost&days=0&subject=x&id=1e9&kind=%00&q=%25_!%27"
)


def test_the_console_is_for_operators_alone(client, make, sign_in):
    assert {path: client.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 302)
    sign_in(client, make.reviewer())
    assert {path: client.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 403)


def test_every_page_stands_when_there_is_nothing_and_when_asked_nonsense(office):
    asked = [*PAGES, *(path + NONSENSE for path in PAGES)]
    assert {path: office.get(path).status_code for path in asked} == dict.fromkeys(asked, 200)


def test_a_new_site_says_what_to_set_up_first(office, make):
    assert b"Set up your site" in office.get("/ops").data
    make.campaign()
    assert b"Set up your site" not in office.get("/ops").data


def fill(make, how_many: int) -> None:
    now = utcnow()
    for n in range(how_many):
        campaign = make.campaign(CampaignState.SUBMITTED)
        batch = make.batch(opens_at=now - timedelta(days=30 + n))
        make.entry(campaign, batch)
        make.offer(make.campaign(), batch=batch)
        person = make.user("Somebody")
        with transaction():
            notify("account_password_changed", person.id, key=str(n), now=now)
            record(person, "user.seen", by=person.id, at=now, n=n)
            for name in ("one", f"job_{n}"):
                run_id = runs.begin(name, due_at=now + timedelta(seconds=n), now=now, process="p")
                runs.finish(run_id, {"done": 1, "failed": 1}, now=now)
            claim("work", [n], seconds=1)
            fail("work", n, "boom")


def test_a_page_sends_as_many_statements_for_many_rows_as_for_one(make, statements):
    paths = [*PAGES, "/ops/jobs/one", "/ops/users?role=merchant", "/ops/audit?subject=user"]
    fill(make, 1)
    one = {path: statements(path) for path in paths}
    fill(make, 8)
    assert {path: statements(path) for path in paths} == one


def test_a_batch_sends_as_many_statements_for_many_campaigns_as_for_one(make, statements):
    batch = make.batch()
    make.entry(make.campaign(CampaignState.TIPPED), batch)
    one = statements(f"/ops/batches/{batch.number}")
    for _ in range(5):
        make.entry(make.campaign(CampaignState.TIPPED), batch)
    assert statements(f"/ops/batches/{batch.number}") == one


@pytest.mark.breaks_promises
def test_the_overview_begins_with_what_needs_somebody(office, make, now):
    make.campaign(CampaignState.SUBMITTED)
    make.merchant(MerchantState.APPLIED)
    make.campaign(CampaignState.AWARDED)
    offer = make.offer(make.campaign(CampaignState.SOURCING))
    with transaction():
        notify("account_password_changed", make.user().id, key="1", now=now)
        db.session.execute(Notice.__table__.update().values(delivery=Delivery.DEAD))
        run_id = runs.begin("check_promises", due_at=now, now=now, process="p")
        runs.finish(run_id, {"checked": 9, "failed": 2}, now=now)
        run_id = runs.begin("send_mail", due_at=now, now=now, process="p")
        runs.finish(run_id, {}, now=now, error="RuntimeError: boom")
    late_in(offer, "final_review", now)

    page = office.get("/ops").text
    for words in (
        "7 things need you today", "2 broken promises", "1 job fails", "1 wish to look at", "1 firm to certify",
        "1 offer is overdue", "1 merchant chosen, no launch date", "1 mail given up",
    ):  # fmt: skip
        assert words in page, words
    assert page.index("2 broken promises") < page.index("1 wish to look at") < page.index("People joined")


def late_in(offer, stage, now) -> None:
    from c2b.pipeline.models import StageVisit

    with transaction():
        db.session.execute(
            update(StageVisit)
            .where(StageVisit.offer_id == offer.id)
            .values(stage=stage, due_at=now + timedelta(days=1))
        )


def test_what_has_moved_on_needs_nobody(office, make):
    make.campaign()
    assert "Nothing needs you today" in office.get("/ops").text


def test_the_figures_are_of_the_period_that_is_asked_for(office, make):
    campaign = make.campaign()
    for days in (2, 20, 50):
        pledge = make.pledge(campaign)
        pledge.placed_at = utcnow() - timedelta(days=days)
    db.session.commit()
    assert [people_joined(office.get(f"/ops?days={days}").text) for days in (7, 30, 90)] == [1, 2, 3]


def people_joined(page: str) -> int:
    return int(page.partition("People joined</h2>")[2].partition('<p class="v">')[2].partition("<")[0])


def test_a_button_asks_the_clock_to_run_a_job(office, make, otto):
    with transaction():
        run_id = runs.begin("send_mail", due_at=utcnow(), now=utcnow(), process="p")
        runs.finish(run_id, {"done": 2}, now=utcnow())
    assert office.post("/ops/jobs/send_mail/run").status_code == 302
    asked = db.session.scalars(select(Run).where(Run.started_at.is_(None))).one()
    assert (asked.name, asked.by) == ("send_mail", otto.id)
    assert "Waiting for the clock" in office.get("/ops/jobs").text
    assert office.post("/ops/jobs/no_such_job/run").status_code == 404


def test_a_row_that_fails_is_shown_and_can_be_tried_again(office):
    with transaction():
        claim("work", [7], seconds=60)
        fail("work", 7, "RuntimeError: boom")
    assert "RuntimeError: boom" in office.get("/ops/jobs").text
    assert office.post("/ops/jobs/retry", data={"work": "work", "item": "7"}).status_code == 302
    with transaction():
        assert claim("work", [7], seconds=60, holder="next") == {7: 2}
    for item in ("", "x", "-1", "9" * 30):
        assert office.post("/ops/jobs/retry", data={"work": "work", "item": item}).status_code == 400


def test_runs_are_filtered_and_paged(office):
    now = utcnow()
    with transaction():
        for n in range(120):
            run_id = runs.begin("send_mail", due_at=now + timedelta(seconds=n), now=now, process="p")
            runs.finish(run_id, {"done": n % 2}, now=now, error="boom" if n == 5 else None)
    first = office.get("/ops/jobs/send_mail").text
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    last = office.get("/ops/jobs/send_mail?after=21~21").text  # the newest run has the highest number
    assert 'rel="next"' not in last and 'rel="prev"' in last
    assert office.get("/ops/jobs/send_mail?show=trouble").text.count("<tr>") == 2  # the head and one
    assert "show=work&amp;after=" in office.get("/ops/jobs/send_mail?show=work").text
    assert office.get("/ops/jobs/nothing").status_code == 404


def test_mail_that_was_given_up_is_sent_again(office, make, otto, diary):
    now = utcnow()
    with transaction():
        for n in range(3):
            notify("account_password_changed", make.user().id, key=str(n), now=now)
        db.session.execute(
            Notice.__table__.update()
            .where(Notice.id != 3)
            .values(delivery=Delivery.DEAD, tries=9, error="boom")
        )
    first = db.session.scalars(select(Notice.id).where(Notice.delivery == Delivery.DEAD)).first()
    assert office.post(f"/ops/mail/{first}/again").status_code == 302
    assert office.post(f"/ops/mail/{first}/again").status_code == 302  # twice is once
    states = dict(db.session.execute(select(Notice.delivery, Notice.tries)).all())
    assert states[Delivery.DEAD] == 9
    assert [kind for kind, _data in diary()].count("notice.queued_again") == 1
    office.post("/ops/mail/again")
    assert set(db.session.scalars(select(Notice.delivery))) == {Delivery.QUEUED}


def test_the_diary_is_filtered_by_subject_kind_and_person(office, make, now):
    ann, ben = make.user("Ann"), make.user("Ben")
    with transaction():
        record(ann, "user.looked", by=ben.id, at=now)
        record(ben, "user.slept", by=None, at=now)
    for query, there, absent in (
        (f"subject=user&id={ann.id}", "Person: looked", "Person: slept"),
        ("kind=user.slept", "Person: slept", "Person: looked"),
        (f"by={ben.email}", "Person: looked", "Person: slept"),
    ):
        page = office.get(f"/ops/audit?{query}").text
        assert f">{there}<" in page
        assert f">{absent}<" not in page
    assert "No such line" in office.get("/ops/audit?by=nobody@example.org").text


def test_people_are_found_by_a_part_of_name_or_address(office, make):
    make.user("Zoë Percent%", email="zoe@example.org")
    make.user("Somebody Else", email="else@example.org")
    assert "Zoë" in office.get("/ops/users?q=zo").text
    assert "Zoë" in office.get("/ops/users?q=Percent%25").text
    assert "Somebody Else" not in office.get("/ops/users?q=%25").text


def test_the_promises_are_checked_at_once(office):
    assert "Every promise is kept" in office.post("/ops/checks").text


@pytest.mark.breaks_promises
def test_a_broken_promise_is_named(office, make):
    campaign = make.campaign()
    campaign.people = 7
    db.session.commit()
    page = office.post("/ops/checks").text
    assert "1 broken promise" in page
    assert "I-10" in page.partition("broken promise")[2]
