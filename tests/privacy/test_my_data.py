"""The copy holds all that is mine and nothing of others; closing erases what names me, and waits for what is open."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.accounts import addresses, passwords
from c2b.accounts.addresses import Place
from c2b.accounts.models import User
from c2b.community.models import Comment
from c2b.core.db import Base, db, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Delivery, Notice, notify
from c2b.core.work import Work
from c2b.privacy.erasing import close_account
from c2b.privacy.holdings import HOLDINGS, NOT_ABOUT_THEM
from jobs import do_work, prune_runs

HOME = Place("Alice Wong", "138 0013 8000", "CN", "Shanghai", "Kiln Road 12", "200001")


@pytest.fixture
def alice(make):
    return make.shopper(
        "Alice Wong", email="alice@example.org", password_hash=passwords.make_hash("right one")
    )


@pytest.fixture
def bob(make, now):
    """Somebody else, who did the same things."""
    bob = make.shopper("Bob Secret", email="bob@example.org")
    addresses.add_address(bob.id, Place("Bob Secret", "139", "CN", "Beijing", "Hidden Lane 7", ""), now=now)
    return bob


@pytest.fixture
def both(make, alice, bob, now):
    """They joined and commented on the same thing."""
    campaign = make.campaign()
    addresses.add_address(alice.id, HOME, now=now)
    for person in (alice, bob):
        make.pledge(campaign, person)
        db.session.add(
            Comment(campaign_id=campaign.id, author_id=person.id, words=f"So says {person.name}", at=now)
        )
        notify("account_exists", person.id, key=str(person.id), now=now)
    db.session.commit()
    return campaign


def test_every_table_that_names_a_person_is_handed_out_or_said_not_to_be_about_them(app):
    named = {
        table.name
        for table in Base.metadata.tables.values()
        if any(fk.target_fullname == "user.id" for column in table.columns for fk in column.foreign_keys)
    }
    handed_out = {holding.model.__tablename__ for holding in HOLDINGS}
    assert named - handed_out == NOT_ABOUT_THEM
    assert not handed_out & NOT_ABOUT_THEM


def test_the_copy_holds_all_of_mine_and_nothing_of_others(client, sign_in, alice, both, now):
    sign_in(client, alice)
    assert client.get("/me/data").status_code == 200
    path = client.post("/me/data/copy").location
    assert client.post("/me/data/copy").location == path
    while do_work.run(now)["done"] == 0:
        pass
    [work] = db.session.scalars(select(Work)).all()
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"{path}/file").data))
    everything = json.loads(archive.read("data.json"))
    assert everything["profile"][0]["email"] == "alice@example.org"
    assert everything["addresses"][0]["line"] == "Kiln Road 12"
    assert [len(everything[name]) for name in ("pledges", "cards", "comments", "notices")] == [1, 2, 1, 1]
    whole = b"\n".join(archive.read(name) for name in archive.namelist()).decode()
    for secret in ("Bob", "bob@example.org", "Hidden Lane", "argon2", "tok_ok", "password_hash"):
        assert secret not in whole
    assert "Kiln Road 12" in archive.read("csv/addresses.csv").decode("utf-8-sig")
    assert work.failed == 0


def test_an_account_with_something_open_stays_and_says_why(client, sign_in, alice, both, now):
    sign_in(client, alice)
    assert "You joined something that is not decided" in client.get("/me/data/close").text
    assert client.post("/me/data/close", data={"password": "right one", "sure": "y"}).status_code == 409
    with pytest.raises(Refused), transaction():
        close_account(alice.id, now=now)


def test_closing_needs_the_password_and_erases_what_names_the_person(client, sign_in, make, alice, now):
    addresses.add_address(alice.id, HOME, now=now)
    notify("account_exists", alice.id, key="1", now=now - timedelta(days=1))
    db.session.commit()
    sign_in(client, alice)
    assert client.post("/me/data/close", data={"password": "wrong", "sure": "y"}).status_code == 422
    assert client.post("/me/data/close", data={"password": "right one"}).status_code == 422
    assert client.post("/me/data/close", data={"password": "right one", "sure": "y"}).location == "/"
    assert client.get("/me").status_code == 302
    db.session.expire_all()
    person = db.session.get(User, alice.id)
    assert (person.email, person.name, person.password_hash) == (
        f"closed-{alice.id}@closed.invalid", "Closed account", None,
    )  # fmt: skip
    left = [
        str(dict(row))
        for table in Base.metadata.sorted_tables
        if table.name not in ("notice", "throttle")
        for row in db.session.execute(select(table)).mappings()
    ]
    assert not [row for row in left if "Alice" in row or "alice@" in row or "Kiln" in row]
    [goodbye] = db.session.scalars(select(Notice)).all()
    assert (goodbye.kind, goodbye.address, goodbye.user_id) == ("account_closed", "alice@example.org", None)
    prune_runs.run(now)
    assert goodbye.address == "alice@example.org"  # it is still to be sent
    goodbye.delivery, goodbye.sent_at = Delivery.SENT, now
    db.session.commit()
    prune_runs.run(now)
    db.session.refresh(goodbye)
    assert (goodbye.address, goodbye.data["name"]) == ("closed@closed.invalid", "")
