"""Stripe's own book: every change of our balance there, oldest first."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import stripe

from c2b.payments.gateway import BookLine
from c2b.payments.gateways.stripe_answers import id_of, moment
from c2b.payments.gateways.stripe_api import Api, Thing, in_our_words

KINDS = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "transfer": "payout",
    "transfer_refund": "payout_returned",
    "transfer_cancel": "payout_returned",
    "transfer_failure": "payout_returned",
}
DISPUTES = {"dispute": "dispute", "dispute_reversal": "dispute_won"}
EARLIER = timedelta(days=30)  # a payment is made at most so long before it is charged


def book_lines(api: Api, since: datetime | None) -> Iterator[BookLine]:
    """The lines from `since` on. What follows from nothing of ours (Stripe's fees, our own payouts) keeps its name."""
    page: Any = {"limit": 100, "expand": ["data.source"]}
    if since is not None:
        page["created"] = {"gte": ceil(since.timestamp())}
    with in_our_words():
        found = [
            _line(api, line.to_dict())
            for line in api.client.v1.balance_transactions.list(page).auto_paging_iter()
        ]
        keys = _capture_keys(api, found)
    for line, key in reversed(found):  # the newest come first
        yield BookLine(
            **{**line, "key": keys.get(line["reference"], key) if line["kind"] == "charge" else key}
        )


def _line(api: Api, line: Thing) -> tuple[Thing, str | None]:
    source = line.get("source")
    thing: Thing = source if isinstance(source, dict) else {"id": source}
    category = str(line.get("reporting_category"))
    kind = DISPUTES.get(category) or KINDS.get(str(line["type"])) or str(line["type"])
    reference = {
        "charge": thing.get("payment_intent"),
        "payout_returned": thing.get("transfer"),
    }.get(kind)
    marks = thing.get("metadata") or {}
    key = marks.get("key") if api.is_ours(thing) and kind != "charge" else None
    return {
        "id": line["id"],
        "kind": kind,
        "reference": id_of(reference) or id_of(thing) or line["id"],
        "amount": line["amount"],
        "fee": line.get("fee") or 0,
        "currency": str(line["currency"]).upper(),
        "at": moment(line["created"]),
    }, key


def _capture_keys(api: Api, found: list[tuple[Thing, str | None]]) -> dict[str, str]:
    """The key of each charge: it stands on the payment, not on the line."""
    wanted = {line["reference"]: line["at"] for line, _ in found if line["kind"] == "charge"}
    keys: dict[str, str] = {}
    if not wanted:
        return keys
    since = int((min(wanted.values()) - EARLIER).timestamp())
    for intent in api.client.v1.payment_intents.list(
        {"limit": 100, "created": {"gte": since}}
    ).auto_paging_iter():
        if intent.id in wanted:
            keys.update(_capture_key(api, intent.to_dict()))
    for name in wanted.keys() - keys.keys():
        if name.startswith("pi_"):
            keys.update(_one(api, name))
    return keys


def _one(api: Api, name: str) -> dict[str, str]:
    try:
        return _capture_key(api, api.client.v1.payment_intents.retrieve(name).to_dict())
    except stripe.InvalidRequestError:
        return {}


def _capture_key(api: Api, intent: Thing) -> dict[str, str]:
    key = (intent.get("metadata") or {}).get("capture_key")
    return {intent["id"]: key} if key and api.is_ours(intent) else {}
