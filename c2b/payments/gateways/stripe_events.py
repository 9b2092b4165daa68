"""Stripe's webhooks: is it really from Stripe, and what is it about? Nothing in it is believed beyond that."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import stripe

from c2b.payments.gateway import BadSignature, ProviderEvent
from c2b.payments.gateways.stripe_answers import id_of
from c2b.payments.gateways.stripe_api import Api

TOLERANCE = 300  # seconds, either way
HEADER = "stripe-signature"
EVENT_KEPT = ("id", "type", "created", "account", "api_version")
THING_KEPT = ("id", "object", "status", "amount", "amount_received", "currency", "payment_intent", "charge", "reason",
              "cancellation_reason", "failure_code", "failure_reason", "destination", "created")  # fmt: skip
CAME_BACK = ("payout.failed", "payout.canceled")


def read_event(api: Api, secrets: Sequence[str], body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
    """The event in a webhook that one of the secrets vouches for."""
    signature = {name.lower(): value for name, value in headers.items()}.get(HEADER, "")
    if not signature.isascii() or not any(_is_signed(body, signature, secret) for secret in secrets):
        raise BadSignature
    return _event(api, _as_event(json.loads(body)))


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE)
    except stripe.SignatureVerificationError:
        return False
    signed_at = next(part[2:] for part in signature.split(",") if part.startswith("t="))
    return int(signed_at) <= time.time() + TOLERANCE  # the client has no objection to the future


def _as_event(data: Any) -> dict[str, Any]:
    """ValueError for what is signed but no event."""
    event: dict[str, Any] = data if isinstance(data, dict) else {}
    inside = event.get("data")
    thing = inside.get("object") if isinstance(inside, dict) else None
    names = isinstance(event.get("id"), str) and isinstance(event.get("type"), str)
    marks = isinstance(thing, dict) and isinstance(thing.get("metadata") or {}, dict)
    if event.get("object") == "event" and names and marks:
        return event
    raise ValueError("signed, but not an event with an id, a type and an object")


def _event(api: Api, event: dict[str, Any]) -> ProviderEvent:
    kind, key, reference = _about(api, event)
    return ProviderEvent(event["id"], kind, key, reference, _kept(event))


def _about(api: Api, event: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Kind, key and reference, as a ProviderEvent has them."""
    kind, thing = event["type"], event["data"]["object"]
    reference, marks = id_of(thing), thing.get("metadata") or {}
    key = str(marks["key"]) if api.is_ours(thing) and "key" in marks else None
    if kind in CAME_BACK and key:
        return "payout", key, str(marks.get("transfer") or "") or None
    if event.get("account"):
        return "other", None, reference  # a connected account's own business
    if kind.startswith("charge.dispute."):
        return "dispute", None, reference
    if kind == "transfer.reversed" and key:
        return "payout", key, reference
    if kind == "payment_intent.succeeded" and key:
        return "request", str(marks.get("capture_key") or key), reference
    if kind.startswith(("payment_intent.", "refund.", "charge.refund.")) and key:
        return "request", key, reference
    return "other", None, reference


def _kept(event: dict[str, Any]) -> bytes:
    """What an operator may want to read; not the secrets, names and addresses that Stripe sends along."""
    thing = event["data"]["object"]
    kept = {name: event[name] for name in EVENT_KEPT if name in event}
    kept["object"] = {name: thing[name] for name in THING_KEPT if isinstance(thing.get(name), str | int)}
    return json.dumps(kept).encode()
