"""A provider of which a test decides what it knows and what it tells; the signature is its own."""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from c2b.core.db import db
from c2b.orders.charging import charge_launch
from c2b.orders.models import Order
from c2b.payments import gateway as door
from c2b.payments import hearing, inbox
from c2b.payments.gateway import Asked, BadSignature, NoAnswer, Outcome, ProviderEvent
from c2b.payments.models import InboxEvent
from c2b.pipeline.models import Launch
from tests.orders.conftest import eve, launch  # noqa: F401  # fixtures

SECRET = b"what the provider and we know"


def signed(told: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """A body and the header that goes with it."""
    body = json.dumps(told).encode()
    return body, {"Signature": hmac.new(SECRET, body, "sha256").hexdigest()}


class Provider:
    """It answers what `truth` says, by key; a key that maps to None was never heard of, `down` answers nothing."""

    name = "sandbox"

    def __init__(self) -> None:
        self.truth: dict[str, Outcome] = {}
        self.down = False
        self.asked: list[str] = []

    def look_up(self, asked: Asked) -> Outcome | None:
        self.asked.append(asked.key)
        if self.down:
            raise NoAnswer
        return self.truth.get(asked.key)

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        right = hmac.new(SECRET, body, "sha256").hexdigest()
        if not hmac.compare_digest(headers.get("Signature", ""), right):
            raise BadSignature
        told = json.loads(body)
        return ProviderEvent(told["id"], told["kind"], told.get("key"), told.get("reference"))


@pytest.fixture
def provider(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The provider of this test, instead of the sandbox."""
    it = Provider()
    for place in (door, inbox, hearing):
        monkeypatch.setattr(place, "gateway", lambda: it)
    return it


@pytest.fixture
def tell(provider: Provider, now: datetime) -> Callable[..., bool]:
    """The provider tells something; returns whether it was news."""

    def send(event_id: str, kind: str = "request", at: datetime = now, **more: Any) -> bool:
        body, headers = signed({"id": event_id, "kind": kind, **more})
        return inbox.receive("sandbox", body, headers, at)

    return send


@pytest.fixture
def sold(launch: Callable[..., Launch], now: datetime) -> Callable[..., list[Order]]:  # noqa: F811  # that fixture
    """The orders of a launch that was charged: one for each (quantity, card)."""

    def build(pledges: tuple[tuple[int, str], ...] = ((2, "ok"),), **more: object) -> list[Order]:
        launch_id = launch(pledges, **more).id
        db.session.rollback()
        charge_launch(launch_id, now=now)
        return list(db.session.scalars(select(Order).where(Order.launch_id == launch_id).order_by(Order.id)))

    return build


def events() -> list[InboxEvent]:
    """The inbox as it is now."""
    db.session.rollback()
    return list(db.session.scalars(select(InboxEvent).order_by(InboxEvent.id)))
