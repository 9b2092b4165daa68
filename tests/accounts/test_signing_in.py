"""Signing in and out, and what guessing is up against."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from c2b.accounts import operations, passwords
from c2b.accounts.models import Throttle, User
from c2b.core.access import Role
from c2b.core.db import db, transaction
from tests.accounts.conftest import GOOD


def enter(client, email="alice@example.org", password=GOOD, **more):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


@pytest.fixture
def alice(person):
    return person(email="alice@example.org")


def test_the_right_password_opens_and_leads_back(client, clock, alice):
    assert enter(client, "ALICE@example.org", next="/c/pot?x=1").location == "/c/pot?x=1"
    assert client.get("/me").status_code == 200


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "\\\\evil",
     "/\t/evil", "http:evil", "///evil.example", "", "//[", "evil"],
)  # fmt: skip
def test_nobody_is_led_elsewhere(client, clock, alice, target):
    assert enter(client, next=target).location == "/"


def test_wrong_password_and_unknown_address_get_the_same_answer(client, clock, alice):
    one = enter(client, password="not it at all")
    other = enter(client, "who@example.org", password="not it at all")
    assert one.status_code == other.status_code == 422
    assert one.text.replace("alice@example.org", "") == other.text.replace("who@example.org", "")
    assert "not it at all" not in one.text


def test_an_unknown_address_costs_as_much_work(client, clock, alice, monkeypatch):
    seen = []
    real = passwords.hasher

    class Watched:
        def verify(self, kept, password):
            seen.append(kept)
            return real.verify(kept, password)

    monkeypatch.setattr(passwords, "hasher", Watched())
    enter(client, password="not it at all")
    enter(client, "who@example.org", password="not it at all")
    assert len(seen) == 2


def test_the_eleventh_guess_is_not_even_looked_at(client, clock, alice):
    codes = [enter(client, password=f"guess {n}").status_code for n in range(10)]
    assert codes == [422] * 10
    answer = enter(client)  # the right one
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 900
    assert "Too many tries" in answer.text
    clock.forward(minutes=15)
    assert enter(client).status_code == 302


def test_unknown_addresses_are_throttled_alike(client, clock, app):
    codes = [enter(client, "who@example.org").status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


def test_one_client_has_fifty_tries_over_all_accounts(client, clock, app):
    codes = [enter(client, f"p{n}@example.org").status_code for n in range(51)]
    assert codes == [422] * 50 + [429]


def test_a_good_sign_in_is_no_guess(client, clock, alice):
    for _ in range(3):
        for n in range(9):
            enter(client, password=f"guess {n}")
        assert enter(client).status_code == 302
        client.post("/sign-out")
    mine = db.session.scalars(select(Throttle.count).where(Throttle.what == "sign-in-from:127.0.0.1")).all()
    assert mine == [27]


def test_past_counts_are_forgotten(client, clock, alice, now):
    enter(client, password="not it at all")
    from c2b.accounts import throttle

    with transaction():
        assert throttle.forget_past(now) == 0
        clock.forward(minutes=16)
        assert throttle.forget_past(clock.now) == 2


def test_an_unconfirmed_address_cannot_come_in_but_gets_the_mail_again(client, clock, person, told):
    person(email="bob@example.org", confirmed=False)
    answer = enter(client, "bob@example.org")
    assert answer.status_code == 422
    assert "Confirm your address first" in answer.text
    assert told() == ["account_confirm"]
    assert "/sign-in" in client.get("/me").location


def test_somebody_without_a_password_cannot_come_in(client, clock, make):
    make.user(email="cara@example.org")
    assert enter(client, "cara@example.org", password="nobody").status_code == 422


def test_an_old_hash_is_made_anew(client, clock, person, monkeypatch):
    alice = person(email="alice@example.org")
    old = alice.password_hash
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert enter(client).status_code == 302
    db.session.expire_all()
    kept = db.session.get(User, alice.id).password_hash
    assert kept != old
    assert "m=16,t=2" in kept


def test_hashes_are_argon2id_with_current_parameters():
    kept = PasswordHasher().hash("x")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_signing_out_needs_a_post_and_ends_the_session(client, clock, alice):
    enter(client)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").location == "/"
    assert "/sign-in" in client.get("/me").location


def test_a_session_from_before_is_not_taken_over(client, clock, alice):
    with client.session_transaction() as session:
        session["planted"] = "by somebody"
        session["language"] = "zh-Hans"
    enter(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["language"] == "zh-Hans"


def test_closing_an_account_ends_its_sessions_at_once(app, client, clock, alice, now, diary):
    enter(client)
    with transaction():
        operations.disable_user(alice.id, "spam", by=None, now=now)
    assert "/sign-in" in client.get("/me").location
    answer = enter(client)
    assert "This account is closed." in answer.text
    assert ("user.disabled", {"reason": "spam"}) in diary()
    with transaction():
        operations.enable_user(alice.id, by=None, now=now)
    assert enter(client).status_code == 302


def test_a_role_holds_from_the_next_request_and_ends_with_it(app, client, clock, alice, now):
    enter(client)
    assert "Reviewer" not in client.get("/me").text
    with transaction():
        operations.grant_role(alice.id, Role.REVIEWER, by=None, now=now)
        operations.grant_role(alice.id, Role.REVIEWER, by=None, now=now)
    assert "Reviewer" in client.get("/me").text
    with transaction():
        operations.revoke_role(alice.id, Role.REVIEWER, by=None, now=now)
    assert "Reviewer" not in client.get("/me").text


def test_forms_need_their_token(app, client, clock, alice):
    app.config["WTF_CSRF_ENABLED"] = True
    assert enter(client).status_code == 403
    assert client.post("/sign-out").status_code == 403


def test_forged_sessions_are_nobody(client, clock, alice):
    for remembered in ("1", "1.", "x.1", f"{alice.id}.2", "９.1", "99999.1", f"{alice.id}.1.1"):
        with client.session_transaction() as session:
            session["_user_id"] = remembered
        assert "/sign-in" in client.get("/me").location
