"""A mail as the bytes that travel: a skeleton whose places are filled. `EmailMessage` takes tens of times as long.

Two parts, text first and HTML as the better of the two, both in base64, so that no server has to change anything.
"""

import re
from binascii import b2a_base64
from email.headerregistry import Address
from email.utils import formatdate, parseaddr
from functools import lru_cache

from c2b.mailing.mail import Mail, Undeliverable

BOUNDARY = "=_part_"  # base64 has no such line
SKELETON = (
    "From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: {id}\r\nDate: {date}\r\n"
    "Content-Language: {language}\r\nAuto-Submitted: auto-generated\r\n{more}MIME-Version: 1.0\r\n"
    f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'
)
PART = f'--{BOUNDARY}\r\nContent-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
TEXT, HTML = ((PART % kind).encode() for kind in ("plain", "html"))
END = f"--{BOUNDARY}--\r\n".encode()
WIDTH = 76  # letters in a line of base64
WORD = 42  # bytes in one encoded word, which may have 75 letters in all
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+\Z")
NOT_IN_HEADERS = re.compile(r"[\r\n\0]")


def compose(mail: Mail, sender: str) -> bytes:
    """The mail with its headers; ValueError where a header would have a linefeed in it."""
    head = SKELETON.format(
        sender=_sender(sender),
        to=_mailbox(mail.name, mail.to),
        subject=_words(mail.subject),
        id=_safe(mail.message_id),
        date=formatdate(),
        language=_safe(mail.language),
        more="".join(f"{name}: {_safe(value)}\r\n" for name, value in mail.unsubscribing.items()),
    )
    return b"".join((head.encode("ascii"), TEXT, _base64(mail.text), HTML, _base64(mail.html), END))


def address_of(email: str) -> str:
    """The address as it travels; a domain in other letters is written in its ASCII form."""
    if PLAIN_ADDRESS.match(email):
        return email
    name, _at, domain = email.rpartition("@")
    if not name.isascii():
        raise Undeliverable("mail servers cannot be relied on to know an address in these letters")
    return str(Address(addr_spec=f"{name}@{domain.encode('idna').decode()}"))


@lru_cache(maxsize=8)
def _sender(sender: str) -> str:
    return _mailbox(*parseaddr(sender))


def _mailbox(name: str, email: str) -> str:
    address = address_of(_safe(email))
    if not name:
        return address
    if ATOMS.match(name) and "=?" not in name:
        words = name
    elif name.isascii() and "=?" not in name and len(name) < 200:
        words = '"' + _safe(name).replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        words = _encoded(name)
    return f"{words} <{address}>"


def _words(text: str) -> str:
    """Text in a header: as it is, or as encoded words (RFC 2047)."""
    return _safe(text) if text.isascii() and "=?" not in text and len(text) < 900 else _encoded(text)


def _encoded(text: str) -> str:
    words: list[str] = []
    part: list[str] = []
    size = 0
    for letter in _safe(text):
        wide = len(letter.encode())
        if size + wide > WORD:
            words.append("".join(part))
            part, size = [], 0
        part.append(letter)
        size += wide
    words.append("".join(part))
    return "\r\n ".join(f"=?utf-8?b?{b2a_base64(word.encode(), newline=False).decode()}?=" for word in words)


def _safe(value: str) -> str:
    if NOT_IN_HEADERS.search(value):
        raise ValueError("a header with a linefeed in it")
    return value


def _base64(text: str) -> bytes:
    letters = b2a_base64(text.encode(), newline=False)
    lines = [letters[start : start + WIDTH] for start in range(0, len(letters), WIDTH)]
    return b"\r\n".join([*lines, b""])
