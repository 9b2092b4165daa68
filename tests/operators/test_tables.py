"""Long tables: pages by key, words and filters in the address, files, saved views and acts on many rows."""

import csv
import io
from datetime import timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.core import tables
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.outbox import Delivery, Notice, notify
from c2b.core.saved_views import SavedView

CSV = (
    "/ops", "/ops/campaigns", "/ops/users", "/ops/orders", "/ops/audit", "/ops/mail", "/ops/inbox", "/ops/work",
    "/ops/merchants", "/ops/moderation", "/ops/refunds", "/ops/disputes", "/ops/money/payouts",
)  # fmt: skip


def read(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def titles(page: str) -> list[str]:
    return [f"Wish {n}" for n in range(9) if f">Wish {n}<" in page]


def link(page: str, rel: str) -> str | None:
    head, found, _tail = page.partition(f'" rel="{rel}"')
    return head.rpartition('href="')[2].replace("&amp;", "&") if found else None


@pytest.fixture
def seven(make, monkeypatch):
    """Seven campaigns, two to a page; two have the same number of people, one never closes."""
    monkeypatch.setattr(tables.find, "__kwdefaults__", {**tables.find.__kwdefaults__, "per": 2})
    for n, people in enumerate((3, 1, 4, 1, 5, 9, 2)):
        campaign = make.campaign(title=f"Wish {n}")
        campaign.people = campaign.counted_people = people
    db.session.commit()


@pytest.mark.breaks_promises
def test_every_row_is_on_one_page_forwards_and_backwards(office, seven):
    seen, url, last = [], "/ops/campaigns?sort=people&dense=1", ""
    while url:
        last, page = url, office.get(url).text
        seen.append(titles(page))
        url = link(page, "next")
    assert sorted(title for some in seen for title in some) == [f"Wish {n}" for n in range(7)]
    assert [len(some) for some in seen] == [2, 2, 2, 1]
    back, url = [], last
    while url:
        assert "dense=1" in url
        page = office.get(url).text
        back.append(titles(page))
        url = link(page, "prev")
    assert back == seen[::-1]


@pytest.mark.breaks_promises
def test_a_file_holds_all_rows_of_the_filters_in_parts(office, seven, make, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 2)
    make.campaign(title="=1+1")
    rows = read(office.get("/ops/campaigns?format=csv&q=wish&sort=people"))
    assert [row[2] for row in rows[1:]][:3] == ["Wish 5", "Wish 4", "Wish 2"] and len(rows) == 8
    assert read(office.get("/ops/campaigns?format=csv&q=%3D1"))[1][2] == "'=1+1"
    for path in CSV:
        answer = office.get(f"{path}?format=csv&q=%25_!%27%00")
        assert (answer.status_code, answer.mimetype) == (200, "text/csv") and answer.data, path


def test_nonsense_in_an_address_shows_the_first_page(office, make):
    make.campaign(title="Wish 1")
    for nonsense in ("after=x", "before=1~", "after=9~99999999999999999999", "sort=closing&after=1~2020-13-01",
                     "after=~", "_external=1&_scheme=ftp&endpoint=x&_method=PUT", "print=1&dense=1"):  # fmt: skip
        answer = office.get(f"/ops/campaigns?{nonsense}")
        assert answer.status_code == 200 and "Wish 1" in answer.text, nonsense


def test_a_view_is_kept_shared_found_again_and_removed(office, make, client, sign_in, otto):
    kept = {
        "page": "operators.campaigns",
        "name": "Closing",
        "query": "state=open&sort=closing&after=3~4&format=csv",
    }
    answer = office.post("/office/views", data={**kept, "shared": "1"})
    assert answer.location.endswith("/ops/campaigns?state=open&sort=closing")
    office.post(
        "/office/views", data={**kept, "query": "state=open"}
    )  # the same name again, not shared any more
    view = db.session.scalars(select(SavedView)).one()
    assert (view.query, view.shared, view.user_id) == ("state=open", False, otto.id)
    office.post("/office/views", data={**kept, "shared": "1"})
    for bad in ({"page": "operators.job"}, {"page": "nothing"}, {"page": "web.home"}, {"name": " "}):
        assert office.post("/office/views", data={**kept, **bad}).status_code == 400
    sign_in(client, make.operator("Olga"))
    assert ">Closing</a>" in client.get("/ops/campaigns").text
    assert client.post(f"/office/views/{view.id}/remove").status_code == 404
    sign_in(client, otto)
    assert client.post(f"/office/views/{view.id}/remove").status_code == 302
    assert ">Closing</a>" not in client.get("/ops/campaigns").text


def test_a_firms_views_are_its_own(make, client, sign_in):
    firm = make.merchant()
    sign_in(client, db.session.get_one(User, firm.staff[0].user_id))
    data = {"page": "orders.firm_orders", "name": "Late", "query": "state=placed", "shared": "1"}
    assert client.post("/office/views", data=data).status_code == 302
    assert db.session.scalars(select(SavedView.shared)).one() is False


def test_mail_is_sent_again_row_by_row(office, make, now):
    with transaction():
        for n in range(3):
            notify("account_password_changed", make.user(f"U{n}").id, key=str(n), now=now)
        db.session.execute(Notice.__table__.update().values(delivery=Delivery.DEAD, error="boom"))
    ids = db.session.scalars(select(Notice.id).order_by(Notice.id)).all()
    with transaction():
        db.session.execute(
            Notice.__table__.update().where(Notice.__table__.c.id == ids[0]).values(delivery=Delivery.QUEUED)
        )
    page = office.post("/ops/mail/some-again", data={"row": [ids[0], ids[1], "x", "-1", 10**18]}).text
    assert "1 of 3 done" in page and "It was not given up any more" in page
    states = dict(db.session.execute(select(Notice.id, Notice.delivery)).all())
    assert [str(states[i]) for i in ids] == ["queued", "queued", "dead"]


def test_a_banner_is_shown_to_everybody_until_its_time(office, client, make):
    from c2b.operators.banner import banner_text, set_banner

    answer = office.post(
        "/ops/banner", data={"text": "Closed tonight", "text-zh_Hans": "今晚关闭", "until": ""}
    )
    assert answer.status_code == 302
    assert banner_text() == "Closed tonight"
    with force_locale("zh_Hans"):
        assert banner_text() == "今晚关闭"
    with transaction():
        set_banner("Over", {}, utcnow() - timedelta(minutes=1), by=1, now=utcnow())
    assert banner_text() == ""
    assert office.post("/ops/banner", data={"text": "x" * 301}).status_code == 422
    assert office.post("/ops/banner", data={"text": "a", "until": "0001-01-01T00:00"}).status_code == 422


def test_work_is_stopped_and_asked_for_again(office, otto, monkeypatch):
    from c2b.core import work

    def nothing(_work, _now):
        yield

    monkeypatch.setitem(work.HANDLERS, "count", work.Known(nothing, "Count", True))
    with transaction():
        id_ = work.ask_for_work("count", otto.id, now=utcnow(), back="/sell", n=3).id
    assert office.post(f"/ops/work/{id_}/again").status_code == 409
    office.post(f"/ops/work/{id_}/stop")
    assert "Stopped" in office.get("/ops/work").text
    assert office.post(f"/ops/work/{id_}/again").status_code == 302
    rows = db.session.scalars(select(work.Work).order_by(work.Work.id)).all()
    assert [(str(w.state), w.args) for w in rows] == [("cancelled", {"n": 3}), ("queued", {"n": 3})]
    assert office.get("/ops/health").status_code == 200


def test_the_columns_of_a_campaign_in_a_file_are_plain(office, make):
    make.campaign(CampaignState.SUBMITTED, title="Kettle")
    heading, row = read(office.get("/ops/campaigns?format=csv"))
    said = dict(zip(heading, row, strict=True))
    assert said["State"] == "Waiting for a look" and said["Closes"].endswith("+08:00")
    assert said["Number"] == str(db.session.scalar(select(Campaign.id)))


def test_wishes_are_judged_many_at_once(office, make):
    waiting = [make.campaign(CampaignState.SUBMITTED, title=f"Wish {n}") for n in range(2)]
    over = make.campaign(title="Wish 2")
    rows = [*(c.id for c in waiting), over.id]
    assert (
        office.post("/ops/moderation/many", data={"act": "reject", "row": rows}).status_code == 302
    )  # no reason
    page = office.post(
        "/ops/moderation/many", data={"act": "reject", "row": rows, "reason": "Not sold here."}
    ).text
    assert "2 of 3 done" in page and page.count("turned down") == 2 and page.count("Not done") == 1
    db.session.rollback()
    states = [str(c.state) for c in db.session.scalars(select(Campaign).order_by(Campaign.id))]
    assert states == ["rejected", "rejected", "open"]


def test_a_firms_tables_hold_its_own_rows_alone(client, make, sign_in):
    firm = make.merchant()
    sign_in(client, db.session.get_one(User, firm.staff[0].user_id))
    for path in ("/sell/orders", "/sell/returns", "/sell/money"):
        assert client.get(f"{path}?q=%25&sort=new&state=all").status_code == 200
        assert len(read(client.get(f"{path}?format=csv"))) == 1, path
