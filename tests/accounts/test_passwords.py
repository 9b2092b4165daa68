"""Forgotten and changed passwords."""

import pytest

from c2b.accounts import passwords, tokens
from c2b.accounts.models import User
from c2b.core.db import db
from tests.accounts.conftest import GOOD

NEW = "seventeen quiet lanterns"


@pytest.fixture
def alice(person):
    return person(email="alice@example.org")


def reset_path(user, now):
    return "/reset/" + tokens.sign(
        tokens.RESET, [user.id, passwords.fingerprint(user.password_hash), "/"], now=now
    )


def fresh(user):
    db.session.expire_all()
    return db.session.get(User, user.id)


def test_asking_answers_the_same_for_everybody(client, clock, alice, told):
    one = client.post("/forgot", data={"email": "alice@example.org"})
    other = client.post("/forgot", data={"email": "who@example.org"})
    assert one.status_code == other.status_code == 200
    assert one.text.replace("alice@example.org", "") == other.text.replace("who@example.org", "")
    assert told() == ["account_reset"]


def test_the_link_sets_a_password_once(client, clock, alice, now, told):
    path = reset_path(alice, now)
    assert client.get(path).status_code == 200
    assert client.post(path, data={"password": NEW}).location == "/me"
    assert passwords.is_right(fresh(alice).password_hash, NEW)
    assert told() == ["account_password_changed"]
    assert client.get(path).status_code == 410
    assert client.post(path, data={"password": "another good one 55"}).status_code == 410


def test_the_link_is_good_for_an_hour(client, clock, alice, now):
    path = reset_path(alice, now)
    clock.forward(hours=1, seconds=1)
    assert client.post(path, data={"password": NEW}).status_code == 410


def test_a_reset_ends_every_other_session(app, client, clock, alice, now, sign_in):
    elsewhere = app.test_client()
    sign_in(elsewhere, alice)
    assert elsewhere.get("/me").status_code == 200
    client.post(reset_path(alice, now), data={"password": NEW})
    assert client.get("/me").status_code == 200
    assert "/sign-in" in elsewhere.get("/me").location


def test_a_reset_also_proves_the_address(client, clock, person, now):
    bob = person(email="bob@example.org", confirmed=False)
    client.post(reset_path(bob, now), data={"password": NEW})
    assert fresh(bob).email_confirmed_at == now


def test_a_reset_refuses_a_password_about_the_person(client, clock, person, now):
    bob = person(name="Bartholomew", email="bartholomew@example.org")
    answer = client.post(reset_path(bob, now), data={"password": "bartholomew"})
    assert answer.status_code == 422
    assert "easy to guess" in answer.text


def test_mails_for_resets_are_limited(client, clock, alice, told):
    for _ in range(5):
        assert client.post("/forgot", data={"email": "alice@example.org"}).status_code == 200
        clock.forward(seconds=1)
    assert told() == ["account_reset"] * 3


def test_one_client_cannot_mail_the_whole_town(client, clock, app):
    codes = [client.post("/forgot", data={"email": f"p{n}@example.org"}).status_code for n in range(31)]
    assert codes == [200] * 30 + [429]


def test_whoever_knows_the_old_password_sets_a_new_one(app, client, clock, alice, sign_in, told):
    sign_in(client, alice)
    elsewhere = app.test_client()
    sign_in(elsewhere, alice)
    form = {"password-old": GOOD, "password-password": NEW}
    assert client.post("/me/settings/password", data=form).status_code == 302
    assert client.get("/me").status_code == 200
    assert "/sign-in" in elsewhere.get("/me").location
    assert told() == ["account_password_changed"]


def test_a_stolen_session_cannot_guess_the_password(client, clock, alice, sign_in):
    sign_in(client, alice)
    for n in range(11):
        form = {"password-old": f"no {n}", "password-password": NEW}
        answer = client.post("/me/settings/password", data=form)
        assert answer.status_code == 422
    assert "Too many tries" in answer.text
    answer = client.post("/me/settings/password", data={"password-old": GOOD, "password-password": NEW})
    assert answer.status_code == 422
    assert passwords.is_right(fresh(alice).password_hash, GOOD)


def test_what_can_be_guessed():
    assert passwords.is_guessable("password123")
    assert passwords.is_guessable("bartholomew", "Bartholomew", "bart@example.org")
    assert not passwords.is_guessable(GOOD)
    assert not passwords.is_guessable("quartz9 " * 8 + "and one odd thing " + "z" * 60)
