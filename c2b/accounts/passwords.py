"""Passwords: argon2id, slow on purpose. Hash and verify outside any transaction, so that nobody waits."""

import hashlib

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 8, 128
STRONG_ENOUGH = 2  # of zxcvbn's 0 to 4
JUDGED = 72  # characters that zxcvbn looks at

hasher = PasswordHasher()  # argon2id with the library's current recommendation
# What is verified where there is no such account, so that the answer takes as long.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$BI++lFlgmRwzEYwAEOPWrw$7KAMeu+1g7iTV6fv9HHeG2nvuHc3goYvJpwcBqZ+sRA"


def make_hash(password: str) -> str:
    """What is kept instead of the password."""
    return hasher.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether the password fits; takes as long where nothing is kept."""
    try:
        fits = hasher.verify(kept or NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return hasher.check_needs_rehash(kept)


def is_guessable(password: str, *about: str) -> bool:
    """Whether the password falls to a list of common ones, or to words about the person."""
    from zxcvbn import zxcvbn  # its word lists take a tenth of a second to load

    words = [part for text in about for part in (text, *text.replace("@", " ").replace(".", " ").split())]
    return bool(zxcvbn(password[:JUDGED], user_inputs=words)["score"] < STRONG_ENOUGH)


def fingerprint(kept: str | None) -> str:
    """A short mark that changes with the password: a link that carries it dies when the password changes."""
    return hashlib.sha256((kept or "none").encode()).hexdigest()[:16]
