"""Readable addresses for campaigns, unique by construction."""

import re
import unicodedata

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST = 60


def slug_for(title: str, id_: int) -> str:
    """The Latin words of the title and the number: "folding-desk-2n"; without such words "wish-2n"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    if not re.search(r"[a-z]", words):
        words = "wish"
    return f"{words}-{base36(id_)}"


def base36(number: int) -> str:
    """A number in digits and letters."""
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if number == 0:
            return text
