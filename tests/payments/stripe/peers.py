"""Stripe as the contract suite meets it: our own small Stripe, which can do all of it."""

import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from c2b.payments.gateways.stripe import Stripe
from c2b.payments.gateways.stripe_api import Api, new_client
from c2b.payments.states import Purpose
from tests.payments.stripe.fake import KEY, Fake, serve

SITE = "http://localhost"
SECRETS = {"today": "whsec_of_today", "tomorrow": "whsec_of_tomorrow", "stranger": "whsec_of_a_stranger"}
GOOD = (SECRETS["today"], SECRETS["tomorrow"])
LAST_STEP = {Purpose.PAYOUT: "bank"}  # a payout is done when the second of its two requests is


def gateway_at(address: str, account: str = "shop", key: str = KEY) -> Stripe:
    """The gateway as the application makes it, but for the address."""
    return Stripe(Api(new_client(key, address), account), GOOD, SITE)


class FakePeer:
    """The fake on its port, and the gateway that talks to it."""

    page = "https://checkout.stripe.test/"

    def __init__(self, fake: Fake) -> None:
        self.fake = fake
        self.gateway = gateway_at(fake.address)

    def card(self, kind: str) -> str:
        with self.fake.lock:
            customer = self.fake.book.add("cus", "customer")["id"]
            return f"{customer}/{self.fake.book.card(kind, customer)['id']}"

    def payee(self, kind: str) -> str:
        account = str(self.fake.book.open_account({})["id"])
        self.fake.book.onboard(account, kind)
        return account

    def save_card(self, reference: str) -> None:
        self.fake.book.visit(reference, "ok")

    def name_payee(self, reference: str) -> None:
        self.fake.book.onboard(reference)

    def confirm(self, reference: str, yes: bool) -> None:
        self.gateway.confirm_address(reference, "/pay/x/confirmed")
        self.fake.book.authenticate(reference, yes)

    def lose_answers(self, purpose: Purpose) -> None:
        self.fake.script(LAST_STEP.get(purpose, str(purpose)), "drop_after")

    def lose_questions(self, purpose: Purpose) -> None:
        self.fake.script(str(purpose), "drop_before")

    def too_many(self, purpose: Purpose, seconds: float) -> None:
        self.fake.script(str(purpose), f"too_many:{seconds}")

    def open_dispute(self, payment: str) -> str:
        return self.fake.book.open_dispute(payment)

    def decide_dispute(self, reference: str, won: bool) -> None:
        self.fake.book.decide(reference, won=won)

    def send_back(self, payout: str) -> None:
        self.fake.book.bounce(payout)

    def letters(self) -> Sequence[tuple[bytes, dict[str, str]]]:
        return [self.fake.webhook(event, SECRETS["today"]) for event in self.fake.book.events]

    def signed(self, body: bytes, at: datetime, by: str = "today") -> dict[str, str]:
        seconds = int(at.timestamp())
        signature = hmac.new(SECRETS[by].encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
        return {"Stripe-Signature": f"t={seconds},v1={signature}"}


@contextmanager
def stripe_fake(_folder: Path) -> Iterator[FakePeer]:
    """Our own fake, with an empty book."""
    with serve() as fake:
        yield FakePeer(fake)
