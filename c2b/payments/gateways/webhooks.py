"""The sandbox's webhooks: written with each change of its book, signed, sent once or more often, verified by the shop.

The signature is an HMAC over "time.body"; while a secret is being replaced, either of the two is good.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from sqlite3 import Row
from typing import Any

from c2b.payments.gateway import BadSignature, ProviderEvent
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.lines import stamp

HEADER = "Sandbox-Signature"
TOLERANCE = 300  # seconds
KINDS = ("request", "dispute", "payout")
Post = Callable[[bytes, dict[str, str]], int]  # sends one webhook, says the status of the answer


def sign(body: bytes, secrets: Sequence[str], at: datetime) -> str:
    """The header that proves that a body is the provider's, as of this moment."""
    seconds = int(at.timestamp())
    return ",".join([f"t={seconds}", *(f"v1={_digest(body, secret, seconds)}" for secret in secrets)])


def _digest(body: bytes, secret: str, seconds: int) -> str:
    return hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """Raise BadSignature unless the body was signed with one of these secrets, five minutes ago at most."""
    header = next((value for name, value in headers.items() if name.lower() == HEADER.lower()), "")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 12) or not given:
        raise BadSignature("the signature is missing or makes no sense")
    seconds = int(times[0])
    good = [_digest(body, secret, seconds) for secret in secrets]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in given for other in good):
        raise BadSignature("the signature does not fit the body")
    if abs(now.timestamp() - seconds) > TOLERANCE:
        raise BadSignature("the signature is too old, or of the future")


def read(body: bytes, account: str) -> ProviderEvent:
    """What a verified body says; ValueError where it makes no sense. Another shop's event means nothing to us."""
    said = json.loads(body)
    if not isinstance(said, dict) or not isinstance(said.get("id"), str) or not said["id"]:
        raise ValueError("an event without a name")
    key, reference = said.get("key"), said.get("reference")
    if not all(value is None or isinstance(value, str) for value in (key, reference)):
        raise ValueError("an event about nothing that has a name")
    if said.get("kind") not in KINDS or said.get("account") != account:
        return ProviderEvent(said["id"], "other")
    return ProviderEvent(said["id"], said["kind"], key, reference)


def body_of(event: Row) -> bytes:
    """An event as it is sent."""
    names = ("id", "account", "kind", "key", "reference", "at")
    said: dict[str, Any] = {name: event[name] for name in names}
    return json.dumps(said, sort_keys=True).encode()


def deliver(
    book: Book, account: str, secrets: Sequence[str], post: Post, now: datetime, *, copies: int = 1,
    shuffle: Random | None = None, delay: timedelta = timedelta(), limit: int = 1000, signed_at: datetime | None = None,
) -> list[int]:  # fmt: skip
    """Send what was not taken yet, in order or shuffled, each so many times; what gets no 2xx is sent again later."""
    rows = book.read(
        "select * from event where account = ? and delivered = 0 and at <= ? order by number limit ?",
        account, stamp(now - delay), limit,
    )  # fmt: skip
    letters = [row for row in rows for _ in range(copies)]
    if shuffle:
        shuffle.shuffle(letters)
    statuses, taken = [], set()
    for row in letters:
        body = body_of(row)
        status = post(
            body, {HEADER: sign(body, secrets, signed_at or now), "Content-Type": "application/json"}
        )
        statuses.append(status)
        if 200 <= status < 300:
            taken.add(row["number"])
    with book.writing() as connection:
        connection.executemany(
            "update event set delivered = 1 where number = ?", [(number,) for number in sorted(taken)]
        )
    return statuses
