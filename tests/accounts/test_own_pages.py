"""A person's own pages: settings, addresses, notices."""

import pytest

from c2b.accounts.addresses import MOST
from c2b.accounts.models import User
from c2b.accounts.queries import addresses_of, unread_count
from c2b.core.db import db
from c2b.core.outbox import notify

ADDRESS = {
    "name": "Alice", "phone": "+86 138 0013 8000", "region": "CN", "city": "上海",
    "line": "南京东路 1 号", "postcode": "200001",
}  # fmt: skip


@pytest.fixture
def alice(make, client, sign_in, clock):
    alice = make.user("Alice", email="alice@example.org")
    sign_in(client, alice)
    return alice


def test_strangers_are_sent_to_sign_in_and_back(client):
    for path in ("/me", "/me/notices", "/me/settings", "/me/settings/addresses/new"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.location.startswith("/sign-in?next=")


def test_the_overview_names_the_person(client, alice):
    page = client.get("/me").text
    assert "<h1>Alice</h1>" in page
    assert "alice@example.org" in page


def test_name_and_language_change(client, alice):
    answer = client.post("/me/settings", data={"name": " 爱丽丝 ", "locale": "zh-Hans"})
    assert answer.status_code == 302
    db.session.expire_all()
    assert (alice.name, alice.locale) == ("爱丽丝", "zh-Hans")
    assert 'lang="zh-Hans"' in client.get("/me/settings", follow_redirects=True).text


def test_nothing_else_can_be_set_through_the_form(client, alice):
    client.post("/me/settings", data={"name": "A", "locale": "en", "email": "x@example.org", "roles": "1"})
    db.session.expire_all()
    assert alice.email == "alice@example.org"
    assert client.post("/me/settings", data={"name": "A", "locale": "xx"}).status_code == 422


def test_addresses_come_change_and_go(client, alice):
    assert client.post("/me/settings/addresses/new", data=ADDRESS).location == "/me/settings"
    [address] = addresses_of(alice.id)
    assert address.line == "南京东路 1 号"
    path = f"/me/settings/addresses/{address.id}"
    assert "南京东路 1 号" in client.get(path).text
    client.post(path, data=ADDRESS | {"city": "Suzhou"})
    db.session.expire_all()
    assert addresses_of(alice.id)[0].city == "Suzhou"
    client.post(f"{path}/remove")
    db.session.expire_all()
    assert addresses_of(alice.id) == []
    assert client.get(path).status_code == 404


def test_a_new_address_leads_back_to_where_it_was_wanted(client, alice):
    assert client.post("/me/settings/addresses/new?next=/c/pot", data=ADDRESS).location == "/c/pot"
    assert client.post("/me/settings/addresses/new?next=//evil", data=ADDRESS).location == "/me/settings"


def test_bad_addresses_are_refused_in_words(client, alice):
    bad = [("phone", "call me"), ("phone", "1" * 40), ("line", ""), ("region", "XX"), ("city", "a\x00")]
    for field, value in bad:
        answer = client.post("/me/settings/addresses/new", data=ADDRESS | {field: value})
        assert answer.status_code == 422, (field, value)
    assert addresses_of(alice.id) == []


def test_there_is_a_most_of_addresses(client, alice):
    for _ in range(MOST):
        client.post("/me/settings/addresses/new", data=ADDRESS)
    assert client.post("/me/settings/addresses/new", data=ADDRESS).status_code == 409


def test_addresses_of_others_are_not_there(client, alice, make, app, sign_in):
    client.post("/me/settings/addresses/new", data=ADDRESS)
    [address] = addresses_of(alice.id)
    mallory = app.test_client()
    sign_in(mallory, make.user("Mallory"))
    path = f"/me/settings/addresses/{address.id}"
    assert mallory.get(path).status_code == 404
    assert mallory.post(path, data=ADDRESS).status_code == 404
    assert mallory.post(f"{path}/remove").status_code == 404
    assert len(addresses_of(alice.id)) == 1


def test_notices_are_shown_in_one_line_and_marked_read(client, alice, now):
    notify("account_password_changed", alice.id, key="1", now=now)
    notify("account_reset", alice.id, key="2", now=now, bound="x")
    db.session.commit()
    assert unread_count(alice.id) == 1
    page = client.get("/me/notices").text
    assert "Your password was changed" in page
    assert "Notices, 1 new" in page
    client.post("/me/notices/read")
    db.session.expire_all()
    assert unread_count(alice.id) == 0


def test_opening_a_notice_leads_to_what_it_speaks_of(client, alice, make, now):
    notify("account_password_changed", alice.id, key="1", now=now)
    other = make.user()
    notify("account_password_changed", other.id, key="2", now=now)
    db.session.commit()
    for notice_id in (1, 2):
        assert client.post(f"/me/notices/{notice_id}", data={"to": "/c/pot"}).location == "/c/pot"
    assert client.post("/me/notices/1", data={"to": "https://evil.example"}).location == "/"
    db.session.expire_all()
    assert unread_count(alice.id) == 0
    assert unread_count(other.id) == 1


def test_odd_pages_of_notices_are_the_first_one(client, alice):
    for page in ("0", "-1", "x", "１", "9" * 30, "1.5"):
        assert client.get("/me/notices", query_string={"page": page}).status_code == 200


def test_the_bell_costs_one_question_and_only_where_it_is_shown(client, alice):
    assert client.get("/me").status_code == 200
    assert db.session.get(User, alice.id).id == alice.id


def test_numbers_that_no_record_can_have_are_not_found(client, alice):
    for number in (0, 2**31, 2**63 - 1, 2**63, 10**30):
        assert client.get(f"/me/settings/addresses/{number}").status_code == 404
        assert client.get(f"/dev/mailbox/{number}").status_code == 404


def test_all_other_sessions_end_and_this_one_stays(client, app, alice, sign_in):
    elsewhere = app.test_client()
    sign_in(elsewhere, alice)
    assert elsewhere.get("/me").status_code == 200
    client.post("/me/settings/end-sessions")
    assert client.get("/me").status_code == 200
    assert elsewhere.get("/me").status_code == 302


def test_new_notices_can_be_looked_at_alone(client, alice, now):
    for kind in ("account_password_changed", "account_exists"):
        notify(kind, alice.id, key="1", now=now)
    db.session.commit()
    assert "Your password was changed" in client.get("/me/notices?show=new").text
    client.post("/me/notices/read")
    assert "Your password was changed" in client.get("/me/notices").text
    assert "You have seen everything" in client.get("/me/notices?show=new").text
