"""The providers that the contract suite is played against, each with the levers that a test pulls.

To plug another one in: a function that yields a Peer, its line in PEERS, and in EXCEPTIONS the tests that it cannot
play, each with its reason. An exception is a hole in the proof, so the suite names each and asks that it exists.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from c2b.core.clock import utcnow
from c2b.payments.gateway import Gateway
from c2b.payments.gateways import webhooks
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.cards import saved_card, saved_payee
from c2b.payments.gateways.remote import RemoteSandbox
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.gateways.server import Server
from c2b.payments.states import Purpose

Letter = tuple[bytes, dict[str, str]]


class Peer(Protocol):
    """A gateway, and what only its far side can do."""

    gateway: Gateway
    page: str  # with what the address of its page for cards begins

    def card(self, kind: str) -> str:
        """A saved card: ok, needs_confirmation, or declined with insufficient_funds, expired_card, lost_card, … ."""

    def payee(self, kind: str) -> str:
        """Where a payout goes: works, refused (account_closed)."""

    def save_card(self, reference: str) -> None:
        """The shopper types in a card that works on the page of this visit."""

    def name_payee(self, reference: str) -> None:
        """The firm names a bank account that works on the page of this visit."""

    def confirm(self, reference: str, yes: bool) -> None:
        """The shopper confirms a payment, or says no."""

    def lose_answers(self, purpose: Purpose) -> None:
        """The next request of this purpose is done, and its answer never arrives."""

    def lose_questions(self, purpose: Purpose) -> None:
        """The next request of this purpose never arrives."""

    def too_many(self, purpose: Purpose, seconds: float) -> None:
        """The next request of this purpose is answered with 429 and Retry-After."""

    def open_dispute(self, payment: str) -> str:
        """The shopper's bank disputes a whole charge; the dispute's name."""

    def decide_dispute(self, reference: str, won: bool) -> None:
        """The bank decides."""

    def send_back(self, payout: str) -> None:
        """The bank sends a paid payout back."""

    def letters(self) -> Sequence[Letter]:
        """The webhooks so far, in order, as they are sent now."""

    def signed(self, body: bytes, at: datetime, by: str = "today") -> dict[str, str]:
        """Headers for a body, signed with the secret of `today`, of `tomorrow` (both are good) or a `stranger`'s."""


SECRETS = {"today": "the secret of today", "tomorrow": "the secret of tomorrow", "stranger": "a guess"}
GOOD = (SECRETS["today"], SECRETS["tomorrow"])


class SandboxPeer:
    """The sandbox in this process; also the far side of one behind HTTP, as both write into one book."""

    page = "/sandbox/setup/"

    def __init__(self, gateway: Gateway, far: Sandbox) -> None:
        self.gateway, self.far = gateway, far

    def card(self, kind: str) -> str:
        return saved_card(kind, "someone").token

    def payee(self, kind: str) -> str:
        return saved_payee(kind).destination

    def save_card(self, reference: str) -> None:
        self.far.choose(reference, "ok")

    def name_payee(self, reference: str) -> None:
        self.far.choose_payee(reference, "works")

    def confirm(self, reference: str, yes: bool) -> None:
        self.far.confirm(reference, yes)

    def lose_answers(self, purpose: Purpose) -> None:
        self.far.script(str(purpose), ["drop_after"])

    def lose_questions(self, purpose: Purpose) -> None:
        self.far.script(str(purpose), ["drop_before"])

    def too_many(self, purpose: Purpose, seconds: float) -> None:
        self.far.script(str(purpose), [f"too_many:{seconds}"])

    def open_dispute(self, payment: str) -> str:
        return self.far.open_dispute(payment, now=utcnow())

    def decide_dispute(self, reference: str, won: bool) -> None:
        self.far.decide_dispute(reference, won=won, now=utcnow())

    def send_back(self, payout: str) -> None:
        self.far.return_payout(payout, now=utcnow())

    def letters(self) -> Sequence[Letter]:
        bodies = [
            webhooks.body_of(row)
            for row in self.far.book.read(
                "select * from event where account = ? order by number", self.far.account
            )
        ]
        return [(body, self.signed(body, utcnow())) for body in bodies]

    def signed(self, body: bytes, at: datetime, by: str = "today") -> dict[str, str]:
        return {webhooks.HEADER: webhooks.sign(body, [SECRETS[by]], at)}


@contextmanager
def sandbox(folder: Path) -> Iterator[Peer]:
    """In this process, with a book in memory."""
    far = Sandbox(Book(":memory:"), "shop", GOOD)
    yield SandboxPeer(far, far)


@contextmanager
def running_server(folder: Path) -> Iterator[tuple[Server, str]]:
    """The sandbox behind HTTP, with a book on disk; and its address."""
    with Server(Book(str(folder / "book.sqlite3")), GOOD) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def sandbox_server(folder: Path) -> Iterator[Peer]:
    """Behind HTTP."""
    with running_server(folder) as (server, url):
        yield SandboxPeer(RemoteSandbox(url, "shop", GOOD), server.sandbox("shop"))


PEERS: dict[str, Callable[[Path], AbstractContextManager[Peer]]] = {
    "sandbox": sandbox,
    "sandbox_server": sandbox_server,
}
EXCEPTIONS: dict[str, dict[str, str]] = {
    "sandbox": {},
    "sandbox_server": {},
}  # peer: {test: why it cannot play it}

# The peers that live in a folder of their own; imported last, as they use the words above.
from tests.payments.stripe import local as stripe_local  # noqa: E402
from tests.payments.stripe import peers as stripe_peers  # noqa: E402

PEERS |= {"stripe_fake": stripe_peers.stripe_fake, "localstripe": stripe_local.localstripe}
EXCEPTIONS |= {"localstripe": stripe_local.GAPS}
