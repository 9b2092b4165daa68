"""The one door to a payment provider: save a card, authorise, capture, void, look up.

Every request carries a key that was committed before it is sent. A provider answers the same key in the same
way, so a request whose answer was lost is looked up, or sent again, and nobody is charged twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog
from flask import current_app, has_app_context

from c2b.core.db import must_be_outside_transaction
from c2b.payments.states import AttemptState

log = structlog.get_logger()


class NoAnswer(Exception):
    """The provider did not answer, or answered with an error of its own: what happened is not known."""


class KeyReused(Exception):
    """A key came again with another request. That is a mistake of ours, never of the shopper."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Where a shopper types in the card, and the provider's name for this visit."""

    address: str
    reference: str


@dataclass(frozen=True, slots=True)
class SavedCard:
    """A card as we may know it: the provider's token, words to know it by, one mark for one card."""

    token: str
    label: str
    fingerprint: str
    gateway: str = "sandbox"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request; `code` is the provider's word for a failure."""

    state: AttemptState
    reference: str | None = None
    code: str | None = None


class Gateway(Protocol):
    """What we ask of a payment provider. Amounts are whole minor units."""

    name: str

    def start_setup(self, customer: str, return_url: str) -> Setup:
        """Open the provider's page on which `customer` saves a card; it leads back to `return_url`."""

    def finish_setup(self, reference: str) -> SavedCard | None:
        """The card that was saved there, or None where the shopper turned back."""

    def authorise(
        self, key: str, token: str, amount: int, currency: str, metadata: Mapping[str, str]
    ) -> Outcome:
        """Hold an amount on a saved card; nothing is charged."""

    def confirm_address(self, reference: str, return_url: str) -> str:
        """The provider's page on which the shopper confirms a request that needs it."""

    def capture(self, key: str, reference: str, amount: int) -> Outcome:
        """Charge what was held, or less."""

    def void(self, key: str, reference: str) -> Outcome:
        """Let go of what was held; also ends a request that still waits for the shopper."""

    def look_up(self, key: str) -> Outcome | None:
        """What became of a request; None where the provider never got it."""


class Guarded:
    """A gateway that refuses to be called while a database transaction is open (I-21).

    What goes wrong on the way becomes an unknown outcome, which is looked up later.
    """

    def __init__(self, inner: Gateway) -> None:
        self.inner = inner
        self.name = inner.name

    def start_setup(self, customer: str, return_url: str) -> Setup:
        """See Gateway."""
        _must_be_outside()
        return self.inner.start_setup(customer, return_url)

    def finish_setup(self, reference: str) -> SavedCard | None:
        """See Gateway."""
        _must_be_outside()
        return self.inner.finish_setup(reference)

    def confirm_address(self, reference: str, return_url: str) -> str:
        """See Gateway."""
        return self.inner.confirm_address(reference, return_url)

    def authorise(
        self, key: str, token: str, amount: int, currency: str, metadata: Mapping[str, str]
    ) -> Outcome:
        """See Gateway."""
        _must_be_outside()
        try:
            return self.inner.authorise(key, token, amount, currency, metadata)
        except Exception as problem:
            return _unknown(key, problem)

    def capture(self, key: str, reference: str, amount: int) -> Outcome:
        """See Gateway."""
        _must_be_outside()
        try:
            return self.inner.capture(key, reference, amount)
        except Exception as problem:
            return _unknown(key, problem)

    def void(self, key: str, reference: str) -> Outcome:
        """See Gateway."""
        _must_be_outside()
        try:
            return self.inner.void(key, reference)
        except Exception as problem:
            return _unknown(key, problem)

    def look_up(self, key: str) -> Outcome | None:
        """See Gateway."""
        _must_be_outside()
        try:
            return self.inner.look_up(key)
        except Exception as problem:
            return _unknown(key, problem)


def gateway() -> Guarded:
    """The configured provider, behind its guard."""
    from c2b.payments.gateways import sandbox  # the provider's module imports the words above

    _must_be_outside()
    return Guarded(sandbox.from_config(current_app.config["C2B"]))


def _must_be_outside() -> None:
    if has_app_context():  # a worker thread has none, and no session; whoever started it was asked
        must_be_outside_transaction()


def _unknown(key: str, problem: Exception) -> Outcome:
    level = log.debug if isinstance(problem, NoAnswer) else log.exception  # it shows among the launches
    level("gateway_gave_no_answer", key=key, problem=type(problem).__name__)
    return Outcome(AttemptState.UNKNOWN, code=type(problem).__name__)
