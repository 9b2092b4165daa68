"""The test cards and test bank accounts of the sandbox: each does what its kind says."""

import re
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex

from c2b.core.text import gettext
from c2b.core.text import mark as _l
from c2b.payments.gateway import SavedCard, SavedPayee


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card, or a bank account, to try things with."""

    kind: str
    name: str
    does: str  # a sentence for the page, marked for the translators

    @property
    def words(self) -> str:
        """What it does, translated."""
        return gettext(self.does)


TEST_CARDS = (
    TestCard("ok", "Visa 4242", _l("Works.")),
    TestCard("declined", "Visa 0002", _l("Is declined every time.")),
    TestCard("insufficient_funds", "Visa 9995", _l("Has too little money on it.")),
    TestCard("expired_card", "Mastercard 0069", _l("Has expired.")),
    TestCard("lost_card", "Visa 9987", _l("Was reported lost.")),
    TestCard("do_not_honor", "Visa 9979", _l("The bank says no and does not say why.")),
    TestCard("fraud", "Visa 0019", _l("Looks like fraud to the bank.")),
    TestCard("try_again_later", "Mastercard 0119", _l("The bank cannot answer today.")),
    TestCard("needs_confirmation", "Visa 3155", _l("Asks you to confirm each payment.")),
    TestCard("declined_once", "Mastercard 4444", _l("Is declined once, then works.")),
    TestCard("answer_lost", "Visa 7710", _l("Works, but the answer gets lost on the way.")),
    TestCard("question_lost", "Visa 7728", _l("The first request gets lost, the next one works.")),
    TestCard("provider_error", "Mastercard 5003", _l("The provider has trouble twice, then it works.")),
    TestCard("capture_fails", "Visa 0341", _l("Can be held, but the charge fails.")),
    TestCard("capture_lost", "Visa 0358", _l("Is charged, but the answer gets lost on the way.")),
    TestCard("refund_fails", "Visa 5126", _l("Is charged, but a refund is refused.")),
    TestCard("refund_lost", "Visa 7726", _l("Is refunded, but the answer gets lost on the way.")),
    TestCard("disputed", "Visa 0259", _l("Is charged, and its owner disputes it at the bank.")),
)
TEST_ACCOUNTS = (
    TestCard("works", "Harbour Bank 6789", _l("Works.")),
    TestCard("refused", "Harbour Bank 0110", _l("Refuses every payout.")),
    TestCard("comes_back", "Delta Bank 0116", _l("Takes the money, and sends it back two days later.")),
    TestCard("payout_lost", "Delta Bank 7734", _l("Is paid, but the answer gets lost on the way.")),
)
KINDS = {card.kind: card for card in TEST_CARDS}
ACCOUNTS = {account.kind: account for account in TEST_ACCOUNTS}


def saved_card(kind: str, customer: str, gateway: str = "sandbox") -> SavedCard:
    """A saved test card of this kind, without a visit to the page; one fingerprint for one customer."""
    mark = sha256(f"{kind}:{customer}".encode()).hexdigest()[:20]
    return SavedCard(f"card-{kind}-{token_hex(8)}", _label(KINDS[kind]), mark, gateway)


def saved_payee(kind: str, gateway: str = "sandbox") -> SavedPayee:
    """A test bank account of this kind, without a visit to the page."""
    return SavedPayee(f"bank-{kind}-{token_hex(8)}", _label(ACCOUNTS[kind]), gateway)


def _label(card: TestCard) -> str:
    brand, digits = card.name.rsplit(maxsplit=1)
    return f"{brand} •••• {digits}"


TOKEN = re.compile(r"(?:card-|tok_|bank-)?(?P<kind>[a-z_]+?)(?:[-_][0-9a-f]+)?")


def kind_of(token: str) -> str | None:
    """What a token does; None for one that no card and no bank account of ours has."""
    found = TOKEN.fullmatch(token)
    return found["kind"] if found and found["kind"] in KINDS | ACCOUNTS else None
