"""The door that webhooks come through: what is not the provider's stays outside, what is in is durable (F-36)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from c2b.core.db import db
from c2b.payments import inbox
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.gateways.webhooks import HEADER, sign
from c2b.payments.models import InboxEvent
from tests.orders.conftest import sandbox

DOOR = "/webhooks/sandbox"


def at_once() -> datetime:
    """Signatures live for five minutes."""
    return datetime.now(UTC)


def event(account: str, **more: Any) -> dict[str, Any]:
    return {"id": "evt-1", "account": account, "kind": "request", "key": "authorise-1-1", "reference": "r", "at": "",
            **more}  # fmt: skip


def post(client: FlaskClient, body: bytes, signature: str | None) -> int:
    headers = {HEADER: signature} if signature is not None else {}
    return client.post(DOOR, data=body, headers=headers, content_type="application/json").status_code


def kept() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(InboxEvent.event_id)))


@pytest.fixture
def shop(app: Flask) -> Sandbox:
    return sandbox()


@pytest.fixture
def letter(shop: Sandbox) -> bytes:
    return json.dumps(event(shop.account)).encode()


def test_f36_a_signed_event_is_kept_before_it_is_answered(
    client: FlaskClient, shop: Sandbox, letter: bytes
) -> None:
    """I-40: a 2xx means that it is durable."""
    assert post(client, letter, sign(letter, shop.secrets, at_once())) == 200
    assert kept() == ["evt-1"]
    assert post(client, letter, sign(letter, shop.secrets, at_once())) == 200
    assert kept() == ["evt-1"]


def test_f36_an_event_that_could_not_be_kept_is_not_answered_with_yes(
    app: Flask, client: FlaskClient, shop: Sandbox, letter: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: where the row cannot be written the provider is told no, and sends it again."""

    def full(*_args: object) -> bool:
        raise db.exc.OperationalError("INSERT", {}, Exception("disk full"))

    app.config["PROPAGATE_EXCEPTIONS"] = False
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "_keep", full)
        assert post(client, letter, sign(letter, shop.secrets, at_once())) == 503
    assert kept() == []
    assert post(client, letter, sign(letter, shop.secrets, at_once())) == 200


@pytest.mark.parametrize(
    "broken",
    [
        "missing",
        "empty",
        "of another secret",
        "old",
        "of the future",
        "of another body",
        "nonsense",
        "two times",
    ],
)
def test_f36_what_the_provider_did_not_sign_is_refused(
    client: FlaskClient, shop: Sandbox, letter: bytes, broken: str
) -> None:
    """F-36: bad, old, future, missing."""
    good = sign(letter, shop.secrets, at_once())
    signature = {
        "missing": None,
        "empty": "",
        "of another secret": sign(letter, ["guessed"], at_once()),
        "old": sign(letter, shop.secrets, at_once() - timedelta(seconds=400)),
        "of the future": sign(letter, shop.secrets, at_once() + timedelta(hours=1)),
        "of another body": sign(letter + b" ", shop.secrets, at_once()),
        "nonsense": "t=now,v1=zz",
        "two times": good + ",t=1",
    }[broken]
    assert post(client, letter, signature) == 400
    assert kept() == []


def test_f36_a_secret_that_is_being_replaced_is_good_in_both_forms(
    app: Flask, client: FlaskClient, shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-36: rotated secret, two valid."""
    shop.secrets = ("the new one", "the old one")
    monkeypatch.setattr(inbox, "gateway", lambda: shop)
    for n, secrets in enumerate((["the old one"], ["the new one"], ["the old one", "the new one"])):
        body = json.dumps(event(shop.account, id=f"evt-{n}")).encode()
        assert post(client, body, sign(body, secrets, at_once())) == 200
    assert kept() == ["evt-0", "evt-1", "evt-2"]


@pytest.mark.parametrize(
    "said",
    [
        b"", b"{", b"[]", b"null", b"7", b'"evt"', b"{}", b'{"id": ""}', b'{"id": 7}', b'{"id": null}',
        b'{"id": "a", "key": []}', b'{"id": "a", "key": "k", "reference": {}}', b'{"id": "a\\u0000b"}',
        b'{"id": "' + b"x" * 5000 + b'"}', b"\xff\xfe", b"[" * 5000,
    ],
    ids=lambda said: said[:20].decode(errors="replace").replace("\x00", "0"),
)  # fmt: skip
def test_b21_a_signed_body_that_makes_no_sense_is_refused(
    client: FlaskClient, shop: Sandbox, said: bytes
) -> None:
    """B-21: valid signature, wrong shape: the provider's mistake, never a 500."""
    assert post(client, said, sign(said, shop.secrets, at_once())) == 400
    assert kept() == []


def test_b22_a_body_that_is_too_large_is_refused(client: FlaskClient, shop: Sandbox) -> None:
    """B-22: 413, and nothing is kept."""
    body = json.dumps(event(shop.account, words="x" * inbox.LARGEST)).encode()
    assert post(client, body, sign(body, shop.secrets, at_once())) == 413
    assert kept() == []


def test_b22_a_thousand_replays_are_one_row(client: FlaskClient, shop: Sandbox, letter: bytes) -> None:
    """B-22: the same event, as fast as it can be sent."""
    signature = sign(letter, shop.secrets, at_once())
    assert {post(client, letter, signature) for _ in range(100)} == {200}
    for _ in range(900):
        assert not inbox.receive("sandbox", letter, {HEADER: signature}, at_once())
    assert kept() == ["evt-1"]


@pytest.mark.parametrize("path", ["/webhooks/", "/webhooks/nobody", "/webhooks/stripe", "/webhooks/%00"])
def test_a_provider_that_is_not_ours_has_no_door(client: FlaskClient, path: str) -> None:
    assert client.post(path, data=b"{}").status_code in (404, 405)
    assert kept() == []


def test_an_event_needs_no_form_token(app: Flask, shop: Sandbox, letter: bytes) -> None:
    """Forms are guarded here, as they are when served; a provider signs instead."""
    app.config["WTF_CSRF_ENABLED"] = True
    answer = app.test_client().post(
        DOOR, data=letter, headers={HEADER: sign(letter, shop.secrets, at_once())}
    )
    assert answer.status_code == 200


def test_the_body_of_an_event_is_in_no_log(
    client: FlaskClient, shop: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    body = json.dumps(event(shop.account, note="canary-4111")).encode()
    post(client, body, sign(body, shop.secrets, at_once()))
    post(client, body, "t=1,v1=zz")
    out = capfd.readouterr()
    assert "canary-4111" not in out.out + out.err


def test_another_shops_event_is_kept_and_means_nothing(
    client: FlaskClient, app: Flask, shop: Sandbox
) -> None:
    """F-35: signed, but of another account."""
    from jobs import work_inbox

    body = json.dumps(event("another-shop")).encode()
    assert post(client, body, sign(body, shop.secrets, at_once())) == 200
    work_inbox.run(datetime.now(UTC))
    (row,) = db.session.scalars(select(InboxEvent))
    assert (row.kind, row.note) == ("other", "nothing to do")
