"""Short links that say who brought somebody: the campaign and the person, sealed so that neither can be made up.

A code needs no row, so a page may show one while it only reads. It hides the numbers and is refused when changed.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

SEAL = 4  # bytes: one guess in four thousand million is good, and a good one only counts somebody's visit
PLACE = 1 << 40  # people are numbered below this


@dataclass(frozen=True, slots=True)
class Shared:
    """What a short link leads to, and who passed it on (None: nobody in particular)."""

    campaign_id: int
    user_id: int | None


def code_of(key: str, campaign_id: int, user_id: int | None = None) -> str:
    """The code of this campaign for this person; always the same."""
    number = campaign_id * PLACE + (user_id or 0)
    plain = number.to_bytes((number.bit_length() + 7) // 8, "big")
    seal = _mac(key, b"seal", plain)[:SEAL]
    return base64.urlsafe_b64encode(seal + _veil(key, seal, plain)).decode().rstrip("=")


def read_code(key: str, code: str) -> Shared | None:
    """What a code says, or None for one that we did not make."""
    try:
        raw = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    seal, veiled = raw[:SEAL], raw[SEAL:]
    plain = _veil(key, seal, veiled)
    if not 6 <= len(plain) <= 14 or not hmac.compare_digest(seal, _mac(key, b"seal", plain)[:SEAL]):
        return None
    campaign_id, user_id = divmod(int.from_bytes(plain, "big"), PLACE)
    return Shared(campaign_id, user_id or None)


def _veil(key: str, seal: bytes, text: bytes) -> bytes:
    """The text under a mask that only the key can make; twice is the text again."""
    mask = _mac(key, b"veil", seal)
    return bytes(a ^ b for a, b in zip(text, mask, strict=False))


def _mac(key: str, what: bytes, text: bytes) -> bytes:
    return hmac.new(key.encode(), b"share:" + what + b":" + text, hashlib.sha256).digest()
