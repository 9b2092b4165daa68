"""Saving a card at the provider's page, and removing it."""

from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused
from c2b.payments.gateway import gateway
from c2b.payments.gateways.cards import kind_of, saved_card
from c2b.payments.models import Mandate
from c2b.payments.operations import add_mandates, revoke_mandate, save_mandate
from c2b.payments.queries import live_mandates
from tests.factories import Make


def test_a_card_is_saved_on_the_providers_page_and_leads_back(
    client: FlaskClient, make: Make, sign_in
) -> None:  # type: ignore[no-untyped-def]
    ann = make.user("Ann")
    sign_in(client, ann)
    to_page = client.get("/me/cards/add?next=/c/some-thing")
    assert to_page.location.startswith("/sandbox/setup/")
    page = client.get(to_page.location)
    assert page.status_code == 200
    assert "no real money" in page.text
    back = client.post(to_page.location, data={"card": "insufficient_funds"})
    home = client.get(back.location)
    assert home.location == "/c/some-thing"
    saved = live_mandates(ann.id)
    assert [mandate.label for mandate in saved] == ["Visa •••• 9995"]
    assert client.get(back.location).location == "/me/cards"
    assert len(live_mandates(ann.id)) == 1


def test_turning_back_saves_nothing(client: FlaskClient, make: Make, sign_in) -> None:  # type: ignore[no-untyped-def]
    sign_in(client, make.user("Ann"))
    client.get("/me/cards/add")
    assert "No card was saved" in client.get("/me/cards/returned", follow_redirects=True).text
    assert db.session.scalars(select(Mandate)).all() == []


def test_nobody_is_sent_to_another_site(client: FlaskClient, make: Make, sign_in) -> None:  # type: ignore[no-untyped-def]
    sign_in(client, make.user("Ann"))
    page = client.get("/me/cards/add?next=https://elsewhere.example/").location
    back = client.post(page, data={"card": "ok"}).location
    assert client.get(back).location == "/"


def test_a_card_that_is_not_on_the_list_is_refused_with_a_message(
    client: FlaskClient, make: Make, sign_in
) -> None:  # type: ignore[no-untyped-def]
    sign_in(client, make.user("Ann"))
    page = client.get("/me/cards/add").location
    answer = client.post(page, data={"card": "gold"})
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_a_visit_that_is_not_known_is_not_found(client: FlaskClient) -> None:
    assert client.get("/sandbox/setup/nothing").status_code == 404
    assert client.get("/sandbox/confirm/nothing").status_code == 404


def test_the_sandbox_has_no_pages_in_production(app: Flask, client: FlaskClient) -> None:
    from dataclasses import replace

    app.config["C2B"] = replace(app.config["C2B"], environment="production")
    assert client.get("/sandbox/setup/nothing").status_code == 404
    app.config["C2B"] = replace(app.config["C2B"], environment="test")


def test_the_same_card_saved_twice_is_one_mandate(make: Make, now: datetime) -> None:
    ann, card = make.user("Ann"), saved_card("ok", "ann")
    with transaction():
        assert save_mandate(ann.id, card, now=now).id == save_mandate(ann.id, card, now=now).id


def test_many_cards_are_saved_in_the_order_of_their_owners(make: Make, now: datetime) -> None:
    people: list[User] = [make.user() for _ in range(5)]
    with transaction():
        ids = add_mandates([(p.id, saved_card("ok", str(p.id))) for p in people], now=now)
    owners = [db.session.get_one(Mandate, id_).user_id for id_ in ids]
    assert owners == [p.id for p in people]


def test_a_card_is_removed_by_its_owner_alone(make: Make, now: datetime) -> None:
    ann, bob = make.shopper("Ann"), make.user("Bob")
    mandate = live_mandates(ann.id)[0].id
    with pytest.raises(NotFound), transaction():
        revoke_mandate(mandate, by=bob.id, now=now)
    with transaction():
        revoke_mandate(mandate, by=ann.id, now=now)
    assert live_mandates(ann.id) == []


def test_a_card_that_a_pledge_needs_stays(make: Make, now: datetime) -> None:
    pledge = make.pledge(make.campaign())
    with pytest.raises(Refused, match="Choose another card"), transaction():
        revoke_mandate(pledge.mandate_id, by=pledge.shopper_id, now=now)


def test_the_list_says_why_a_card_cannot_be_removed(client: FlaskClient, make: Make, sign_in) -> None:  # type: ignore[no-untyped-def]
    pledge = make.pledge(make.campaign())
    sign_in(client, db.session.get_one(User, pledge.shopper_id))
    page = client.get("/me/cards")
    assert page.status_code == 200
    assert "Choose another card" in page.text
    assert "Remove" not in page.text


def test_a_bank_account_is_named_on_the_providers_page(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        visit = gateway().start_payee("firm-1", "/sell")
    page = client.get(visit.address)
    assert page.status_code == 200
    assert "no real money" in page.text
    assert "Refuses every payout." in page.text
    assert client.post(visit.address, data={"account": "a safe"}).status_code == 422
    assert client.post(visit.address, data={"account": "comes_back"}).location == "/sell"
    assert client.post(visit.address, data={"account": "works"}).location == "/sell"
    payee = gateway().finish_payee(visit.reference)
    assert payee
    assert (kind_of(payee.destination), payee.label) == ("comes_back", "Delta Bank •••• 0116")
    assert client.get(visit.address.replace("payee", "setup")).status_code == 404
