"""The one door to a payment provider: save a card, authorise, capture, void, refund, pay out, look up, listen.

Every request carries a key that was committed before it is sent. A provider answers the same key in the same
way, so a request whose answer was lost is looked up, or sent again, and nobody is charged twice.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog
from flask import current_app, has_app_context

from c2b.config import Config
from c2b.core.db import must_be_outside_transaction
from c2b.payments.states import AttemptState, Purpose

log = structlog.get_logger()


class NoAnswer(Exception):
    """The provider did not answer, or answered with an error of its own: what happened is not known."""


class TooMany(NoAnswer):
    """The provider takes no more requests for so many seconds; nothing happened (429)."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"asked to wait {retry_after} s")
        self.retry_after = retry_after


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
class SavedPayee:
    """Where a firm is paid, as we may know it: the provider's name for it, and words to know it by."""

    destination: str
    label: str
    gateway: str = "sandbox"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as the provider is told of it. Amounts are whole minor units."""

    key: str
    purpose: Purpose
    amount: int
    currency: str
    first_sent_at: datetime  # a provider forgets keys after a day: later it is only looked up
    token: str = ""  # of the saved card, to authorise
    payment: str = ""  # the provider's name for what was authorised: to capture, void or refund it
    destination: str = ""  # where a payout goes
    about: Mapping[str, str] = field(default_factory=dict)  # kept with the request at the provider


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request; `code` is the provider's word for a failure.

    `amount` and `currency` are what the provider says that it did, where it says so: if they are not what was
    asked, the outcome is not booked (F-34).
    """

    state: AttemptState
    reference: str | None = None
    code: str | None = None
    fee: int | None = None  # what the provider keeps, once it is known
    expires_at: datetime | None = None  # of an authorisation: when the money is let go
    amount: int | None = None
    currency: str | None = None
    retry_after: float | None = None  # seconds, where the provider asks us to be slower


@dataclass(frozen=True, slots=True)
class ProviderDispute:
    """A dispute that a shopper's bank has opened, as the provider has it now."""

    reference: str
    payment: str  # the provider's name for the charge
    amount: int
    currency: str
    fee: int
    state: str  # "open", "won" (for the merchant), "lost"
    reason: str
    answer_by: datetime | None


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What a webhook says has changed. It is a hint only: what is true is looked up."""

    id: str
    kind: str  # "request" (something we asked), "dispute", "payout" (a paid one came back), "other"
    key: str | None = None  # of the request
    reference: str | None = None  # of the payment, dispute or payout
    kept: bytes | None = None  # what of the body may be kept; None: all of it, as nothing in it is secret


@dataclass(frozen=True, slots=True)
class BookLine:
    """One line of the provider's own book; positive amounts are in our favour. The balance is the sum of the nets."""

    id: str
    kind: str  # "charge", "refund", "dispute", "dispute_won", "payout", "payout_returned"
    key: str | None  # of our request, where it follows from one
    reference: str  # of the payment, refund, dispute or payout
    amount: int
    fee: int  # what the provider kept, positive
    currency: str
    at: datetime

    @property
    def net(self) -> int:
        """What it changes in the balance."""
        return self.amount - self.fee


class BadSignature(Exception):
    """A webhook was not signed by the provider, or too long ago, or is not what was signed."""


