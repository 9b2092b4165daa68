"""What merchants and operators see of the money."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.core.db import db
from c2b.merchants.models import MerchantStaff
from c2b.merchants.queries import staff_ids
from c2b.merchants.states import Post
from c2b.orders.models import Order
from c2b.settlement import rules
from c2b.settlement.models import BankAccount, Payout
from tests.factories import Make
from tests.settlement.conftest import LATER, Delivered, bank_of, payouts, plan, send

SignIn = Callable[[FlaskClient, User], None]


@pytest.fixture(autouse=True)
def a_day_later(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """The pages are looked at on the day after the delivery."""
    for module in ("merchant_views", "operator_views"):
        monkeypatch.setattr(f"c2b.settlement.{module}.utcnow", lambda: now + timedelta(days=1))


def owner_of(order: Order) -> User:
    """The owner of the firm."""
    return db.session.get_one(User, staff_ids(order.merchant_id)[0])


def test_a_merchant_sees_what_is_owed_and_why(
    client: FlaskClient, delivered: Delivered, now: datetime, sign_in: SignIn
) -> None:
    order = delivered()[0]
    sign_in(client, owner_of(order))
    page = client.get("/sell/money").text
    assert "¥502.46" in page
    assert "Return window until" in page
    assert "has not said where it is paid" in page
    assert "-¥15.54" in page
    for what in ("ready", "window", "delivery", "held", "paid", "nonsense"):
        assert client.get(f"/sell/money?show={what}&page=9x").status_code == 200
    assert order.number in client.get("/sell/money?show=window").text
    assert order.number not in client.get("/sell/money?show=held").text


def test_a_merchant_sees_a_payout_and_the_statement_of_its_month(
    client: FlaskClient, delivered: Delivered, now: datetime, sign_in: SignIn
) -> None:
    order = delivered()[0]
    bank_of(order, now)
    plan(now + LATER)
    (payout,) = send(now + LATER)
    sign_in(client, owner_of(order))
    assert "¥502.46" in client.get(f"/sell/money/payouts/{payout.number}").text
    page = client.get("/sell/money/statement?month=2025-06").text
    assert "Payout" in page
    assert "-¥502.46" in page
    rows = client.get("/sell/money/statement.csv?month=2025-05").text.splitlines()
    assert rows[1].endswith("Balance before,,0.00")
    assert rows[-1].endswith("Balance after,,502.46")
    assert client.get("/sell/money/statement?month=2025-13").status_code == 200


def test_nobody_sees_another_firms_money(
    client: FlaskClient, delivered: Delivered, now: datetime, make: Make, sign_in: SignIn
) -> None:
    order = delivered()[0]
    bank_of(order, now)
    plan(now + LATER)
    (payout,) = payouts()
    stranger = db.session.get_one(User, staff_ids(make.merchant().id)[0])
    sign_in(client, stranger)
    assert client.get(f"/sell/money/payouts/{payout.number}").status_code == 404
    assert order.number not in client.get("/sell/money").text
    assert client.get("/ops/money").status_code == 403


def test_the_owner_names_a_bank_account_on_the_providers_page(
    client: FlaskClient, delivered: Delivered, now: datetime, sign_in: SignIn
) -> None:
    order = delivered()[0]
    sign_in(client, owner_of(order))
    away = client.get("/sell/money/account/name")
    assert "/sandbox/payee/" in away.location
    back = client.post(away.location, data={"account": "works", "card": "works", "kind": "works"})
    assert client.get(back.location).location == "/sell/money/account"
    saved = db.session.scalars(select(BankAccount)).one()
    assert saved.usable_at - saved.added_at == timedelta(hours=72)
    assert "Used from" in client.get("/sell/money/account").text
    assert client.get("/sell/money/account/named").location == "/sell/money/account"


def test_somebody_who_is_not_the_owner_cannot_name_one(
    client: FlaskClient, delivered: Delivered, now: datetime, make: Make, sign_in: SignIn
) -> None:
    order = delivered()[0]
    from c2b.core.access import Role

    helper = make.user("Helper", roles=(Role.MERCHANT,))
    db.session.add(
        MerchantStaff(merchant_id=order.merchant_id, user_id=helper.id, post=Post.EDITOR, since=now)
    )
    db.session.commit()
    sign_in(client, helper)
    assert "Only the owner" in client.get("/sell/money/account").text
    assert client.get("/sell/money/account/name").status_code == 409


def test_two_operators_approve_a_large_payout_by_their_buttons(
    client: FlaskClient,
    delivered: Delivered,
    now: datetime,
    make: Make,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "WITHOUT_APPROVAL", 100)
    order = delivered()[0]
    bank_of(order, now)
    (payout,) = plan(now + LATER)
    id_, number = payout.id, payout.number
    otto, olga = make.operator("Otto"), make.operator("Olga")
    sign_in(client, otto)
    assert number in client.get("/ops/money").text
    assert number in client.get("/ops/money/payouts").text
    assert client.post(f"/ops/money/payouts/{id_}/approve").status_code == 302
    assert "somebody else" in client.get(f"/ops/money/payouts/{id_}").text
    assert client.post(f"/ops/money/payouts/{id_}/approve").status_code == 409
    sign_in(client, olga)
    assert client.post(f"/ops/money/payouts/{id_}/approve").status_code == 302
    assert db.session.get_one(Payout, id_, populate_existing=True).state == "approved"


def test_operators_see_the_books_and_compare_them(
    client: FlaskClient, delivered: Delivered, now: datetime, make: Make, sign_in: SignIn
) -> None:
    order = delivered()[0]
    sign_in(client, make.operator())
    assert "They were not compared yet" in client.get("/ops/money").text
    assert client.post("/ops/money/reconcile").status_code == 302
    page = client.get("/ops/money").text
    assert "They say the same" in page
    statement = client.get(f"/ops/money/merchants/{order.merchant_id}?month=2025-05")
    assert order.number in statement.text
    journal = client.get("/ops/money/journal.csv?month=2025-05").text
    assert "merchant_payable" in journal
    assert client.get(f"/ops/money/merchants/{order.merchant_id}.csv").status_code == 200
    assert client.get("/ops/money/merchants/999999").status_code == 404
