"""Opening an account and confirming its address."""

from sqlalchemy import func, select

from c2b.accounts import passwords, tokens
from c2b.accounts.models import User
from c2b.accounts.queries import user_by_email
from c2b.core.db import db
from tests.accounts.conftest import GOOD

FORM = {"name": "Alice", "email": "Alice@Example.org", "password": GOOD}


def confirm_path(user, now, back="/"):
    token = tokens.sign(tokens.CONFIRM, [user.id, passwords.fingerprint(user.password_hash), back], now=now)
    return f"/confirm/{token}"


def test_a_new_account_waits_for_its_confirmation(client, clock, told):
    answer = client.post("/register", data=FORM)
    assert answer.status_code == 302
    assert answer.location == "/register/sent"
    user = user_by_email("alice@example.org")
    assert user.email_confirmed_at is None
    assert user.password_hash.startswith("$argon2id$")
    assert told() == ["account_confirm"]
    assert b"Alice@Example.org" in client.get("/register/sent").data


def test_the_answer_for_a_taken_address_is_the_same_and_its_owner_is_told(client, clock, told, person):
    owner = person(email="alice@example.org")
    kept = owner.password_hash
    answer = client.post("/register", data=FORM)
    assert (answer.status_code, answer.location) == (302, "/register/sent")
    assert told() == ["account_exists"]
    db.session.expire_all()
    assert user_by_email("alice@example.org").password_hash == kept
    assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_an_unconfirmed_account_belongs_to_whoever_registered_last(client, clock, app, now):
    client.post("/register", data=FORM | {"password": "somebody else's choice 77"})
    old = confirm_path(user_by_email(FORM["email"]), now)
    client.post("/register", data=FORM)
    user = user_by_email(FORM["email"])
    assert passwords.is_right(user.password_hash, GOOD)
    assert client.get(old).status_code == 410
    assert client.get(confirm_path(user, now)).status_code == 200


def test_opening_the_link_changes_nothing_but_the_button_confirms_and_signs_in(client, clock, now):
    client.post("/register", data=FORM)
    path = confirm_path(user_by_email(FORM["email"]), now, back="/c/pot")
    assert client.get(path).status_code == 200
    assert user_by_email(FORM["email"]).email_confirmed_at is None
    answer = client.post(path)
    assert answer.location == "/c/pot"
    db.session.expire_all()
    assert user_by_email(FORM["email"]).email_confirmed_at == now
    assert client.get("/me").status_code == 200


def test_the_link_is_good_for_three_days_and_for_one_purpose(client, clock, now, app):
    client.post("/register", data=FORM)
    user = user_by_email(FORM["email"])
    path = confirm_path(user, now)
    assert client.get(path.replace("/confirm/", "/reset/")).status_code == 410
    other = "A" if path[-2] != "A" else "B"  # the last letter has bits that say nothing
    assert client.get(path[:-2] + other + path[-1]).status_code == 410
    clock.forward(days=3, seconds=1)
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410


def test_a_used_link_leads_to_signing_in(client, clock, now):
    client.post("/register", data=FORM)
    path = confirm_path(user_by_email(FORM["email"]), now)
    client.post(path)
    client.post("/sign-out")
    assert "/sign-in" in client.get(path).location


def test_one_address_gets_three_mails_an_hour_from_strangers(client, clock, told):
    for _ in range(6):
        assert client.post("/register", data=FORM).status_code == 302
        clock.forward(seconds=5)
    assert told() == ["account_confirm"] * 3
    clock.forward(hours=1)
    client.post("/register/again", data={"email": FORM["email"]})
    assert told() == ["account_confirm"] * 4


def test_asking_again_says_nothing_about_who_has_an_account(client, clock, told):
    answer = client.post("/register/again", data={"email": "nobody@example.org"})
    assert answer.location == "/register/sent"
    assert told() == []


def test_registering_is_throttled_by_client(client, clock):
    forms = [FORM | {"email": f"p{n}@example.org"} for n in range(31)]
    codes = [client.post("/register", data=form).status_code for form in forms]
    assert codes == [302] * 30 + [429]
    assert "Retry-After" in client.post("/register", data=FORM).headers


def test_a_bad_form_comes_back_as_it_was_typed(client, clock):
    answer = client.post("/register", data=FORM | {"name": "", "email": "alice@"})
    assert answer.status_code == 422
    page = answer.text
    assert "Enter the name that others will see." in page
    assert 'value="alice@"' in page
    assert page.count("Enter an e-mail address such as") == 2  # summary and field


def test_what_cannot_be_stored_is_refused_in_words(client, clock):
    bad = {
        "name": ["a\x00b", "\u202eevil", "x" * 61, " \u3000 "],
        "email": ["a\x00@example.org", "a@b", "ü@example.org", "a" * 300 + "@example.org", "a b@example.org"],
        "password": ["short", "password1", "alice@example.org", "x" * 129, "aaaaaaaaaaaa"],
    }
    for field, values in bad.items():
        for value in values:
            answer = client.post("/register", data=FORM | {field: value})
            assert answer.status_code == 422, (field, value)
            assert "errsum" in answer.text


def test_names_in_any_script_and_pasted_passwords_are_welcome(client, clock):
    for number, name in enumerate(["小明", "Zoë O’Neil", "👩‍🍳 Cook", "김민준"]):
        email = f"p{number}@example.org"
        password = "正确的马 电池 订书钉" if number % 2 else "x" * 20 + "Kp7!unlikely" + "z" * 60
        form = {"name": name, "email": email, "password": password}
        assert client.post("/register", data=form).status_code == 302
        assert user_by_email(email).name == name


def test_people_who_are_in_need_no_account(client, clock, person, sign_in):
    sign_in(client, person())
    assert client.get("/register?next=/c/pot").location == "/c/pot"
    assert client.get("/sign-in?next=//evil.example").location == "/"