class Gateway(Protocol):
    """What we ask of a payment provider. Amounts are whole minor units; card numbers never come near us."""

    name: str

    def start_setup(self, customer: str, return_url: str) -> Setup:
        """Open the provider's page on which `customer` saves a card; it leads back to `return_url`."""

    def finish_setup(self, reference: str) -> SavedCard | None:
        """The card that was saved there, or None where the shopper turned back."""

    def start_payee(self, firm: str, return_url: str) -> Setup:
        """Open the provider's page on which `firm` says where it is paid; it leads back to `return_url`."""

    def finish_payee(self, reference: str) -> SavedPayee | None:
        """The bank account that was named there, or None where nobody did."""

    def confirm_address(self, reference: str, return_url: str) -> str:
        """The provider's page on which the shopper confirms a request that needs it."""

    def authorise(self, asked: Asked) -> Outcome:
        """Hold an amount on a saved card; nothing is charged."""

    def capture(self, asked: Asked) -> Outcome:
        """Charge what was held, or less."""

    def void(self, asked: Asked) -> Outcome:
        """Let go of what was held; also ends a request that still waits for the shopper."""

    def refund(self, asked: Asked) -> Outcome:
        """Pay back what was charged, or a part."""

    def pay_out(self, asked: Asked) -> Outcome:
        """Send money to a firm's bank account."""

    def look_up(self, asked: Asked) -> Outcome | None:
        """What became of a request; None where the provider never got it. Changes nothing."""

    def dispute(self, reference: str) -> ProviderDispute | None:
        """A bank's dispute as it stands now."""

    def answer_dispute(self, reference: str, words: str) -> None:
        """Hand in the merchant's evidence; the last one handed in counts."""

    def payout_returned(self, reference: str) -> str | None:
        """Why a payout that was paid came back from the bank; None where it did not."""

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """A webhook, verified. Raises BadSignature; ValueError for a body that makes no sense."""

    def book_lines(self, since: datetime | None = None) -> Iterator[BookLine]:
        """The provider's own book, oldest first."""


VERBS: dict[Purpose, str] = {
    Purpose.AUTHORISE: "authorise",
    Purpose.CAPTURE: "capture",
    Purpose.VOID: "void",
    Purpose.REFUND: "refund",
    Purpose.PAYOUT: "pay_out",
}


def send(provider: Gateway, asked: Asked) -> Outcome:
    """Make a request, with no transaction open; an answer that is missing, or not about it, is an unknown outcome."""
    _must_be_outside()
    try:
        return _checked(asked, getattr(provider, VERBS[asked.purpose])(asked))
    except Exception as problem:
        return _unknown(asked.key, problem)


def look_up(provider: Gateway, asked: Asked) -> Outcome | None:
    """What became of a request; None where the provider never got it."""
    _must_be_outside()
    try:
        found = provider.look_up(asked)
    except Exception as problem:
        return _unknown(asked.key, problem)
    return found and _checked(asked, found)


def _checked(asked: Asked, outcome: Outcome) -> Outcome:
    """An answer about another amount, currency or payment is looked at by a person, never booked (F-34)."""
    wrong = outcome.amount not in (None, asked.amount) or outcome.currency not in (None, asked.currency)
    if asked.purpose in (Purpose.CAPTURE, Purpose.VOID):  # these are about a payment that has a name already
        wrong = wrong or outcome.reference not in (None, "", asked.payment)
    if not wrong:
        return outcome
    log.error("gateway_answered_something_else", key=asked.key, asked=asked.amount, answered=outcome.amount)
    return Outcome(AttemptState.UNKNOWN, outcome.reference, "wrong_answer")


def _sandbox(config: Config) -> Gateway:
    from c2b.payments.gateways import sandbox

    return sandbox.from_config(config)


def _sandbox_server(config: Config) -> Gateway:
    from c2b.payments.gateways import remote

    return remote.from_config(config)


def _stripe(config: Config) -> Gateway:
    from c2b.payments.gateways import stripe

    return stripe.from_config(config)


# A provider's module imports the words above, so each is imported when it is first asked for.
GATEWAYS: dict[str, Callable[[Config], Gateway]] = {
    "sandbox": _sandbox,
    "sandbox_server": _sandbox_server,
    "stripe": _stripe,
}


def gateway() -> Gateway:
    """The configured provider; refused while a database transaction is open (I-21)."""
    _must_be_outside()
    config: Config = current_app.config["C2B"]
    return GATEWAYS[config.gateway](config)


def _must_be_outside() -> None:
    if has_app_context():  # a worker thread has none, and no session; whoever started it was asked
        must_be_outside_transaction()


def _unknown(key: str, problem: Exception) -> Outcome:
    level = log.debug if isinstance(problem, NoAnswer) else log.exception  # it shows among the launches
    level("gateway_gave_no_answer", key=key, problem=type(problem).__name__)
    wait = problem.retry_after if isinstance(problem, TooMany) else None
    return Outcome(AttemptState.UNKNOWN, code=type(problem).__name__, retry_after=wait)
