"""The test cards of the sandbox: each does what its kind says."""

import re
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex

from c2b.core.text import gettext
from c2b.core.text import mark as _l
from c2b.payments.gateway import SavedCard


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card to try things with."""

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
    TestCard("needs_confirmation", "Visa 3155", _l("Asks you to confirm each payment.")),
    TestCard("declined_once", "Mastercard 4444", _l("Is declined once, then works.")),
    TestCard("answer_lost", "Visa 7710", _l("Works, but the answer gets lost on the way.")),
    TestCard("question_lost", "Visa 7728", _l("The first request gets lost, the next one works.")),
    TestCard("provider_error", "Mastercard 5003", _l("The provider has trouble twice, then it works.")),
    TestCard("capture_fails", "Visa 0341", _l("Can be held, but the charge fails.")),
    TestCard("capture_lost", "Visa 0358", _l("Is charged, but the answer gets lost on the way.")),
)
KINDS = {card.kind: card for card in TEST_CARDS}


def saved_card(kind: str, customer: str) -> SavedCard:
    """A saved test card of this kind, without a visit to the page; one fingerprint for one customer."""
    card = KINDS[kind]
    brand, digits = card.name.split()
    mark = sha256(f"{kind}:{customer}".encode()).hexdigest()[:20]
    return SavedCard(f"card-{kind}-{token_hex(8)}", f"{brand} •••• {digits}", mark)


TOKEN = re.compile(r"(?:card-|tok_)?(?P<kind>[a-z_]+?)(?:[-_][0-9a-f]+)?")


def kind_of(token: str) -> str | None:
    """What a token does; None for one that no card of ours has."""
    found = TOKEN.fullmatch(token)
    return found["kind"] if found and found["kind"] in KINDS else None
