"""Stripe's own client with our habits: keys of this database, plain dictionaries, our words for what goes wrong.

No request is repeated here: what to do about a missing answer is up to the ladder of look-ups, which knows the key.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import stripe
from flask import current_app
from stripe import StripeClient

from c2b.config import Config
from c2b.payments.gateway import Asked, KeyReused, NoAnswer, TooMany

VERSION = "2026-10-28.endive"  # whatever the account's own default is, the answers have this shape
TIMEOUT = 10  # seconds
OWNER = "c2b_account"  # in the metadata: several databases may share one account at Stripe
Thing = dict[str, Any]  # an object of Stripe's, as plain data

stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)  # below that it writes whole requests


@dataclass(frozen=True, slots=True)
class Api:
    """A connection to Stripe, and the mark of this database there."""

    client: StripeClient
    account: str

    def key(self, name: str) -> str:
        """The key of a request at Stripe; two databases never share one."""
        return f"{self.account}:{name}"

    def about(self, asked: Asked) -> dict[str, str]:
        """What is kept at Stripe with a request, so that it is found without its key."""
        return {**asked.about, OWNER: self.account, "key": asked.key}

    def is_ours(self, thing: Mapping[str, Any], key: str | None = None) -> bool:
        """Whether an object follows from a request of this database, or from exactly this one."""
        marks = thing.get("metadata") or {}
        return marks.get(OWNER) == self.account and key in (None, marks.get("key"))


def connect(config: Config, account: str) -> Api:
    """The client of this application and process; it keeps its connections open."""
    clients: dict[tuple[int, str, str], StripeClient] = current_app.extensions.setdefault("stripe", {})
    name = (os.getpid(), config.stripe_api, config.stripe_key)
    if name not in clients:
        clients[name] = new_client(config.stripe_key, config.stripe_api)
    return Api(clients[name], account)


def new_client(key: str, base: str) -> StripeClient:
    """A client that waits ten seconds and asks once."""
    return StripeClient(
        key,
        stripe_version=VERSION,
        base_addresses={"api": base},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
    )


@contextmanager
def in_our_words() -> Iterator[None]:
    """What is not an answer becomes our own error; a refusal (a card's or a request's) is passed on as it is."""
    try:
        yield
    except stripe.RateLimitError as problem:
        raise TooMany(_seconds(problem.headers or {})) from problem
    except stripe.IdempotencyError as problem:
        raise KeyReused(str(problem)) from None
    except (stripe.APIConnectionError, stripe.APIError) as problem:  # no connection; 409 and all from 500
        raise NoAnswer(type(problem).__name__) from problem


def _seconds(headers: Mapping[str, str]) -> float:
    """How long Stripe asks us to wait; a second where it does not say."""
    text = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    return float(text) if text.replace(".", "", 1).isdecimal() else 1.0


def details(problem: stripe.StripeError) -> Thing:
    """What a refusal says: code, decline_code, payment_intent, as far as they are there."""
    body = problem.json_body if isinstance(problem.json_body, dict) else {}
    found = body.get("error")
    return found if isinstance(found, dict) else {}
